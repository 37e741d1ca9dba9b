"""What decided about people without a slot: kept with the names of rules, read in words."""

from __future__ import annotations

import re

import pytest

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.reference import every_rule
from allocator.report_tables.decided import decided
from allocator.wording import REFUSED
from tests.explained import NAMES, explained
from tests.worlds import orders, people, world

PROMISES = {
    "constraints": [
        {"kind": "staff_capacity"},
        {"kind": "reservation", "beneficiaries": "partner:N", "count": 1},
        {"kind": "reservation", "label": "north", "beneficiaries": "partner:N", "count": 1},
    ]
}
PROBLEM = Problem(world(seekers=people(1), slots=orders(1), partners=[{"partner_id": "N"}]), Policy.from_dict(PROMISES))


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("workshop refuses 1880; reserved_hold[north] refuses 3", 'refused for the OJT workshop (1,880), seats held for a promise "north" (3)'),
        ("J1 is open, but staff_capacity[K] is at its limit", "J1 is open, but the staff time of K stands in the way"),
        ("J1 is open, but reservation is at its limit", "J1 is open, but the promise to partner N stands in the way"),
        ("J1 is open, but reservation[north] is at its limit", 'J1 is open, but the promise "north" stands in the way'),
        ("J1 is open, but reservation[north][released to all] is at its limit", 'J1 is open, but the promise "north", released to all stands in the way'),
        ("J1 is open, but something[else] is at its limit", "J1 is open, but something[else] stands in the way"),
        ("all 3 eligible slots are full", "all 3 eligible slots are full"),
        ("", ""),
    ],
)
def test_names_become_words_and_all_else_stays(detail: str, words: str) -> None:
    assert decided(PROBLEM, [detail, detail]) == [words, words]


def test_no_name_of_the_policy_is_left_in_random_worlds() -> None:
    worlds = [made[0] for seed in range(80_000, 80_012) if (made := explained(seed)) is not None]
    told = {words for opened in worlds for words in decided(opened.problem, opened.result.unplaced.detail)}
    assert all(any(kind in words for words in told) for kind in ("refused for", "stands in the way", "full"))
    assert [words for words in told if re.search(NAMES, words)] == []


def test_every_eligibility_rule_has_words_for_what_it_refuses() -> None:
    assert set(REFUSED) == {page.kind for page in every_rule() if page.section == "eligibility"}
