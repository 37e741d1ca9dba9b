"""The life of a run as its submitter sees it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.folders import own_folder, shared_folder
from api.results import open_run
from api.service import Service
from api.settings import Settings
from tests.api.conftest import Ask
from tests.api.made import make_scenario

Finish = Callable[[], list[dict[str, Any]]]


def test_a_run_is_there_at_once_and_ends_with_a_plan(service: Service, ask_as: Ask, finish: Finish) -> None:
    client, scenario = ask_as("planner"), make_scenario(service)
    made = client.post("/v1/runs", json={"scenario_id": scenario})
    assert (made.status_code, made.json()["status"], made.json()["queue_position"]) == (202, "queued", 1)
    assert client.get(made.headers["location"]).json() == made.json()
    (row,) = finish()
    told = client.get(made.headers["location"]).json()
    assert (told["status"], told["outcome"], told["verified"], told["summary"]["placed"]) == ("succeeded", "optimal", True, 3)
    assert client.get(told["links"]["result"]).json()["placed"] == 3
    assert client.get(told["links"]["dataset"]).json()["id"] == told["dataset_id"]
    assert "infeasibility" not in told["links"]
    placed = client.get(told["links"]["assignments"]).json()["items"][0]["seeker_id"]
    assert client.get(told["links"]["explain_seeker"].replace("{seeker_id}", placed)).status_code == 200
    dataset = client.get(told["links"]["dataset"]).json()
    assert dataset["links"]["table"] == f"/v1/datasets/{told['dataset_id']}/tables/{{table}}"
    assert open_run(service, row).result.placed == 3
    kinds = [line.removeprefix("event: ") for line in client.get(f"{made.headers['location']}/events").text.splitlines() if line.startswith("event: ")]
    assert (kinds[0], kinds[-1]) == ("status", "status")
    assert "phase" in kinds


def test_the_same_key_is_one_run(service: Service, ask_as: Ask) -> None:
    client, body = ask_as("planner"), {"scenario_id": make_scenario(service)}
    first, again = (client.post("/v1/runs", json=body, headers={"Idempotency-Key": "night"}) for _ in range(2))
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (202, first.json(), "true")
    other = client.post("/v1/runs", json=body | {"seed": 1}, headers={"Idempotency-Key": "night"})
    assert (other.status_code, other.json()["code"]) == (422, "other-body")
    assert len(client.get("/v1/runs").json()["items"]) == 1


def test_a_waiting_run_is_cancelled_at_once_and_never_begun(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    run_id = client.post("/v1/runs", json={"scenario_id": make_scenario(service)}).json()["id"]
    assert client.post(f"/v1/runs/{run_id}/cancel").json()["status"] == "cancelled"
    assert finish() == []


def test_an_infeasible_run_has_succeeded_and_names_its_repair(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    promise = "constraints.reservation[two seats for the partner]"
    changes = [{"op": "set", "path": f"{promise}.mode", "value": "minimum_hard"}, {"op": "set", "path": f"{promise}.count", "value": 3}]
    made = client.post("/v1/runs", json={"scenario_id": make_scenario(service, changes=changes)})
    finish()
    told = client.get(made.headers["location"]).json()
    assert (told["status"], told["outcome"], told["error"]) == ("succeeded", "infeasible", None), told
    assert told["summary"]["bends"] == 1
    assert client.get(told["links"]["infeasibility"]).json()["repairable"]


def test_a_field_that_there_is_not_is_named_with_what_to_do(service: Service, ask_as: Ask) -> None:
    answer = ask_as("planner").post("/v1/runs", json={"scenario_id": make_scenario(service), "limits": {"time": 5}}).json()
    (fault,) = answer["errors"]
    assert (fault["code"], fault["pointer"], fault["message"]) == ("extra_forbidden", "/limits/time", "There is no field 'time' here.")
    assert "/docs" in fault["fix"]
    (fault,) = ask_as("planner").post("/v1/recommendations", json={"run_id": "run_0"}).json()["errors"]
    assert fault["message"] == "Give seeker_id or slot_id, one of the two."


def test_the_embedded_store_is_for_its_user_alone(tmp_path: Path) -> None:
    Service(Settings(data_dir=tmp_path)).close()
    assert (tmp_path / "ojt.sqlite3").stat().st_mode & 0o777 == 0o600


def test_folders_of_the_service_are_for_its_user_alone_and_sheets_for_whoever_may_enter_theirs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    Service(Settings(data_dir=data)).close()
    assert data.stat().st_mode & 0o777 == 0o700
    assert own_folder(data / "work").stat().st_mode & 0o777 == 0o700
    given = tmp_path / "sheets"
    given.mkdir(mode=0o750)
    before = os.umask(0o077)
    try:
        made = shared_folder(given, given / "@north" / "nightly")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (given, made.parent, made)] == [0o750, 0o755, 0o755]
    assert shared_folder(data / "sheets", data / "sheets").stat().st_mode & 0o777 == 0o700


def test_a_preference_that_is_no_number_is_passed_over(service: Service, ask_as: Ask) -> None:
    scenario = make_scenario(service)
    for told in (b"wait=\xb2", b"wait=-1", b"wait", b"wait=1e3", b"=;,wait=x"):
        assert ask_as("planner").post("/v1/runs", json={"scenario_id": scenario}, headers={b"Prefer": told}).status_code == 202, told
