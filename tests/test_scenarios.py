"""The committed scenarios: what their READMEs say is what the program computes."""

import importlib.util
import itertools
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from allocator.policy import Policy
from allocator.read import read_scenario
from allocator.result import Result
from allocator.scenario import Scenario
from allocator.solve import solve

FOLDER = Path(__file__).parent.parent / "scenarios"
EXPECTED = {
    (name, policy): golden
    for name in ("paper", "conflict", "portland")
    for policy, golden in json.loads((FOLDER / name / "expected.json").read_text("utf-8")).items()
}


def document(name: str, policy: str = "policy.toml") -> dict[str, Any]:
    return tomllib.loads((FOLDER / name / policy).read_text("utf-8"))


@cache
def scenario(name: str) -> Scenario:
    return read_scenario(FOLDER / name)


@cache
def solved(name: str, policy: str = "policy.toml") -> Result:
    return solve(scenario(name), Policy.from_dict(document(name, policy)))


def plan(result: Result) -> dict[str, str]:
    return dict(zip(result.assignments["seeker_id"], result.assignments["slot_id"], strict=True))


def said(name: str, *figures: str) -> None:
    """The README says so."""
    text = " ".join((FOLDER / name / "README.md").read_text("utf-8").split())
    missing = [figure for figure in figures if figure not in text]
    assert not missing


@pytest.mark.parametrize("name", ["paper", "conflict", "portland"])
def test_tables_have_no_faults_and_no_warnings(name: str) -> None:
    assert scenario(name).warnings == ()


@pytest.mark.parametrize(("name", "policy"), EXPECTED)
def test_golden_values(name: str, policy: str) -> None:
    result, golden = solved(name, policy), EXPECTED[name, policy]
    assert result.status == golden["status"]
    assert result.warnings == []
    assert [{"kind": goal.kind, "label": goal.label, "value": goal.value} for goal in result.goals] == golden["goals"]
    assert [{key: getattr(bend, key) for key in ("name", "promised", "possible", "short", "unit")} for bend in result.bends] == golden.get("bends", [])


# -- paper ----------------------------------------------------------------------------------------------------------

PARTNERS = {"P1", "P2"}


def matchings() -> Iterator[dict[str, str]]:
    """Every plan there is: each seat empty or held by somebody who may, nobody twice."""
    pairs = scenario("paper").tables["pairs"]
    holders = [[None, *pairs.loc[pairs["slot_id"] == slot, "seeker_id"]] for slot in "ABC"]
    for held in itertools.product(*holders):
        people = [person for person in held if person is not None]
        if len(set(people)) == len(people):
            yield {person: slot for person, slot in zip(held, "ABC", strict=True) if person is not None}


def points(assigned: dict[str, str]) -> float:
    score = scenario("paper").tables["pairs"].set_index(["seeker_id", "slot_id"])["score"]
    return float(sum(score.loc[pair] for pair in assigned.items()))


def members(assigned: dict[str, str]) -> int:
    return len(PARTNERS & assigned.keys())


@pytest.mark.parametrize(
    ("policy", "value", "seats", "allowed"),
    [
        ("no_reservation.toml", 245, {"P1": "A", "Q1": "B", "Q2": "C"}, lambda held: len(held) >= 0),
        ("policy.toml", 170, {"P2": "A", "Q1": "B", "P1": "C"}, lambda held: members(held) >= 2),
        ("set_aside.toml", 185, {"P1": "A", "Q1": "B"}, lambda held: len(held) - members(held) <= 1),
        ("over_and_above.toml", 170, {"P2": "A", "Q1": "B", "P1": "C"}, lambda held: members(held) >= 1 + 1),
    ],
)
def test_paper_each_reading_by_hand(policy: str, value: float, seats: dict[str, str], allowed: Any) -> None:
    result = solved("paper", policy)
    assert plan(result) == seats
    assert result.goal("match_quality").value == value
    best = sorted((held for held in matchings() if allowed(held)), key=points)[-2:]
    assert best[-1] == seats
    assert points(best[-1]) == value
    assert len(best) == 1 or points(best[0]) < value, "no other plan is as good"


def test_paper_the_merit_count_is_what_one_open_seat_gives() -> None:
    rule = next(rule for rule in solved("paper", "over_and_above.toml").policy.constraints if rule.kind == "reservation")
    assert getattr(rule, "merit_count", None) == (1,)
    best = max((held for held in matchings() if len(held) <= 2), key=points)
    assert (best, points(best)) == ({"P1": "A", "Q1": "B"}, 185)


def test_paper_promises_as_reported() -> None:
    lines = {policy: solved("paper", policy).reservations[0] for policy in ("policy.toml", "set_aside.toml", "over_and_above.toml")}
    assert [(line.promised, line.filled, line.short) for line in lines.values()] == [(2, 2, 0), (2, 1, 1), (2, 2, 0)]


@pytest.mark.parametrize(("policy", "value", "people"), [("policy.toml", 245, 1), ("set_aside.toml", 245, 1), ("over_and_above.toml", 170, 2)])
def test_paper_one_seat_promised(policy: str, value: float, people: int) -> None:
    wishes = document("paper", policy)
    wishes["constraints"][0]["count"] = 1
    result = solve(scenario("paper"), Policy.from_dict(wishes))
    assert (result.goal("match_quality").value, members(plan(result))) == (value, people)


def test_paper_placements_first_fills_the_seat_that_was_set_aside() -> None:
    wishes = document("paper", "set_aside.toml")
    wishes["goals"].insert(0, {"kind": "placements"})
    result = solve(scenario("paper"), Policy.from_dict(wishes))
    assert (result.placed, result.goal("match_quality").value) == (3, 170)


def test_paper_readme_says_what_is_computed() -> None:
    said("paper", "**245**", "= **170**", "= **185**", "= 155", "shortfall **0**", "245 - 170 = 75", "n + q = 1 + 2 = 3", "(185), so n = 1")


def test_paper_two_seats_over_and_above_are_impossible_by_one() -> None:
    wishes = document("paper", "over_and_above.toml")
    wishes["constraints"][0]["count"] = 2
    result = solve(scenario("paper"), Policy.from_dict(wishes))
    assert (result.status, [(bend.promised, bend.possible, bend.short) for bend in result.bends]) == ("infeasible", [(3, 2, 1)])


# -- conflict -------------------------------------------------------------------------------------------------------


def test_conflict_the_policy_fits_once_the_promise_bends() -> None:
    wishes = document("conflict")
    wishes["constraints"][0]["count"] = 2
    result = solve(scenario("conflict"), Policy.from_dict(wishes))
    assert (result.status, result.placed, result.goal("match_quality").value) == ("optimal", 5, 375)
    assert sorted(person[0] for person in plan(result)) == ["A", "A", "B", "B", "B"]
    said("conflict", "**three seats for the north**", "asked for **3**, possible **2**, short by **1**", "with 375 points")


# -- portland -------------------------------------------------------------------------------------------------------


def test_portland_readme_says_what_is_computed() -> None:
    result = solved("portland", "policy.toml")
    assert (result.placed, result.reverse_referrals) == (219, 6)
    standings = {
        line.label: (line.promised, line.filled, line.short) for line in result.reservations if not line.beneficiaries.startswith("population homeless or")
    }
    assert standings["refugees and immigrants"] == (8, 2, 6)
    assert standings["young parents"] == (6, 4, 2)
    assert standings["homeless"] == (28, 28, 0)
    assert standings["partners in health care"] == (26, 26, 0)
    assert standings["westside partners"] == (12, 12, 0)
    kept = ("aligned partners", "single parents in technology", "carpenters from foster care", "housing authority at most")
    assert all(standings[label][2] == 0 for label in kept)
    full = {line.key for line in result.rules if line.kind == "staff_capacity" and line.slack == 0}
    assert full >= {"COACH-CBO3", "LIAISON-CENTRAL", "BSR-2", "BSR-3"}
    said("portland", "**219 people are placed**", "11, 127, 7, 31, 43", "12,680.24 points", "213 do", "**short 6, for want of staff**")


def test_portland_is_what_its_generator_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("portland_generate", FOLDER / "portland" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write(tmp_path / "again")
    made = {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}
    committed = {file.name: file.read_bytes() for file in (FOLDER / "portland").iterdir() if file.suffix == ".csv" or file.name == "scenario.toml"}
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == []


def test_portland_follows_the_published_totals() -> None:
    tables = scenario("portland").tables
    seekers = tables["seekers"]
    ours = seekers[seekers["partner_id"].notna()]
    assert (len(seekers), len(ours), int(ours["ojt_workshop_date"].notna().sum())) == (1200, 306, 229)
    assert tables["partners"]["partner_type"].value_counts().to_dict() == {
        "cbo": 8, "small_cbo": 5, "housing_authority": 1, "human_services": 1, "county_housing": 1,
    }  # fmt: skip
    assert tables["centers"]["center_type"].value_counts().to_dict() == {"comprehensive": 5, "express": 2}
    assert set(tables["centers"]["county_fips"]) == {"41051", "41067"}
    coaches = tables["staff"][tables["staff"]["role"] == "career_coach"]
    assert set(coaches["capacity"]) == {40}
    accounts = tables["employers"]["staff_id"].value_counts()
    assert accounts.between(28, 60).all()
    size = sum(file.stat().st_size for file in (FOLDER / "portland").iterdir() if file.is_file())
    assert size < 1_000_000
