"""Rules that compare with an earlier plan, where the data brings none: kept with a word, refused without a plan, run with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.service import Service
from tests.api.conftest import Ask
from tests.api.made import make_dataset
from tests.api.test_scenarios import make

Finish = Callable[[], list[dict[str, Any]]]
LIMIT = {"op": "add", "path": "constraints.change_limit", "value": {"at_most": 0}}
FEWER = {"op": "add", "path": "goals.stability"}
OFF = {"op": "set", "path": "constraints.change_limit.enabled", "value": False}
PROMISE = {"op": "set", "path": "constraints.reservation[two seats for the partner].count", "value": 1}


@pytest.mark.parametrize("rule", [LIMIT, FEWER], ids=["limit", "goal"])
def test_a_rule_that_compares_is_kept_and_says_that_runs_must_name_a_plan(service: Service, ask_as: Ask, rule: dict[str, Any]) -> None:
    client, dataset = ask_as("planner"), make_dataset(service)
    made = make(client, {"dataset_id": dataset}, rule)
    assert made.status_code == 201, made.text
    place = made.headers["location"]
    (warning,) = client.get(f"{place}/resolved").json()["warnings"]
    assert (warning["code"], warning["severity"]) == ("no_reference", "warning")
    assert "reference_run" in warning["fix"]
    outlook = client.get(f"{place}/outlook").json()
    assert (outlook["reference"], outlook["needs_reference"]) == (None, True)
    assert client.get(f"{place}/names").status_code == 200
    assert client.get(f"{place}/diff", params={"with": made.json()["id"]}).json()["same"] is True
    checked = client.post("/v1/scenario-checks", json={"name": "a trial", "base": {"dataset_id": dataset}, "changes": [rule]}).json()
    assert (checked["sound"], [fault["code"] for fault in checked["warnings"]], checked["outlook"]["needs_reference"]) == (True, ["no_reference"], True)


def test_a_fault_beside_it_is_still_refused(service: Service, ask_as: Ask) -> None:
    wrong = {"op": "set", "path": "constraints.reservation[two seats for the partner].beneficiaries", "value": "tier:9"}
    answer = make(ask_as("planner"), {"dataset_id": make_dataset(service)}, LIMIT, wrong)
    assert (answer.status_code, answer.json()["detail"]) == (422, "1 fault in the changes.")
    assert {fault["code"]: fault["severity"] for fault in answer.json()["errors"]} == {"no_reference": "warning", "unknown_tier": "error"}


def test_a_run_without_a_plan_to_compare_with_is_refused_before_it_waits(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    scenario = make(client, {"dataset_id": make_dataset(service)}, LIMIT).json()["id"]
    on_top = make(client, {"scenario_id": scenario}, PROMISE).json()["id"]
    sweep = {"axes": [{"path": "constraints.change_limit.at_most", "values": [0, 1]}]}
    for path, body in (("/v1/runs", {"scenario_id": scenario}), ("/v1/runs", {"scenario_id": on_top}), ("/v1/sweeps", {"scenario_id": scenario, **sweep})):
        refused = client.post(path, json=body)
        assert refused.status_code == 422, refused.text
        (fault,) = refused.json()["errors"]
        assert (fault["code"], fault["severity"], fault["pointer"]) == ("no_reference", "error", "/reference_run")
        assert "/v1/publications/current" in fault["fix"]
    assert client.get("/v1/runs").json()["items"] == []


def test_switched_off_it_asks_for_nothing(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = make(client, {"dataset_id": make_dataset(service)}, LIMIT, OFF).json()
    assert client.get(f"/v1/scenarios/{made['id']}/outlook").json()["needs_reference"] is False
    assert client.post("/v1/runs", json={"scenario_id": made["id"]}).status_code == 202


def test_with_a_run_to_compare_with_nobody_moves(service: Service, ask_as: Ask, finish: Finish) -> None:
    client, dataset = ask_as("planner"), make_dataset(service)
    plain = make(client, {"dataset_id": dataset}).json()["id"]
    client.post("/v1/runs", json={"scenario_id": plain})
    (before,) = finish()
    still = make(client, {"dataset_id": dataset}, PROMISE, LIMIT).json()["id"]
    body = {"scenario_id": still, "reference_run": before["id"]}
    assert client.post("/v1/runs", json=body).status_code == 202
    swept = client.post("/v1/sweeps", json={**body, "axes": [{"path": "constraints.change_limit.at_most", "values": [0, 1]}]})
    assert swept.status_code == 202, swept.text
    runs = {run["id"]: run for run in finish()}
    after = next(run for run in runs.values() if run["scenario_id"] == still and run["sweep_id"] is None)
    assert (after["outcome"], after["reference_run"]) == ("optimal", before["id"])

    def plan(run: dict[str, Any]) -> set[tuple[str, str]]:
        return {(line["seeker_id"], line["slot_id"]) for line in client.get(f"/v1/runs/{run['id']}/assignments").json()["items"]}

    assert plan(before) <= plan(after)
    assert [run["status"] for run in runs.values()] == ["succeeded"] * len(runs)
