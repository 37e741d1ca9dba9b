"""The life of a run as its submitter sees it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.documents.log import log_lines
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


def test_the_log_tells_a_run_in_lines(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    limits = {"time_limit": 20, "gap": 0}
    made = client.post("/v1/runs", json={"scenario_id": make_scenario(service), "seed": 3, "limits": limits}).json()
    before = client.get(made["links"]["log"])
    assert (before.status_code, before.headers["content-type"], len(before.text.splitlines())) == (200, "text/plain; charset=utf-8", 2)
    finish()
    lines = client.get(made["links"]["log"]).text.splitlines()
    kinds = [line.split()[1] for line in lines]
    assert (kinds[:3], kinds[-1]) == (["submitted", "status", "status"], "result")
    assert lines[0].endswith("version 1, seed 3, at most 20 seconds, 0 gap")
    assert lines[2].endswith("running, attempt 1")
    phases = [line.split(None, 2)[2] for line in lines if line.split()[1] == "phase"]
    assert (phases[0], phases[-1], "solve" in phases) == ("read", "write", True)
    assert any(line.endswith("succeeded, outcome optimal, stopped by proved") for line in lines)
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)
    assert ask_as("viewer", "other").get(made["links"]["log"]).status_code == 404


def test_the_log_of_a_run_with_faults_says_them(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    changes = [{"op": "set", "path": "constraints.reservation[two seats for the partner].share", "value": 7}]
    made = client.post("/v1/runs", json={"scenario_id": make_scenario(service, changes=changes)}).json()
    finish()
    assert client.get(made["links"]["self"]).json()["status"] == "failed"
    lines = client.get(made["links"]["log"]).text.splitlines()
    assert [line.split(None, 2)[1] for line in lines][-2:] == ["error", "fault"]
    assert "faulty-input: The input has faults." in lines[-2]


def test_the_log_says_every_event_that_there_is() -> None:
    at = datetime(2026, 11, 2, 9, 30, 0, 7_000, tzinfo=UTC)
    run = {"id": "run_1", "scenario_id": "scenario_1", "scenario_version": 2, "job": {"seed": 0}, "created_at": at, "finished_at": None}
    events = [
        {"type": "status", "data": {"status": "queued", "reason": "worker-lost"}, "at": at},
        {"type": "incumbent", "data": {"goal": "match quality", "value": None, "bound": 12345.5}, "at": at},
        {"type": "points", "data": {"done": 3, "total": 8}, "at": at},
        {"type": "something new", "data": {"a": 1}, "at": at},
    ]
    assert list(log_lines(run, events)) == [
        "2026-11-02T09:30:00.007Z  submitted  run_1 of scenario_1 version 2, seed 0\n",
        "2026-11-02T09:30:00.007Z  status     queued, because of worker-lost\n",
        "2026-11-02T09:30:00.007Z  incumbent  match quality: nothing yet, bound 12,345.5\n",
        "2026-11-02T09:30:00.007Z  points     3 of 8 solved\n",
        "2026-11-02T09:30:00.007Z  something new  a 1\n",
    ]


def test_a_stream_of_events_ends_with_the_key_that_it_was_asked_with(service: Service, ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.runs.HEARTBEAT", 0.2)
    made = ask_as("planner").post("/v1/runs", json={"scenario_id": make_scenario(service)}).json()
    client, heard = ask_as("viewer"), list[str]()
    listening = threading.Thread(target=lambda: heard.append(client.get(made["links"]["events"]).text))
    listening.start()
    time.sleep(1)
    assert listening.is_alive(), heard
    admin = ask_as("admin")
    (mine,) = (key["id"] for key in admin.get("/v1/api-keys").json()["items"] if key["role"] == "viewer")
    assert admin.delete(f"/v1/api-keys/{mine}").status_code in (200, 204)
    listening.join(20)
    assert not listening.is_alive(), "the stream goes on without a key"
    assert "event: heartbeat" in heard[0]
