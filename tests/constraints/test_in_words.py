"""What each rule calls its rows where people read of them."""

from __future__ import annotations

from typing import Any

import pytest

from allocator.constraints.base import Constraint
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.registry import discover
from tests.worlds import orders, people, world

PROBLEM = Problem(world(seekers=people(1), slots=orders(1)), Policy.from_dict({}))
NORTH = {"beneficiaries": "partner:N"}


@pytest.mark.parametrize(
    ("kind", "parameters", "key", "words"),
    [
        ("budget", {"available": 10}, "", "the budget of all slots"),
        ("budget", {"available": 10, "funding_stream": "snap_et"}, "", "the money of funding stream snap_et"),
        ("business_target", {"goal": 3}, "goal", "the goal for all slots"),
        ("business_target", {"maximum": 3, "label": "health care"}, "maximum", 'the maximum "health care"'),
        ("change_limit", {"at_most": 3}, "", "the limit on how many people may move"),
        ("commitments", {}, "S1 at J1", "S1 at J1"),
        ("employer_limit", {"at_most": 3}, "E1", "the room for trainees at E1"),
        ("one_slot_each", {}, "S1", "one slot at most for S1"),
        ("one_slot_each", {}, "most slots held by one seeker", "one slot at most for each"),
        ("pins", {}, "the pin fixing S1 at J1", "the pin fixing S1 at J1"),
        ("reservation", NORTH | {"count": 1}, "", "the promise to partner N"),
        ("reservation", NORTH | {"count": 1, "mode": "cap"}, "", "the limit on partner N"),
        ("reservation", NORTH | {"count": 1, "label": "north"}, "released to partner M", 'the promise "north", released to partner M'),
        ("reverse_referral_cap", {"at_most": 3}, "", "the limit on reverse referrals"),
        ("slot_openings", {}, "J1", "the number of openings at J1"),
        ("slot_openings", {}, "all openings", "the number of openings"),
        ("staff_capacity", {"label": "coaches"}, "ANN", "the staff time of ANN"),
    ],
)
def test_a_row_is_called_as_people_call_it(kind: str, parameters: dict[str, Any], key: str, words: str) -> None:
    rule = discover("constraints")[kind].model_validate({"kind": kind, "label": kind, **parameters})
    assert isinstance(rule, Constraint)
    assert rule.in_words(PROBLEM, key) == words


def test_every_rule_has_words_of_its_own() -> None:
    assert [kind for kind, rule in discover("constraints").items() if "in_words" not in vars(rule)] == []
