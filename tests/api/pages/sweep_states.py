"""Sweeps beside the world's own: wide enough for a slider, over two promises, without a plan, and one that waits; and a run that others differ from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.jobs.solving import solve_run
from api.service import Service
from api.store.tables import runs

SHARE, COUNT = "constraints.reservation[partner].share", "constraints.reservation[two seats for the partner].count"
HARD = [{"op": "set", "path": "constraints.reservation[two seats for the partner].mode", "value": "minimum_hard"}]
FREED = [{"op": "set", "path": path, "value": 0} for path in (COUNT, SHARE)]


def more_sweeps(service: Service, client: TestClient, ids: dict[str, str]) -> dict[str, str]:
    """Ids by name."""
    hard = client.post("/v1/scenarios", json={"name": "two or none", "base": {"dataset_id": ids["dataset_id"]}, "changes": HARD}).json()["id"]

    def sweep(scenario: str, *axes: dict[str, Any]) -> str:
        made = client.post("/v1/sweeps", json={"scenario_id": scenario, "axes": list(axes)})
        assert made.status_code == 202, made.text
        return str(made.json()["id"])

    found = {
        "wide_sweep": sweep(ids["scenario_id"], {"path": SHARE, "range": "0:1:0.02"}),
        "two_sweep": sweep(ids["scenario_id"], {"path": SHARE, "values": [0, 0.3, 1]}, {"path": COUNT, "range": "0:3:1"}),
        "square_sweep": sweep(hard, {"path": SHARE, "values": [0, 1]}, {"path": COUNT, "values": [0, 4]}),
        "no_plan_sweep": sweep(hard, {"path": COUNT, "values": [3, 4]}),
    }
    freed = client.post("/v1/scenarios", json={"name": "no seats promised", "base": {"scenario_id": ids["scenario_id"]}, "changes": FREED}).json()["id"]
    free_run = client.post("/v1/runs", json={"scenario_id": freed, "note": "what if"}).json()["id"]
    solve_run(service, "worker_of_the_world", free_run)
    with service.store.read() as connection:
        parts = connection.execute(sa.select(runs.c.id).where(runs.c.sweep_id.in_(found.values()), runs.c.status == "queued")).scalars().all()
    for run_id in parts:
        solve_run(service, "worker_of_the_world", run_id)
    stopped = sweep(ids["scenario_id"], {"path": COUNT, "range": "0:2:1"})
    assert client.post(f"/v1/sweeps/{stopped}/cancel").status_code == 202
    return {**found, "free_run": free_run, "stopped_sweep": stopped, "waiting_sweep": sweep(ids["scenario_id"], {"path": COUNT, "range": "0:2:1"})}
