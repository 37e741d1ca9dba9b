"""A service in bad weather: its processes are killed at random while runs are submitted, and afterwards everything is accounted for."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
import psutil
import sqlalchemy as sa

from api.jobs import runs as life
from api.jobs.queue import RUNS
from api.service import Service
from api.settings import Settings
from api.store.tables import run_events, run_files, runs
from tests.api.served import OJT, Served, environment

KINDS = ("web", "worker", "solver")


def processes_of(settings: Settings) -> list[psutil.Process]:
    """Every process that works for the service of these settings, dead ones that nobody has buried left out."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get("OJT_DATA_DIR") == str(settings.data_dir) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kind_of(process: psutil.Process) -> str:
    """`web`, `worker`, `solver`, or something else."""
    with contextlib.suppress(psutil.Error):
        told = " ".join(process.cmdline())
        if "run('web'" in told:
            return "web"
        if "run('worker'" in told:
            return "worker"
        parent = process.parent()
        if "multiprocessing.forkserver" in told:
            return "solver" if parent is not None and "multiprocessing.forkserver" in " ".join(parent.cmdline()) else "forkserver"
    return "other"


def find(settings: Settings, kind: str) -> list[psutil.Process]:
    """The processes of a kind."""
    return [process for process in processes_of(settings) if kind_of(process) == kind]


@contextmanager
def second_worker(settings: Settings, **more: str) -> Iterator[None]:
    """One more worker, started again whenever it dies, as a machine's service manager would."""
    ended, now_running = threading.Event(), []

    def keep() -> None:
        while not ended.is_set():
            process = subprocess.Popen([OJT, "worker"], env=environment(settings, **more), start_new_session=True)
            now_running[:] = [process]
            while process.poll() is None and not ended.wait(0.1):
                pass

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for process in now_running:
            process.terminate()
            process.wait(30)


class Submitter:
    """Submits runs one after the other as a careful client does: again with the same key until there is an answer."""

    def __init__(self, served: Served, scenarios: list[str]) -> None:
        self._client, self._scenarios = served.client("planner"), scenarios
        self.accepted: list[str] = []

    def submit(self, number: int, scenario: str) -> str:
        """One run, accepted whatever is killed in the meantime."""
        body = {"scenario_id": scenario, "limits": {"time_limit": 20}, "seed": number}
        while True:
            try:
                answer = self._client.post("/v1/runs", json=body, headers={"Idempotency-Key": f"storm-{number}"})
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code == 202:
                run_id: str = answer.json()["id"]
                self.accepted.append(run_id)
                return run_id
            assert answer.status_code in (409, 429, 503), answer.text  # in flight, too many, store not there
            time.sleep(0.1)

    def all(self, count: int, chance: random.Random, long: float, due: Callable[[int], bool] = lambda _: True) -> None:
        """So many runs, each once it is `due`; each is the long kind with a small chance."""
        for number in range(count):
            while not due(number):
                time.sleep(0.1)
            self.submit(number, self._scenarios[1] if chance.random() < long else self._scenarios[0])


def kill_at_random(
    settings: Settings, kills: int, chance: random.Random, every: float, ended: threading.Event, done: Counter[str], due: Callable[[int], bool]
) -> None:
    """Kill processes of all kinds at random times, in turn as far as there are any, each once it is `due`; `done` counts how many of each."""
    for kind in itertools.cycle(KINDS):
        while not due(sum(done.values())) and not ended.wait(0.1):
            pass
        if sum(done.values()) >= kills or ended.is_set():
            return
        time.sleep(chance.uniform(0, 2 * every))
        there = find(settings, kind)
        if there:
            with contextlib.suppress(psutil.Error):
                chance.choice(there).kill()
                done[kind] += 1


def wait_until_all_ended(service: Service, seconds: float) -> None:
    """Until no run is open."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with service.store.read() as connection:
            if connection.execute(sa.select(sa.func.count()).where(runs.c.status.in_(life.OPEN))).scalar_one() == 0:
                return
        time.sleep(0.25)
    with service.store.read() as connection:
        left = [dict(row) for row in connection.execute(sa.select(runs).where(runs.c.status.in_(life.OPEN))).mappings()]
    raise AssertionError(f"{len(left)} runs did not end: {left[:3]}")


def account(service: Service, accepted: list[str]) -> Counter[str]:
    """Every accepted run is there and ended exactly once, with one result where it succeeded, and the queue is empty; how many ended how."""
    with service.store.read() as connection:
        rows: dict[str, Any] = {row["id"]: dict(row) for row in connection.execute(sa.select(runs)).mappings()}
        events = connection.execute(sa.select(run_events.c.run_id, run_events.c.data).where(run_events.c.type == "status")).all()
        results = Counter(connection.execute(sa.select(run_files.c.run_id).where(run_files.c.name == "result.json")).scalars())
    assert len(set(accepted)) == len(accepted)
    assert set(accepted) == set(rows), "a run was lost, or made twice"
    ends = Counter(run_id for run_id, data in events if data["status"] in life.ENDED)
    assert {run_id: ends[run_id] for run_id in rows if ends[run_id] != 1} == {}, "a run ended twice, or never"
    assert {row["status"] for row in rows.values()} <= set(life.ENDED)
    assert all(results[run_id] == (row["status"] == "succeeded") for run_id, row in rows.items() if row["status"] != "cancelled")
    until = time.monotonic() + 60
    while (waiting := service.queue.open(RUNS)) and time.monotonic() < until:
        time.sleep(0.2)
    assert waiting == set(), "the queue is not empty"
    return Counter(row["status"] for row in rows.values())


def still_there(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that run on after so many seconds; one that is dead and not yet buried does not."""
    until = time.monotonic() + seconds
    left = processes
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = [process for process in left if process.is_running() and _works(process)]
    return left


def _works(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def no_orphans(settings: Settings, seconds: float = 10) -> None:
    """After the service has ended, no process of it is left."""
    until = time.monotonic() + seconds
    mine = os.getpid()
    while (left := [process for process in processes_of(settings) if process.pid != mine]) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == [], [process.cmdline() for process in left]
