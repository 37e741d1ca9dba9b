"""Scenarios as their author sees them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi.testclient import TestClient

from api.routes.scenarios import NewScenario
from api.scenarios import Draft, base_of, create_scenario
from api.service import Service
from tests.api.conftest import Ask
from tests.api.made import make_dataset, make_scenario
from tests.api.uploading import GOOD, upload

Finish = Callable[[], list[dict[str, Any]]]
PROMISE = "constraints.reservation[two seats for the partner]"
ONE_SEAT = {"op": "set", "path": f"{PROMISE}.count", "value": 1}
NO_SEAT = {"op": "set", "path": f"{PROMISE}.enabled", "value": False}


def make(client: TestClient, base: dict[str, Any], *changes: dict[str, Any], **more: Any) -> Any:
    return client.post("/v1/scenarios", json={"name": "a trial", "base": base, "changes": list(changes), **more})


def test_a_scenario_says_all_by_itself_and_can_be_run(service: Service, ask_as: Ask, finish: Finish) -> None:
    client, dataset = ask_as("planner"), make_dataset(service)
    made = make(client, {"dataset_id": dataset}, ONE_SEAT, note="for the board", tags=["board"])
    assert (made.status_code, made.headers["etag"]) == (201, '"1"'), made.text
    told = made.json()
    assert client.get(made.headers["location"]).json() == told
    assert (told["base"], told["layers"], told["changes"]) == ({"dataset_id": dataset, "scenario_id": None, "version": None}, [], [ONE_SEAT])
    on_top = make(client, {"scenario_id": told["id"]}, NO_SEAT, name="on top").json()
    assert (on_top["base"]["scenario_id"], on_top["base"]["version"]) == (told["id"], 1)
    assert on_top["layers"] == [{"name": "a trial", "changes": [ONE_SEAT]}]
    resolved = client.get(f"/v1/scenarios/{on_top['id']}/resolved").json()
    assert (resolved["origins"][f"{PROMISE}.count"], resolved["origins"][f"{PROMISE}.enabled"]) == ("a trial", "on top")
    assert len(resolved["sentences"]) == 2
    client.post("/v1/runs", json={"scenario_id": on_top["id"]})
    (run,) = finish()
    assert (run["outcome"], run["summary"]["digests"]["scenario"]) == ("optimal", resolved["facts_digest"])
    assert [each["name"] for each in client.get("/v1/scenarios").json()["items"]] == ["on top", "a trial"]
    assert [each["name"] for each in client.get(f"/v1/scenarios?base_id={told['id']}").json()["items"]] == ["on top"]


def test_every_fault_of_the_changes_comes_at_once_with_its_place(service: Service, ask_as: Ask) -> None:
    client, dataset = ask_as("planner"), make_dataset(service)
    faulty = [
        {"op": "set", "path": "seekers[S99].wage_floor", "value": 3},
        ONE_SEAT,
        {"op": "set", "path": "demographics[S1].sex", "value": "x"},
        {"op": "sett", "path": "seekers[A].wage_floor", "value": 3},
    ]
    shape = make(client, {"dataset_id": dataset}, *faulty)
    assert (shape.status_code, [fault["pointer"] for fault in shape.json()["errors"]]) == (422, ["/changes/3/op"])
    answer = make(client, {"dataset_id": dataset}, *faulty[:3])
    assert (answer.status_code, [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]) == (
        422,
        [("no_such_record", "/changes/0"), ("protected_table", "/changes/2")],
    ), answer.text
    unsound = make(client, {"dataset_id": dataset}, {"op": "set", "path": f"{PROMISE}.beneficiaries", "value": "tier:9"})
    assert [(fault["code"], fault["pointer"]) for fault in unsound.json()["errors"]] == [("unknown_tier", "/changes/0")]
    assert client.get("/v1/scenarios").json()["items"] == []
    checked = client.post("/v1/scenario-checks", json={"name": "a trial", "base": {"dataset_id": dataset}, "changes": faulty[:3]}).json()
    assert (checked["sound"], [fault["pointer"] for fault in checked["errors"]]) == (False, ["/changes/0", "/changes/2"])


def test_a_check_says_in_words_what_would_be_and_keeps_nothing(service: Service, ask_as: Ask) -> None:
    client, body = ask_as("planner"), {"name": "a trial", "base": {"dataset_id": make_dataset(service)}, "changes": [ONE_SEAT]}
    told = client.post("/v1/scenario-checks", json=body)
    assert (told.status_code, told.json()["sound"], told.json()["sentences"]) == (200, True, ["Reserve 1 seat for partner PARTNER; was 2."]), told.text
    many = client.post("/v1/scenario-checks", json=body | {"changes": [{**ONE_SEAT, "value": 9}]}).json()
    assert (many["sound"], [fault["code"] for fault in many["warnings"]]) == (True, ["beyond_openings"])
    assert client.get("/v1/scenarios").json()["items"] == []
    assert ask_as("viewer").post("/v1/scenario-checks", json=body).status_code == 403


def test_changing_needs_the_version_that_was_read(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    here = make(client, {"dataset_id": make_dataset(service)}, ONE_SEAT).headers["location"]
    assert client.patch(here, json={"note": "x"}).json()["code"] == "if-match-required"
    changed = client.patch(here, json={"note": "x"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["version"], changed.json()["changes"]) == (200, '"2"', 2, [ONE_SEAT])
    stale = client.patch(here, json={"note": "y"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')
    same = client.patch(here, json={"note": "x"}, headers={"If-Match": '"2"'})
    assert (same.status_code, same.json()) == (200, changed.json())
    bad = client.patch(here, json={"changes": [{"op": "remove", "path": "slots[none]"}]}, headers={"If-Match": '"2"'})
    assert (bad.status_code, bad.json()["errors"][0]["pointer"]) == (422, "/changes/0")
    assert [client.get(f"{here}?version={number}").json().get("note") for number in (1, 2, 3)] == ["", "x", None]
    assert client.get(here, headers={"If-None-Match": '"2"'}).status_code == 304
    assert [each["version"] for each in client.get(f"{here}/versions").json()["items"]] == [1, 2]


def test_of_many_who_change_the_same_version_one_succeeds(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    here = make(client, {"dataset_id": make_dataset(service)}).headers["location"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda k: client.patch(here, json={"note": str(k)}, headers={"If-Match": '"1"'}).status_code, range(16)))
    assert sorted(set(answers)) == [200, 412]
    assert answers.count(200) == 1
    assert client.get(here).json()["version"] == 2


def test_changing_a_base_changes_nothing_that_was_built_on_it(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    base = make(client, {"dataset_id": make_dataset(service)}, ONE_SEAT).json()
    built = make(client, {"scenario_id": base["id"]}, name="built").json()
    client.patch(f"/v1/scenarios/{base['id']}", json={"changes": [NO_SEAT]}, headers={"If-Match": '"1"'})
    assert client.get(f"/v1/scenarios/{built['id']}").json() == built
    again = make(client, {"scenario_id": base["id"], "version": 1}, name="built").json()
    assert again["layers"] == built["layers"]
    difference = client.get(f"/v1/scenarios/{built['id']}/diff", params={"with": base["id"]}).json()
    assert {change["path"] for change in difference["changes"]} == {f"{PROMISE}.count", f"{PROMISE}.enabled"}, difference
    assert (len(difference["sentences"]), difference["count"]) == (2, 2)
    redone = make(client, {"scenario_id": built["id"]}, *difference["changes"], name="redone").json()
    assert client.get(f"/v1/scenarios/{redone['id']}/diff", params={"with": base["id"]}).json()["same"] is True


def test_an_archived_scenario_is_read_and_built_on_but_not_changed(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    here = make(client, {"dataset_id": make_dataset(service)}, ONE_SEAT).headers["location"]
    assert [client.delete(here).status_code for _ in range(2)] == [204, 204]
    assert client.get(here).json()["archived_at"]
    assert client.patch(here, json={"note": "x"}, headers={"If-Match": "*"}).json()["code"] == "conflict"
    assert client.get("/v1/scenarios").json()["items"] == []
    assert len(client.get("/v1/scenarios?archived=true").json()["items"]) == 1
    assert make(client, {"scenario_id": here.rsplit("/", 1)[1]}).status_code == 201


def test_bases_that_cannot_be_built_on(service: Service, ask_as: Ask) -> None:
    client, theirs = ask_as("planner"), make_scenario(service, board="theirs")
    faulty = upload(client, {**GOOD, "slots.csv": b"slot_id,openings\nJ1,x\n"}).json()["id"]
    for base, status in (
        ({"dataset_id": "dataset_none"}, 404),
        ({"scenario_id": theirs}, 404),
        ({"scenario_id": make_scenario(service), "version": 9}, 404),
        ({"dataset_id": faulty}, 409),
        ({"dataset_id": faulty, "scenario_id": theirs}, 422),
        ({}, 422),
        ({"dataset_id": faulty, "version": 1}, 422),
    ):
        assert make(client, base).status_code == status, base


def test_a_chain_of_bases_has_an_end(service: Service, ask_as: Ask) -> None:
    client, scenario = ask_as("planner"), make_scenario(service, changes=[ONE_SEAT])
    with service.store.begin() as connection:
        base = base_of(connection, "main", scenario_id=scenario)
        long = Draft("long", base.__class__(base.dataset_id, scenario, 1, base.layers * 50), (ONE_SEAT,))
        scenario = create_scenario(connection, "main", long, "test")
    assert make(client, {"scenario_id": scenario}).status_code == 409


def test_the_documented_example(service: Service, ask_as: Ask) -> None:
    (example,) = NewScenario.model_json_schema()["examples"]
    assert ask_as("planner").post("/v1/scenarios", json=example | {"base": {"dataset_id": make_dataset(service)}}).status_code == 201
