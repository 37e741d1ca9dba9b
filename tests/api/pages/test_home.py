"""The first page: what it tells whom, and that a new board is led to its first plan."""

from __future__ import annotations

import httpx2 as httpx

from api.jobs.solving import solve_run
from tests.api.pages.conftest import Asked, Town


def solve_all(client: httpx.Client, town: Town) -> None:
    """Solve what waits on the client's board, here and now."""
    for run in client.get("/v1/runs?status=queued").json()["items"]:
        solve_run(town.service, "worker_of_the_world", run["id"])


def test_the_card_of_the_role_stands_first(asked: Asked) -> None:
    first = {role: asked(role).get("/index.json").json()["order"][0] for role in ("planner", "analyst", "publisher", "viewer", "admin")}
    assert first == {"planner": "scenarios", "analyst": "sweeps", "publisher": "nights", "viewer": "scenarios", "admin": "scenarios"}


def test_scenarios_come_with_their_last_run_and_how_they_differ_from_their_base(town: Town, asked: Asked) -> None:
    whoever_made_them = asked("admin")
    whoever_made_them.headers["Authorization"] = f"Bearer {town.maker}"
    told = {each["name"]: each for each in whoever_made_them.get("/index.json").json()["scenarios"]}
    world = told["world"]
    assert (world["placed"], world["seekers"]) == (3, 4), "of the last run that has a plan"
    assert world["run"]["id"] == town.world.ids["purged_run"], "the last of all"
    assert (told["impossible"]["run"]["outcome"], told["impossible"]["placed"]) == ("infeasible", None)


def test_a_scenario_is_compared_with_the_one_it_is_built_on(town: Town, asked: Asked) -> None:
    client, ids = asked("admin", "compared"), {}
    dataset = client.post("/v1/datasets", files=town.world.upload()).json()["id"]
    ids["base"] = client.post("/v1/scenarios", json={"name": "base", "base": {"dataset_id": dataset}}).json()["id"]
    fewer = [{"op": "set", "path": "slots[J3].openings", "value": 2}]
    ids["changed"] = client.post("/v1/scenarios", json={"name": "changed", "base": {"scenario_id": ids["base"]}, "changes": fewer}).json()["id"]
    before = {each["name"]: each for each in client.get("/index.json").json()["scenarios"]}
    assert (before["changed"]["run"], before["changed"]["difference"], before["changed"]["base"]["name"]) == (None, None, "base")
    for each in ids.values():
        client.post("/v1/runs", json={"scenario_id": each})
    assert client.get("/index.json").json()["counts"]["queued"] == {"n": 2, "more": False}
    solve_all(client, town)
    after = {each["name"]: each for each in client.get("/index.json").json()["scenarios"]}
    assert (after["changed"]["placed"], after["base"]["placed"], after["changed"]["difference"], after["base"]["difference"]) == (4, 3, 1, None)
    client.patch(f"/v1/scenarios/{ids['changed']}", json={"note": "other"}, headers={"If-Match": '"1"'})
    assert [each["changed_since"] for each in client.get("/index.json").json()["scenarios"]] == [True, False]


def test_held_nights_wait_for_somebody(town: Town, asked: Asked) -> None:
    nights = asked("publisher").get("/index.json").json()["nights"]
    assert {each["id"] for each in nights["to_handle"]} >= {town.world.held, town.world.ids["occurrence_id"]}
    assert nights["current"]["id"] == town.world.ids["publication_id"]
    assert [each["name"] for each in nights["schedules"]] == ["World nightly"]


def test_an_empty_board_is_told_where_to_begin_and_readers_are_offered_nothing_they_may_not_do(asked: Asked) -> None:
    planner, viewer = (asked(role, "empty") for role in ("planner", "viewer"))
    assert planner.get("/index.json").json()["steps"] == {"dataset": None, "scenario": None, "run": None}
    assert 'action="/data/demos/portland"' in planner.get("/").text
    assert "<button" in viewer.get("/").text
    assert "/data/demos" not in viewer.get("/").text
    assert asked("admin").get("/index.json").json()["steps"] is None


def test_whoever_is_not_logged_in_is_led_to_the_login_and_back(town: Town) -> None:
    answer = httpx.get(f"{town.address}/", trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")


def test_saved_studies_lead_back_to_the_page_as_it_was(town: Town, asked: Asked) -> None:
    planner = asked("planner")
    told = planner.get("/index.json").json()["studies"]
    assert {(each["title"], each["kind"]) for each in told} >= {("What seats for partners cost", "tradeoff"), ("Before and after", "comparison")}
    page = planner.get("/").text
    for each in told:
        assert f'href="{each["address"].replace("&", "&amp;")}"' in page, each["title"]
        assert planner.get(each["address"]).status_code == 200, each["title"]
    tradeoff = next(each for each in told if each["kind"] == "tradeoff")
    assert tradeoff["address"] == f"/tradeoffs/{town.world.ids['sweep_id']}?at=0.24"


def test_a_study_of_another_board_is_not_listed(asked: Asked) -> None:
    assert asked("planner", "empty").get("/index.json").json()["studies"] == []
