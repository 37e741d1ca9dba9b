"""Runs that wait, work, and ended otherwise than with a plan: states that nobody can bring about in the time of a test are written into the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient

from api.clock import now
from api.service import Service
from api.store.tables import run_events, runs

GOALS = [{"goal": "shortfall", "value": 0, "bound": 0}, {"goal": "match_quality", "value": 140, "bound": 185}]


def more_runs(service: Service, client: TestClient, scenario_id: str) -> dict[str, str]:
    """Ids by name."""
    names = ("waiting_run", "working_run", "stopped_run", "failed_run", "unsolved_run", "purged_run")
    ids = {name: client.post("/v1/runs", json={"scenario_id": scenario_id, "note": name}).json()["id"] for name in names}
    assert client.post(f"/v1/runs/{ids['stopped_run']}/cancel").status_code == 202
    began, ended = now() - timedelta(seconds=40), {"finished_at": now(), "started_at": now() - timedelta(seconds=40)}
    error = {"code": "memory", "message": "The solver needed more memory than there is."}
    _become(service, ids["failed_run"], status="failed", error=error, **ended)
    _become(service, ids["unsolved_run"], status="succeeded", outcome="no_solution", stop_reason="time_limit", **ended)
    _become(service, ids["purged_run"], status="succeeded", outcome="optimal", verified=True, purged_at=now(), **ended)
    progress = {"phase": "solve", "goals": GOALS}
    _become(service, ids["working_run"], status="running", progress=progress, started_at=began, last_improvement_at=now(), worker_id="worker_of_the_world")
    told = [("phase", {"phase": "read"}), ("incumbent", {"goal": "of an attempt that broke", "value": 1, "bound": 2}), ("phase", {"phase": "read"})]
    told += [("phase", {"phase": "solve"}), ("incumbent", GOALS[0])]
    told += [("incumbent", {"goal": "match_quality", "value": value, "bound": bound}) for value, bound in ((90, 260), (120, 200), (140, 185))]
    with service.store.begin() as connection:
        for number, (kind, data) in enumerate(told):
            at = began + timedelta(seconds=number)
            connection.execute(run_events.insert().values(run_id=ids["working_run"], seq=100 + number, type=kind, data=data, at=at))
    return ids


def _become(service: Service, run_id: str, **values: Any) -> None:
    with service.store.begin() as connection:
        connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
