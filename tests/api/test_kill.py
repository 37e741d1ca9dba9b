"""Processes are killed, frozen and cut off while they work, with real processes on both stores: no accepted run is lost, and none ends twice."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from api.service import Service
from api.store.tables import run_events, runs, workers
from tests.api.made import ROOT, make_scenario
from tests.api.served import Served, served
from tests.api.storm import Submitter, account, find, kill_at_random, no_orphans, second_worker, still_there, wait_until_all_ended

PORTLAND = ROOT / "scenarios" / "portland"
QUICK = {"OJT_HEARTBEAT": "PT0.5S", "OJT_LOST_AFTER": "PT5S", "OJT_QUEUE_LIMIT": "5000"}


def storm(service: Service, count: int, kills: int, every: float, long: float, patience: float) -> tuple[Counter[str], Counter[str]]:
    """Runs under random kills with two workers; what was killed, and how the runs ended."""
    settings, chance, ended = service.settings, random.Random(20261102), threading.Event()
    with served(settings, **QUICK) as running, second_worker(settings, **QUICK):
        submitter = Submitter(running, [make_scenario(service), make_scenario(service, PORTLAND)])
        killed: list[Counter[str]] = []
        killer = threading.Thread(target=lambda: killed.append(kill_at_random(settings, kills, chance, every, ended)))
        killer.start()
        try:
            submitter.all(count, random.Random(7), long)
            killer.join(patience)
        finally:
            ended.set()
            killer.join()
        wait_until_all_ended(service, patience)
        ends = account(service, submitter.accepted)
    no_orphans(settings)
    return killed[0], ends


def test_kills_of_every_kind_lose_no_run(service: Service) -> None:
    killed, ends = storm(service, count=20, kills=6, every=0.6, long=0, patience=120)
    assert sum(killed.values()) == 6
    assert ends["succeeded"] == 20


@pytest.mark.slow
def test_a_storm_of_three_hundred_kills_loses_none_of_a_thousand_runs(service: Service) -> None:
    began = time.monotonic()
    killed, ends = storm(service, count=1000, kills=300, every=2.0, long=0.01, patience=3600)
    print(f"\n{service.store.writer.dialect.name}: {dict(killed)} killed, {dict(ends)} in {time.monotonic() - began:.0f} s")
    assert sum(killed.values()) == 300
    assert sum(ends.values()) == 1000


def begun(service: Service, run_id: str, status: str = "running", seconds: float = 60) -> dict[str, Any]:
    """The run's row once it is in a status."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        row = row_of(service, run_id)
        if row["status"] == status:
            return row
        time.sleep(0.05)
    raise AssertionError(f"{run_id} is {row_of(service, run_id)['status']}, not {status}")


def row_of(service: Service, run_id: str) -> dict[str, Any]:
    with service.store.read() as connection:
        return dict(connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one())


def submitted(running: Served, scenario: str) -> str:
    run_id: str = running.client("planner").post("/v1/runs", json={"scenario_id": scenario, "limits": {"time_limit": 15}}).json()["id"]
    return run_id


def holder(service: Service, run: dict[str, Any]) -> psutil.Process:
    """The process of the worker that holds a run."""
    with service.store.read() as connection:
        return psutil.Process(connection.execute(sa.select(workers.c.pid).where(workers.c.id == run["worker_id"])).scalar_one())


def test_a_killed_workers_run_is_taken_over_and_its_solver_ends_with_it(service: Service) -> None:
    settings = service.settings
    with served(settings, OJT_HEARTBEAT="PT0.5S") as running:
        run_id = submitted(running, make_scenario(service, PORTLAND))
        first = begun(service, run_id)
        until = time.monotonic() + 20
        while not (solvers := find(settings, "solver")) and time.monotonic() < until:
            time.sleep(0.02)
        holder(service, first).kill()
        killed = time.monotonic()
        assert solvers
        assert still_there(solvers, 5) == [], "a solver outlived its worker"
        while row_of(service, run_id)["attempts"] < 2:
            assert time.monotonic() - killed < 30, "nobody took the run over"
            time.sleep(0.05)
        running.client("planner").post(f"/v1/runs/{run_id}/cancel")
        wait_until_all_ended(service, 60)
        account(service, [run_id])
    no_orphans(settings)


def test_a_frozen_worker_that_wakes_overwrites_nothing_and_ends(service: Service) -> None:
    settings = service.settings
    more = {"OJT_HEARTBEAT": "PT0.3S", "OJT_LOST_AFTER": "PT2S"}
    with served(settings, **more) as running, second_worker(settings, **more):
        until = time.monotonic() + 60
        while len(find(settings, "forkserver")) < 2 and time.monotonic() < until:
            time.sleep(0.1)
        run_id = submitted(running, make_scenario(service, PORTLAND))
        first = begun(service, run_id)
        frozen = holder(service, first)
        frozen.send_signal(signal.SIGSTOP)
        try:
            until = time.monotonic() + 30
            while row_of(service, run_id)["worker_id"] in (None, first["worker_id"]):
                assert time.monotonic() < until, "nobody took the run over"
                time.sleep(0.05)
        finally:
            frozen.send_signal(signal.SIGCONT)
        assert still_there([frozen], 20) == [], "a worker that was given up works on"
        assert row_of(service, run_id)["attempts"] == 2
        running.client("planner").post(f"/v1/runs/{run_id}/cancel")
        wait_until_all_ended(service, 60)
        account(service, [run_id])
    no_orphans(settings)


def test_a_run_whose_solver_is_killed_each_time_fails_and_says_why(service: Service) -> None:
    settings = service.settings
    with served(settings) as running:
        run_id = submitted(running, make_scenario(service, PORTLAND))
        until = time.monotonic() + 60
        while row_of(service, run_id)["status"] in ("queued", "running") and time.monotonic() < until:
            for solver in find(settings, "solver"):
                solver.kill()
            time.sleep(0.02)
        told = running.client("viewer").get(f"/v1/runs/{run_id}").json()
        assert (told["status"], told["attempts"], told["error"]["code"]) == ("failed", settings.attempts, "solver-lost"), told
        with service.store.read() as connection:
            said = connection.execute(sa.select(run_events.c.data).where(run_events.c.run_id == run_id, run_events.c.type == "status")).scalars()
            assert [each["status"] for each in said] == ["queued", "running"] * settings.attempts + ["failed"]
    no_orphans(settings)


def test_work_goes_on_after_the_server_of_solvers_is_killed(service: Service) -> None:
    settings = service.settings
    with served(settings) as running:
        for server in find(settings, "forkserver"):
            server.kill()
        run_id = submitted(running, make_scenario(service))
        assert begun(service, run_id, "succeeded")["verified"]
    no_orphans(settings)


def test_a_worker_told_to_end_puts_its_runs_back_at_once(service: Service) -> None:
    settings = service.settings
    with served(settings) as running:
        run_id = submitted(running, make_scenario(service, PORTLAND))
        worker = holder(service, begun(service, run_id))
        time.sleep(1)
        told = time.monotonic()
        worker.terminate()
        assert still_there([worker], 10) == []
        assert time.monotonic() - told < 10
        again = begun(service, run_id, "running", 60)
        while again["attempts"] < 2:
            time.sleep(0.05)
            again = begun(service, run_id, "running", 60)
        assert again["deaths"] == 0
    no_orphans(settings)
