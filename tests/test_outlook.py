"""What is said before anything is solved: never wrong about what cannot be kept, and silent where counting tells nothing."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.layers import Layers
from allocator.named import named
from allocator.outlook import Outlook, outlook
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.solve import solve
from tests.random_worlds import random_problem
from tests.worlds import orders, people, world


def promised(*rules: dict[str, Any], seats: tuple[int, ...] = (2, 2), **tables: Any) -> Outlook:
    facts = world(seekers=tables.pop("seekers", people(4, partner_id="A")), slots=orders(*seats), **tables)
    policy = Policy.from_dict({"constraints": [{"kind": "reservation", **rule} for rule in rules]})
    return outlook(Problem(facts, policy), Layers.of(policy))


def test_a_promise_to_more_people_than_there_are_is_told_and_a_kept_one_is_not() -> None:
    told = promised({"label": "many", "beneficiaries": "partner:A", "count": 3}, seekers=[*people(2, partner_id="A"), {"seeker_id": "X", "partner_id": "B"}])
    assert [(notice.code, notice.labels) for notice in told.notices] == [("few_people", ("many",))]
    assert "3 seats are promised to partner A, but only 2" in told.notices[0].message
    assert promised({"beneficiaries": "partner:A", "count": 4}).notices == []


def test_somebody_who_left_the_pool_with_a_seat_counts_for_a_promise() -> None:
    held = [{"seeker_id": "S1", "partner_id": "A", "status": "placed"}]
    begun = [{"seeker_id": "S1", "slot_id": "J1", "status": "started"}]
    rule = {"beneficiaries": "partner:A", "count": 1}
    assert [notice.code for notice in promised(rule, seekers=held).notices] == ["few_people"]
    assert promised(rule, seekers=held, commitments=begun).notices == []


def test_promises_that_add_up_above_their_seats_are_told_once_and_limits_are_no_promises() -> None:
    first, second = ({"label": label, "beneficiaries": "partner:A", "count": 3} for label in ("one", "two"))
    told = promised(first, second, {"label": "most", "beneficiaries": "partner:A", "count": 4, "mode": "cap"})
    assert [(notice.code, notice.labels) for notice in told.notices] == [("promised_twice", ("one", "two"))]
    assert "add up to 6, 150% of its 4 seats" in told.notices[0].message
    inside = promised(
        {**first, "count": 2, "scope": {"slots": ["J1"]}}, {**second, "count": 2}, {"label": "in", "beneficiaries": "partner:A", "count": 1, "scope": "slot:J1"}
    )
    assert [notice.labels for notice in inside.notices] == [("one", "in"), ("one", "two", "in")]


def test_a_promise_of_what_is_filled_has_no_seats_yet() -> None:
    told = promised({"beneficiaries": "partner:A", "share": 0.5, "denominator": "filled"})
    assert (told.promises[0].promised, told.promises[0].seats, told.notices) == (None, 4, [])


def test_every_rule_is_told_with_why_it_is_there() -> None:
    silent = promised()
    assert {rule.by for rule in silent.rules if rule.section == "goals"} == {"default"}
    assert [rule.name for rule in silent.rules if rule.by == "law"] == ["one_slot_each", "slot_openings"]
    off = promised({"label": "off", "beneficiaries": "partner:A", "count": 9, "enabled": False})
    assert [(rule.name, rule.enabled) for rule in off.rules if rule.by == "policy"] == [("reservation[off]", False)]
    assert (off.promises, off.notices) == ([], [])


@pytest.mark.parametrize("seed", range(12))
def test_what_is_said_to_be_too_few_is_never_kept_by_any_plan(seed: int) -> None:
    """The best plan is never better than what was said before it was looked for."""
    problem = random_problem(seed)
    told = outlook(problem, Layers.of(problem.policy))
    result = solve(problem.scenario, problem.policy, seed=problem.seed)
    short = {label for notice in told.notices if notice.code == "few_people" for label in notice.labels}
    if result.verified:
        filled = {line.label: line.short for line in result.reservations}
        assert all(filled[label] > 0 for label in short)
    assert {promise.label for promise in told.promises} >= short


def test_names_are_those_of_the_tables_with_the_people_and_openings_they_are_about() -> None:
    facts = world(
        seekers=[
            {"seeker_id": "S1", "partner_id": "A", "populations": ["homeless"]},
            {"seeker_id": "S2", "partner_id": "A", "status": "placed"},
            {"seeker_id": "S3"},
        ],
        slots=orders(2, 3, employer_id="E", county_fips="41051", onet_soc="47-2031.00"),
        employers=[{"employer_id": "E", "naics": "623110"}],
        partners=[{"partner_id": "A", "name": "Helpers"}, {"partner_id": "B", "name": "Nobody yet"}],
    )
    told = {what: [(name.code, name.name, name.count) for name in names] for what, names in named(Problem(facts, Policy())).items()}
    assert told["partners"] == [("A", "Helpers", 1), ("B", "Nobody yet", 0)]
    assert told["populations"] == [("homeless", "", 1)]
    assert (told["sectors"], told["occupations"], told["counties"]) == ([("62", "", 5)], [("47-2031", "", 5)], [("41051", "", 5)])
    assert [name for name, _, _ in told["tiers"]] == ["1", "2", "3", "4", "5"]
    assert told["staff"] == []
