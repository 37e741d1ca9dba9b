"""Processes are killed, frozen and cut off while they work, with real processes on both stores: no accepted run is lost, and none ends twice."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from api.jobs.runs import ENDED
from api.service import Service
from api.store.tables import run_events, runs, workers
from tests.api.made import ROOT, make_scenario
from tests.api.served import Served, served
from tests.api.storm import Submitter, account, find, kill_at_random, no_orphans, second_worker, still_there, wait_until_all_ended

PORTLAND = ROOT / "scenarios" / "portland"
AHEAD = 20
"""Runs that are submitted before the share of the kills that they are due at."""
QUICK = {"OJT_HEARTBEAT": "PT0.5S", "OJT_LOST_AFTER": "PT8S", "OJT_QUEUE_LIMIT": "5000"}


class Day:
    """A service with two workers, and what is submitted to it."""

    def __init__(self, service: Service, running: Served) -> None:
        self.service, self.settings, self.running = service, service.settings, running
        self.short, self.long = make_scenario(service), make_scenario(service, PORTLAND)
        self.submitter = Submitter(running, [self.short, self.long])

    def row(self, run_id: str) -> dict[str, Any]:
        with self.service.store.read() as connection:
            return dict(connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one())

    def until(self, run_id: str, there: Callable[[dict[str, Any]], bool], seconds: float = 90) -> dict[str, Any]:
        """The run's row once it is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            row = self.row(run_id)
            if there(row):
                return row
            time.sleep(0.05)
        raise AssertionError(self.row(run_id))

    def solving(self, number: int) -> tuple[dict[str, Any], list[psutil.Process], psutil.Process]:
        """A long run that is being solved: its row, the solvers, and the worker that holds it."""
        row = self.until(self.submitter.submit(number, self.long), lambda row: row["status"] == "running" and row["progress"] is not None)
        with self.service.store.read() as connection:
            pid = connection.execute(sa.select(workers.c.pid).where(workers.c.id == row["worker_id"])).scalar_one()
        return row, find(self.settings, "solver"), psutil.Process(pid)

    def cancel(self, run_id: str) -> None:
        self.running.client("planner").post(f"/v1/runs/{run_id}/cancel")
        self.until(run_id, lambda row: row["status"] in ENDED)


@contextmanager
def day(service: Service) -> Iterator[Day]:
    """A service with two workers; at its end everything is accounted for and no process is left."""
    with served(service.settings, **QUICK) as running, second_worker(service.settings, **QUICK):
        made = Day(service, running)
        yield made
        wait_until_all_ended(service, 600)
        account(service, made.submitter.accepted)
    no_orphans(service.settings)


def storm(made: Day, count: int, kills: int, every: float, long: float, patience: float) -> Counter[str]:
    """Runs under random kills; what was killed."""
    ended, killed, accepted = threading.Event(), Counter[str](), made.submitter.accepted

    # Neither runs ahead of the other: there is work under way until the last kill, and what is killed has had the time to start.
    def submission_due(number: int) -> bool:
        return number < AHEAD + count * sum(killed.values()) / kills

    def kill_due(number: int) -> bool:
        return len(accepted) >= count * number / kills

    killer = threading.Thread(target=kill_at_random, args=(made.settings, kills, random.Random(20261102), every, ended, killed, kill_due))
    killer.start()
    try:
        made.submitter.all(count, random.Random(7), long, submission_due)
        killer.join(patience)
    finally:
        ended.set()
        killer.join()
    wait_until_all_ended(made.service, patience)
    return killed


def test_no_run_is_lost_whatever_dies(service: Service) -> None:
    with day(service) as made:
        assert sum(storm(made, count=20, kills=6, every=0.6, long=0, patience=180).values()) == 6
        assert all(made.row(run_id)["status"] == "succeeded" for run_id in made.submitter.accepted)
        a_killed_workers_run_is_taken_over(made)
        a_frozen_worker_that_wakes_overwrites_nothing_and_ends(made)
        a_worker_told_to_end_puts_its_runs_back(made)
        work_goes_on_without_the_server_of_solvers(made)
        a_run_whose_solver_is_killed_each_time_fails(made)
        everything_ends_with_the_one_that_watches(made)


def a_killed_workers_run_is_taken_over(made: Day) -> None:
    first, solvers, worker = made.solving(1001)
    worker.kill()
    killed = time.monotonic()
    assert solvers
    assert still_there(solvers, 10) == [], "a solver outlived its worker"
    made.until(first["id"], lambda row: row["attempts"] == 2, 30 - (time.monotonic() - killed))
    made.cancel(first["id"])


def a_frozen_worker_that_wakes_overwrites_nothing_and_ends(made: Day) -> None:
    first, _, worker = made.solving(1002)
    worker.send_signal(signal.SIGSTOP)
    try:
        made.until(first["id"], lambda row: row["worker_id"] not in (None, first["worker_id"]), 30)
    finally:
        worker.send_signal(signal.SIGCONT)
    assert still_there([worker], 20) == [], "a worker that was given up works on"
    assert made.row(first["id"])["attempts"] == 2
    made.cancel(first["id"])


def a_worker_told_to_end_puts_its_runs_back(made: Day) -> None:
    first, _, worker = made.solving(1003)
    worker.terminate()
    assert still_there([worker], 10) == []
    again = made.until(first["id"], lambda row: row["attempts"] == 2)
    assert again["deaths"] == 0
    made.cancel(first["id"])


def work_goes_on_without_the_server_of_solvers(made: Day) -> None:
    for server in find(made.settings, "forkserver"):
        server.kill()
    made.until(made.submitter.submit(1004, made.short), lambda row: row["status"] == "succeeded")


def a_run_whose_solver_is_killed_each_time_fails(made: Day) -> None:
    run_id, end = made.submitter.submit(1005, made.long), time.monotonic() + 90
    while made.row(run_id)["status"] in ("queued", "running") and time.monotonic() < end:
        for solver in find(made.settings, "solver"):
            solver.kill()
        time.sleep(0.02)
    most = made.settings.attempts
    told = made.running.client("viewer").get(f"/v1/runs/{run_id}").json()
    assert (told["status"], told["attempts"], told["error"]["code"]) == ("failed", most, "solver-lost"), told
    with made.service.store.read() as connection:
        said = connection.execute(
            sa.select(run_events.c.data).where(run_events.c.run_id == run_id, run_events.c.type == "status").order_by(run_events.c.seq)
        ).scalars()
        assert [each["status"] for each in said] == ["queued", "running"] * most + ["failed"]


def everything_ends_with_the_one_that_watches(made: Day) -> None:
    watcher = psutil.Process(made.running.process.pid)
    watched = watcher.children(recursive=True)
    watcher.kill()
    assert len(watched) >= 2
    assert still_there(watched, 30) == [], "a process outlived ojt serve"


@pytest.mark.slow
def test_a_storm_of_three_hundred_kills_loses_none_of_a_thousand_runs(service: Service) -> None:
    began = time.monotonic()
    with day(service) as made:
        killed = storm(made, count=1000, kills=300, every=2.0, long=0.01, patience=3600)
        ends = Counter(made.row(run_id)["status"] for run_id in made.submitter.accepted)
    print(f"\n{service.store.writer.dialect.name}: {dict(killed)} killed, {dict(ends)} in {time.monotonic() - began:.0f} s")
    assert sum(killed.values()) == 300
    assert sum(ends.values()) == 1000
