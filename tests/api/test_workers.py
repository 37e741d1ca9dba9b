"""What becomes of runs between workers: turns, claims, deaths, limits, and what has fallen out of the queue."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos._core import ActiveWorkflowById
from dbos._queue import Queue as DbosQueue
from dbos._sys_db import SystemDatabase

from api.clock import now
from api.ids import new_id
from api.jobs import runs as life
from api.jobs.engine import Engine, Taken
from api.jobs.place import MARK, Place
from api.jobs.queue import RUNS
from api.jobs.rescue import Rescue
from api.jobs.runs import GoneError
from api.jobs.solving import solve_run
from api.jobs.turns import positions
from api.service import Service
from api.settings import Settings
from api.store.tables import run_events, runs, workers
from tests.api.made import ROOT, make_scenario

PORTLAND = ROOT / "scenarios" / "portland"


def submit(service: Service, scenario: str, board: str = "main", **job: Any) -> str:
    with service.store.begin() as connection:
        found = connection.execute(sa.text("SELECT dataset_id FROM scenario_versions WHERE scenario_id = :id"), {"id": scenario}).scalar_one()
        values = {"board": board, "scenario_id": scenario, "scenario_version": 1, "dataset_id": found, "job": {"seed": 0, **job}, "created_by": "test"}
        return life.submit(connection, service.queue, values)


def worker(service: Service, **more: Any) -> str:
    worker_id = new_id("worker")
    with service.store.begin() as connection:
        row = {"id": worker_id, "host": "h", "pid": 1, "solvers": 1, "started_at": now(), "heartbeat_at": now(), **more}
        connection.execute(workers.insert().values(**row))
    return worker_id


def row_of(service: Service, run_id: str) -> dict[str, Any]:
    with service.store.read() as connection:
        return dict(connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one())


class NoEngine(Engine):
    """An engine that takes nothing."""

    def __init__(self) -> None:
        self.back: list[Taken] = []

    def taken(self) -> list[Taken]:
        return []


@pytest.fixture
def rescue(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Rescue]]:
    """A worker's look at what others have left."""
    monkeypatch.setenv(MARK, "")
    places = []

    def of(worker_id: str) -> Rescue:
        place = Place(service.settings.work, worker_id)
        place.take()
        places.append(place)
        return Rescue(service, NoEngine(), place, worker_id)

    yield of
    for place in places:
        place.leave()


# -- turns ----------------------------------------------------------------------------------------------------------


def test_boards_take_turns(service: Service) -> None:
    mine, theirs = make_scenario(service), make_scenario(service, board="other")
    flood = [submit(service, mine) for _ in range(5)]
    quiet = [submit(service, theirs, "other") for _ in range(2)]
    with service.store.read() as connection:
        placed = positions(connection, [*flood, *quiet])
    order = sorted(placed, key=lambda run_id: placed[run_id])
    assert order == [flood[0], quiet[0], flood[1], quiet[1], *flood[2:]]
    assert sorted(placed.values()) == list(range(1, 8))


def test_who_comes_late_does_not_go_before_those_whose_turn_it_is(service: Service) -> None:
    mine, theirs, here = make_scenario(service), make_scenario(service, board="other"), worker(service)
    flood = [submit(service, mine) for _ in range(5)]
    for run_id in flood[:3]:
        assert life.claim(service.store, run_id, here) is not None
    quiet = [submit(service, theirs, "other") for _ in range(2)]
    with service.store.read() as connection:
        placed = positions(connection, [*flood, *quiet])
    assert sorted(placed, key=lambda run_id: placed[run_id]) == [quiet[0], flood[3], quiet[1], flood[4]]


# -- claims and deaths ----------------------------------------------------------------------------------------------


def test_one_worker_claims_a_run_and_a_later_one_takes_it_from_the_lost(service: Service) -> None:
    first, second, run_id = worker(service), worker(service), submit(service, make_scenario(service))
    claim = life.claim(service.store, run_id, first)
    assert claim is not None
    assert life.claim(service.store, run_id, second) is None
    assert life.claim(service.store, run_id, first) is None
    with service.store.begin() as connection:
        connection.execute(workers.update().where(workers.c.id == first).values(lost_at=now()))
    later = life.claim(service.store, run_id, second)
    assert later is not None
    assert not life.progress(service.store, claim, {"progress": {}})
    assert not life.finish(service.store, claim, "succeeded", {}, {"result.json": b"{}"})
    assert life.finish(service.store, later, "succeeded", {"outcome": "optimal"}, {"result.json": b"{}"})
    assert not life.finish(service.store, later, "failed", {}, {})
    assert row_of(service, run_id)["status"] == "succeeded"


@pytest.mark.parametrize("how", ["left_at", "lost_at"])
def test_a_worker_that_is_gone_begins_nothing(service: Service, how: str) -> None:
    run_id = submit(service, make_scenario(service))
    with pytest.raises(GoneError):
        life.claim(service.store, run_id, worker(service, **{how: now()}))
    assert row_of(service, run_id)["status"] == "queued"


def test_a_run_waits_honestly_between_its_attempts_and_has_its_place_in_the_queue(service: Service) -> None:
    here, run_id = worker(service), submit(service, make_scenario(service))
    for attempt in range(1, 4):
        claim = life.claim(service.store, run_id, here)
        assert claim is not None
        life.died(service.store, service.queue, claim, 3, {"code": "solver-lost", "message": "It died."})
        row = row_of(service, run_id)
        assert (row["status"], row["deaths"], row["attempts"]) == ("queued" if attempt < 3 else "failed", attempt, attempt)
        assert (f"{run_id}.{attempt}" in service.queue.open(RUNS)) == (attempt < 3)
    assert row["error"] == {"code": "solver-lost", "message": "It died."}
    with service.store.read() as connection:
        said = connection.execute(sa.select(run_events.c.data).where(run_events.c.run_id == run_id).order_by(run_events.c.seq)).scalars()
        assert [each["status"] for each in said] == ["queued", "running"] * 3 + ["failed"]


def test_what_a_lost_worker_held_waits_again_and_what_was_to_be_cancelled_is(service: Service, rescue: Callable[[str], Rescue]) -> None:
    scenario = make_scenario(service)
    silent = worker(service, heartbeat_at=now() - timedelta(minutes=1))
    running, cancelling = (submit(service, scenario) for _ in range(2))
    for run_id in (running, cancelling):
        assert life.claim(service.store, run_id, silent) is not None
    with service.store.begin() as connection:
        assert life.cancel(connection, cancelling) == "cancelling"
    look = rescue(worker(service))
    look.look()
    rescue(worker(service)).look()
    assert (row_of(service, running)["status"], row_of(service, running)["deaths"]) == ("queued", 0)
    assert row_of(service, cancelling)["status"] == "cancelled"
    assert f"{running}.1" in service.queue.open(RUNS)


def test_a_worker_whose_machine_slept_does_not_give_up_the_others(service: Service, rescue: Callable[[str], Rescue]) -> None:
    look, other = rescue(worker(service)), worker(service)
    look.look()
    with service.store.begin() as connection:
        connection.execute(workers.update().where(workers.c.id == other).values(heartbeat_at=now() - timedelta(hours=1)))
    look._looked = now() - timedelta(hours=1)
    look.look()
    with service.store.read() as connection:
        assert connection.execute(sa.select(workers.c.lost_at).where(workers.c.id == other)).scalar_one() is None
    look._awake_since = now() - timedelta(minutes=1)
    look.look()
    with service.store.read() as connection:
        assert connection.execute(sa.select(workers.c.lost_at).where(workers.c.id == other)).scalar_one() is not None


def test_a_dead_worker_of_this_machine_is_missed_at_once_and_its_folder_removed(service: Service, rescue: Callable[[str], Rescue]) -> None:
    dead, run_id = worker(service), submit(service, make_scenario(service))
    assert life.claim(service.store, run_id, dead) is not None
    left = service.settings.work / dead / f"{run_id}.1"
    left.mkdir(parents=True)
    (left.parent / "lives").write_text("")
    upload = service.settings.work / "upload-1"
    upload.mkdir()
    rescue(worker(service)).look()
    assert not left.parent.exists()
    assert upload.exists()
    assert row_of(service, run_id)["status"] == "queued"


def test_a_run_that_has_fallen_out_of_the_queue_is_put_back(service: Service, rescue: Callable[[str], Rescue]) -> None:
    run_id = submit(service, make_scenario(service))
    service.queue.delete([run_id])
    long_ago = now() - timedelta(minutes=5)
    with service.store.begin() as connection:
        connection.execute(runs.update().values(created_at=long_ago))
    rescue(worker(service)).look()
    assert {work.split(".")[0] for work in service.queue.open(RUNS)} == {run_id}


def test_a_run_held_by_a_worker_that_there_is_not_waits_again(service: Service, rescue: Callable[[str], Rescue]) -> None:
    run_id = submit(service, make_scenario(service))
    assert life.claim(service.store, run_id, "worker_unknown") is not None
    with service.store.begin() as connection:
        connection.execute(runs.update().values(heartbeat_at=now() - timedelta(minutes=5)))
    rescue(worker(service)).look()
    assert row_of(service, run_id)["status"] == "queued"


def test_a_claim_whose_answer_was_lost_is_taken_up(service: Service, rescue: Callable[[str], Rescue]) -> None:
    here, run_id = worker(service), submit(service, make_scenario(service))
    assert life.claim(service.store, run_id, here) is not None
    with service.store.begin() as connection:
        connection.execute(runs.update().values(heartbeat_at=now() - timedelta(minutes=5)))
    rescue(here).look()
    assert row_of(service, run_id)["status"] == "queued"


# -- limits ---------------------------------------------------------------------------------------------------------


def limited(service: Service, **more: Any) -> Service:
    told = {**service.settings.model_dump(), **more}
    return Service(Settings(**told))


@pytest.mark.usefixtures("solvers")
def test_the_wall_limit_keeps_the_best_so_far(service: Service) -> None:
    run_id = submit(service, make_scenario(service, PORTLAND))
    hurried = limited(service, wall_limit=timedelta(seconds=4))
    solve_run(hurried, "worker_of_the_test", run_id)
    hurried.close()
    row = row_of(service, run_id)
    assert (row["status"], row["stop_reason"]) == ("succeeded", "time_limit"), row["error"]
    assert row["outcome"] in ("feasible", "no_solution")


@pytest.mark.usefixtures("solvers")
def test_a_run_above_its_memory_is_ended_and_says_so(service: Service) -> None:
    run_id = submit(service, make_scenario(service, PORTLAND))
    small = limited(service, memory_gb=0.05)
    solve_run(small, "worker_of_the_test", run_id)
    small.close()
    row = row_of(service, run_id)
    assert (row["status"], row["stop_reason"], row["error"]["code"]) == ("failed", "memory", "memory")


def test_what_breaks_in_the_worker_is_tried_again_and_then_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Path:
        raise OSError(28, "No space left on device")

    run_id = submit(service, make_scenario(service))
    monkeypatch.setattr(service.folders, "folder", full)
    for _ in range(service.settings.attempts):
        assert row_of(service, run_id)["status"] == "queued"
        solve_run(service, "worker_of_the_test", run_id)
    row = row_of(service, run_id)
    assert (row["status"], row["error"]["code"]) == ("failed", "broken")
    assert "OSError" in row["error"]["message"]


@pytest.mark.usefixtures("solvers")
def test_a_store_that_cannot_be_reached_for_a_while_costs_no_attempt(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, refused = submit(service, make_scenario(service)), []
    for name in ("claim", "progress", "wanted", "finish"):

        def cut(*arguments: Any, original: Any = getattr(life, name), name: str = name, **more: Any) -> Any:
            if refused.count(name) < 2:
                refused.append(name)
                raise sa.exc.OperationalError("select 1", {}, Exception("the connection was cut"))
            return original(*arguments, **more)

        monkeypatch.setattr(life, name, cut)
    solve_run(service, "worker_of_the_test", run_id)
    row = row_of(service, run_id)
    assert (row["status"], row["attempts"], row["deaths"]) == ("succeeded", 1, 0)
    assert {"claim", "progress", "finish"} <= set(refused)


# -- what is used of DBOS beyond its documented face ----------------------------------------------------------------


def test_dbos_has_what_the_engine_uses_of_it() -> None:
    assert list(inspect.signature(SystemDatabase.reenqueue_for_recovery).parameters)[1:] == ["workflow_id", "executor_ids", "recovery_queue_name"]
    assert list(inspect.signature(SystemDatabase.get_queue).parameters)[1] == "name"
    assert ActiveWorkflowById().activeList() == []
    assert "self._worker_concurrency" in inspect.getsource(DbosQueue.__init__)
    assert "_worker_concurrency" in inspect.getsource(SystemDatabase.start_queued_workflows)
