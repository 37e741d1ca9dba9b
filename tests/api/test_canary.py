"""The canary tells whether everything works, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from allocator import read_policy, read_scenario
from allocator.solve import solve
from api import canary
from api.clock import now
from api.service import Service
from api.store.tables import CANARY, blobs, canaries, datasets, run_events, run_files, run_unplaced, runs, scenarios, workers

Finish = Callable[[], list[dict[str, Any]]]
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def verdict(service: Service) -> dict[str, Any]:
    with service.store.read() as connection:
        return dict(connection.execute(sa.select(canaries).order_by(canaries.c.id.desc()).limit(1)).mappings().one())


def count(service: Service, table: sa.Table) -> int:
    with service.store.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def living(service: Service) -> None:
    with service.store.begin() as connection:
        connection.execute(workers.insert().values(id="worker_1", host="here", pid=1, solvers=1, started_at=now(), heartbeat_at=now()))


def test_its_answer_is_the_only_best_one(tmp_path: Any) -> None:
    for name, content in canary.FILES.items():
        (tmp_path / name).write_bytes(content)
    result = solve(read_scenario(tmp_path), read_policy(tmp_path / "policy.toml"))
    assert (set(result.plan()), result.goal("match_quality").value) == (canary.ANSWER, 170)


@pytest.mark.usefixtures("solvers")
def test_it_comes_to_its_answer_and_leaves_only_the_verdict(service: Service, web: TestClient, finish: Finish) -> None:
    for number in range(2):
        assert canary.begin(service, NOON + timedelta(minutes=number)) is not None
        canary.judge(service)
        assert verdict(service)["finished_at"] is None
        finish()
        canary.judge(service)
        found = verdict(service)
        assert (found["sound"], found["reason"]) == (True, "")
    assert [count(service, table) for table in (runs, run_events, run_files, run_unplaced)] == [0, 0, 0, 0]
    assert count(service, scenarios) == 1, "the second found the scenario of the first"
    assert service.queue.states([str(found["run_id"])]) == {}
    living(service)
    assert web.get("/readyz").json()["status"] == "ready"


@pytest.mark.usefixtures("solvers")
def test_a_content_that_a_dataset_refers_to_stays_when_a_canary_goes(service: Service, finish: Finish) -> None:
    canary.begin(service, NOON)
    finish()
    with service.store.begin() as connection:
        files = dict(connection.execute(sa.select(run_files.c.name, run_files.c.sha256)).all())
        row = dict(connection.execute(sa.select(datasets)).mappings().one())
        connection.execute(datasets.insert().values(**row | {"id": "dataset_1", "files": {"pairs.csv": files["assignments.csv"]}}))
    canary.judge(service)
    assert count(service, run_files) == 0
    with service.store.read() as connection:
        kept = set(connection.execute(sa.select(blobs.c.sha256)).scalars())
    assert kept == {files["assignments.csv"], *row["files"].values()}


@pytest.mark.usefixtures("solvers")
def test_only_one_worker_begins_what_is_due(service: Service) -> None:
    assert canary.begin(service, NOON) is not None
    assert canary.begin(service, NOON) is None
    assert count(service, runs) == 1
    assert canary.due(NOON + timedelta(minutes=14, seconds=59), timedelta(minutes=15)) == NOON
    assert canary.due(NOON + timedelta(minutes=15), timedelta(minutes=15)) == NOON + timedelta(minutes=15)


@pytest.mark.usefixtures("solvers")
def test_a_wrong_answer_degrades_the_service(service: Service, web: TestClient, finish: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "ANSWER", {("K1", "A")})
    canary.begin(service, NOON)
    finish()
    canary.judge(service)
    assert verdict(service)["reason"] == "Its answer is not the known one."
    living(service)
    ready = web.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert "not the known one" in ready.json()["detail"]


@pytest.mark.usefixtures("solvers")
def test_one_that_does_not_come_back_is_missed_and_cancelled(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    canary.begin(service, NOON)
    monkeypatch.setattr(canary, "PATIENCE", timedelta(0))
    canary.judge(service)
    assert (verdict(service)["sound"], verdict(service)["reason"]) == (False, "Its run is still queued after 0 minutes.")
    canary.judge(service)
    assert count(service, runs) == 0


def test_one_whose_worker_died_before_the_queue_is_missed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "understand", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        canary.begin(service, NOON)
    canary.judge(service)
    assert verdict(service)["finished_at"] is None
    monkeypatch.setattr(canary, "PATIENCE", timedelta(0))
    canary.judge(service)
    assert "never reached the queue" in verdict(service)["reason"]


def test_a_canary_that_is_overdue_is_said(service: Service) -> None:
    with service.store.begin() as connection:
        long_ago = now() - timedelta(hours=3)
        connection.execute(canaries.insert().values(id="canary_1", due=long_ago, started_at=long_ago, finished_at=long_ago, sound=True))
    with service.store.read() as connection:
        assert "overdue" in str(canary.complaint(connection, timedelta(minutes=15)))
        assert canary.complaint(connection, None) is None


def test_others_see_nothing_of_it(service: Service, ask_as: Any) -> None:
    canary.begin(service, NOON)
    assert ask_as("admin").get("/v1/runs").json()["items"] == []
    assert ask_as("admin", CANARY).get("/v1/runs").json()["items"] != []
