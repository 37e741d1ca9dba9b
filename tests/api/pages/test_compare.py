"""Runs side by side as their readers see them: what the twin tells is what the API tells, and the address keeps it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages.rule_names import rule_name
from tests.api.pages.conftest import Town
from tests.api.pages.sweep_states import COUNT


@pytest.fixture(scope="module")
def planner(town: Town) -> Iterator[TestClient]:
    """A planner's client, without redirects."""
    with TestClient(create_app(town.service.settings)) as web:
        yield TestClient(web.app, headers={"Authorization": f"Bearer {town.secret('planner')}"}, follow_redirects=False)


def test_figures_rules_and_people_are_those_of_the_api(town: Town, planner: TestClient) -> None:
    base, other = town.world.ids["run_id"], town.world.ids["free_run"]
    page = planner.get("/compare.json", params={"base": base, "with": other}).json()
    told = planner.get("/v1/comparisons", params={"base": base, "with": other}).json()["comparisons"][0]
    assert [line["name"] for line in page["figures"]] == ["People placed", *(rule_name(goal["kind"], goal["label"]) for goal in told["goals"])]
    for line, goal in zip(page["figures"][1:], told["goals"], strict=True):
        assert (line["base"], line["sides"][0]["value"], line["sides"][0]["verdict"]) == (goal["base"], goal["other"], goal["verdict"])
    assert len(page["rules"]) == len(told["rules"])
    side = page["others"][0]
    assert side["flow"] == told["flow"]
    assert side["people"] == [each for each in told["people"] if each["change"] != "same"]
    assert side["people"], "the two runs of the world differ"
    assert {each["place"] for each in side["inputs"]["policy"]} >= {COUNT}
    moved = sum(map(sum, side["matrix"]["counts"]))
    assert moved == sum(each["people"] for each in told["matrix"] if each["from"] != each["to"])


def test_only_differences_leaves_out_what_is_the_same(town: Town, planner: TestClient) -> None:
    asked = {"base": town.world.ids["run_id"], "with": town.world.second_run}
    told = planner.get("/compare.json", params={**asked, "only": "1"}).json()
    assert told["figures"] == told["rules"] == []
    page = planner.get("/compare", params={**asked, "only": "1"}).text
    assert page.count("Nothing differs.") == 2
    assert planner.get("/compare.json", params=asked).json()["figures"]


def test_a_run_is_named_once_and_five_beside_the_base_at_most(town: Town, planner: TestClient) -> None:
    base, other = town.world.ids["run_id"], town.world.second_run
    told = planner.get("/compare.json", params=[("base", base), ("with", base), ("with", ""), ("with", other), ("with", other)]).json()
    assert told["chosen"] == [other]
    assert planner.get("/compare.json", params={"base": base}).json()["base"] is None
    assert planner.get("/compare.json", params={"base": base, "with": "run_0"}).status_code == 404


def test_people_come_a_piece_at_a_time_by_what_happens_to_them(town: Town, planner: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.pages.compare.PIECE", 2)
    other = town.world.second_run
    asked = {"base": town.world.ids["run_id"], "with": other, "people": other, "change": "same"}
    first = planner.get("/compare.json", params=asked).json()["others"][0]
    second = planner.get("/compare.json", params={**asked, "piece": "1"}).json()["others"][0]
    assert (len(first["people"]), len(second["people"]), first["count"]) == (2, 1, 3)
    assert {each["change"] for each in first["people"] + second["people"]} == {"same"}
    assert planner.get("/compare", params={**asked, "piece": "9"}).status_code == 200


def test_fairness_is_told_to_whom_it_may_be_told(town: Town, planner: TestClient) -> None:
    asked = {"base": town.world.ids["run_id"], "with": town.world.second_run, "fair": "1"}
    told = planner.get("/compare.json", params=asked).json()
    assert (told["may_fair"], told["others"][0]["equity"]) == (False, None)
    assert "sex" not in planner.get("/compare", params=asked).text
    analyst = TestClient(planner.app, headers={"Authorization": f"Bearer {town.secret('analyst')}"})
    lines = analyst.get("/compare.json", params=asked).json()["others"][0]["equity"]["lines"]
    assert {line["attribute"] for line in lines} == {"sex"}
    assert all(line[plan]["rate"] is None for line in lines for plan in ("before", "after")), "four people are too few to tell"


def test_a_comparison_is_kept_and_leads_back(town: Town, planner: TestClient) -> None:
    runs = [town.world.ids["run_id"], town.world.second_run, town.world.infeasible_run]
    kept = planner.post("/compare", data={"runs": runs, "only": "1", "title": "Three", "once": "c"})
    assert kept.status_code == 303, kept.text
    told = planner.get(kept.headers["location"].replace("?", ".json?")).json()
    assert [told["base"]["name"], *told["chosen"]] == runs
    assert told["only"] is True
    assert "Three" in [each["title"] for each in planner.get("/compare.json").json()["studies"]]
    assert planner.post(f"/studies/{told['saved']}/delete").headers["location"] == "/compare"


def test_a_study_without_a_title_is_refused_beside_what_it_was_about(town: Town, planner: TestClient) -> None:
    runs = [town.world.ids["run_id"], town.world.second_run]
    refused = planner.post("/compare", params={"base": runs[0], "with": runs[1]}, data={"runs": runs, "title": ""})
    assert refused.status_code == 422
    assert "What was asked differently" in refused.text


def test_a_comparison_is_taken_along_as_csv(town: Town, planner: TestClient) -> None:
    base, other = town.world.ids["run_id"], town.world.ids["free_run"]
    link = planner.get("/compare.json", params={"base": base, "with": other}).json()["csv"]
    answer = planner.get(link)
    assert answer.headers["content-type"].startswith("text/csv")
    people = planner.get("/v1/comparisons", params={"base": base, "with": other}).json()["comparisons"][0]["people"]
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["seeker_id"], line["change"], line["to"]) for line in lines] == [(each["seeker_id"], each["change"], each["to"] or "") for each in people]
    assert {(line["base"], line["run"]) for line in lines} == {(base, other)}
    assert planner.get("/v1/comparisons", params={"base": base, "with": other}, headers={"Accept": "text/csv"}).text == answer.text
    assert planner.get("/v1/comparisons", params={"base": base, "with": other, "format": "xlsx"}).status_code == 422
