"""Metrics: the store's, the same whoever tells them, and the process's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api import metrics
from api.app import create_app
from api.clock import now
from api.ids import new_id
from api.service import Service
from api.store.tables import CANARY, canaries, runs
from tests.api.conftest import Ask
from tests.api.made import make_scenario

Finish = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "FRESH", -1.0)


def told(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[(sample.name, frozenset(sample.labels.items()))] = sample.value
    return found


def one(values: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return values[(name, frozenset(labels.items()))]


def test_runs_are_counted_where_they_are_kept(service: Service, ask_as: Ask, finish: Finish) -> None:
    planner, machine, scenario = ask_as("planner"), ask_as("service"), make_scenario(service)
    for _ in range(2):
        planner.post("/v1/runs", json={"scenario_id": scenario})
    assert one(told(machine), "alloc_queue_depth") == 2
    finish()
    cancelled = planner.post("/v1/runs", json={"scenario_id": scenario}).json()["id"]
    planner.post(f"/v1/runs/{cancelled}/cancel")
    promise = "constraints.reservation[two seats for the partner]"
    changes = [{"op": "set", "path": f"{promise}.mode", "value": "minimum_hard"}, {"op": "set", "path": f"{promise}.count", "value": 3}]
    planner.post("/v1/runs", json={"scenario_id": make_scenario(service, changes=changes)})
    finish()
    values = told(machine)
    assert one(values, "alloc_queue_depth") == one(values, "alloc_workers") == one(values, "alloc_runs_running") == 0
    assert one(values, "alloc_runs_total", outcome="optimal", stop_reason="proved") == 2
    assert one(values, "alloc_runs_total", outcome="infeasible", stop_reason="proved") == 1
    assert one(values, "alloc_runs_total", outcome="cancelled", stop_reason="cancelled") == 1
    assert one(values, "alloc_queue_wait_seconds_count") == one(values, "alloc_solve_seconds_count") == 3
    assert 0 < one(values, "alloc_solve_seconds_sum") < 300
    assert one(values, "alloc_solve_seconds_bucket", le="3600") == one(values, "alloc_solve_seconds_bucket", le="+Inf") == 3
    assert one(values, "alloc_gap_at_stop_bucket", le="0") == 2
    assert one(values, "alloc_unplaced_total", reason="outbid") + values.get(("alloc_unplaced_total", frozenset({("reason", "blocked")})), 0) >= 2


def test_every_replica_says_the_same_of_runs_and_its_own_of_requests(service: Service, ask_as: Ask, finish: Finish) -> None:
    ask_as("planner").post("/v1/runs", json={"scenario_id": make_scenario(service)})
    finish()
    machine = ask_as("service")
    machine.get("/v1/runs/run_unknown")
    here = told(machine)
    with TestClient(create_app(service.settings), headers=machine.headers) as another:
        there = told(another)
    own = ("alloc_http_request_seconds",)
    assert {key: value for key, value in here.items() if not key[0].startswith(own)} == {
        key: value for key, value in there.items() if not key[0].startswith(own)
    }
    assert one(here, "alloc_http_request_seconds_count", method="GET", route="/v1/runs/{run_id}", status="404") == 1
    assert not any(key[0].startswith(own) and ("route", "/v1/runs/{run_id}") in key[1] for key in there)


def test_an_answer_is_told_again_for_a_while(service: Service, ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "FRESH", 60.0)
    machine, planner = ask_as("service"), ask_as("planner")
    assert one(told(machine), "alloc_queue_depth") == 0
    planner.post("/v1/runs", json={"scenario_id": make_scenario(service)})
    assert one(told(machine), "alloc_queue_depth") == 0


def test_the_canary_is_counted_apart(service: Service, ask_as: Ask) -> None:
    machine = ask_as("service")
    assert ("alloc_canary_up", frozenset()) not in told(machine)
    scenario = make_scenario(service, board=CANARY)
    ask_as("planner", CANARY).post("/v1/runs", json={"scenario_id": scenario})
    with service.store.begin() as connection:
        connection.execute(runs.update().values(status="failed", stop_reason="error", finished_at=now(), started_at=now()))
        row = {"id": new_id("canary"), "due": now(), "started_at": now() - timedelta(seconds=3), "finished_at": now(), "sound": False}
        connection.execute(canaries.insert().values(**row))
    values = told(machine)
    assert one(values, "alloc_canary_up") == 0
    assert one(values, "alloc_canary_seconds") == pytest.approx(3, abs=1)
    assert one(values, "alloc_solve_seconds_count") == 0
    assert not any(name == "alloc_runs_total" for name, _ in values)


def test_only_those_who_may_see_them(web: TestClient, ask_as: Ask) -> None:
    assert [web.get("/metrics").status_code, ask_as("planner").get("/metrics").status_code] == [401, 403]


def test_a_store_that_cannot_be_reached_is_said(ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = ask_as("service")

    def broken(*_: object) -> None:
        raise sa.exc.OperationalError("select", {}, Exception("no connection"))

    monkeypatch.setattr(metrics, "_metrics", broken)
    assert machine.get("/metrics").json()["code"] == "unavailable"


def test_the_queries_look_only_at_indexes(service: Service) -> None:
    """With a hundred thousand runs, each with a long job, telling them takes less than half a second."""
    scenario = make_scenario(service)
    with service.store.begin() as connection:
        found = connection.execute(sa.text("select dataset_id from scenario_versions")).scalar_one()
        moment, long = now(), {"layers": ["x" * 1000]}
        row = {"board": "main", "kind": "solve", "scenario_id": scenario, "scenario_version": 1, "dataset_id": found, "job": long, "status": "succeeded"}
        row |= {"outcome": "optimal", "stop_reason": "proved", "gap": 0.0, "tags": [], "created_by": "test", "created_at": moment, "started_at": moment}
        connection.execute(runs.insert(), [row | {"id": f"run_{number:06}", "finished_at": moment + timedelta(seconds=number % 50)} for number in range(5_000)])
        explain = "explain query plan " if service.store.embedded else "explain "
        if not service.store.embedded:
            connection.execute(sa.text("set local enable_seqscan = off"))
        query = "select count(*), sum(gap) from runs where board != 'canary' and gap is not null"
        plan = str(connection.execute(sa.text(explain + query)).all())
    assert "ix_runs_measured" in plan
