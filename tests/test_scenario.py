"""A scenario: arrays aligned with its tables, unknown never zero, and a digest of the facts alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from allocator.scenario import NO, UNKNOWN, YES, Scenario
from tests.worlds import TODAY, frame, orders, people, world

SEEKERS = [
    {"seeker_id": "S2", "partner_id": "P1", "populations": ("homeless", "veteran"), "veteran": True, "wage_floor": 15.5, "max_commute_min": 30},
    {"seeker_id": "S1", "pool_entry_date": date(2026, 1, 2), "veteran": False},
    {"seeker_id": "S3", "partner_id": "P0", "populations": ("homeless",)},
]
FACTS = world(seekers=SEEKERS, slots=orders(2, 1), partners=[{"partner_id": "P1"}, {"partner_id": "P2"}])


def test_records_are_in_the_order_of_their_keys() -> None:
    assert FACTS.ids("seekers").tolist() == ["S1", "S2", "S3"]
    assert [FACTS.position("seekers", one) for one in ("S3", "S9")] == [2, -1]
    assert FACTS.positions("seekers", ["S2", "S9", None]).tolist() == [1, -1, -1]


def test_text_as_codes() -> None:
    partner = FACTS.coded("seekers", "partner_id")
    assert partner.values == ("P0", "P1")
    assert partner.codes.tolist() == [-1, 1, 0]
    assert [partner.text(k) for k in range(3)] == [None, "P1", "P0"]
    assert (partner.code("P1"), partner.code("P9")) == (1, -2)


def test_lists() -> None:
    populations = FACTS.lists("seekers", "populations")
    assert [populations.at(k) for k in range(3)] == [(), ("homeless", "veteran"), ("homeless",)]
    assert populations.any_of(frozenset({"veteran"})).tolist() == [False, True, False]


def test_unknown_is_not_zero_and_not_no() -> None:
    assert FACTS.flags("seekers", "veteran").tolist() == [NO, YES, UNKNOWN]
    assert np.isnan(FACTS.numbers("seekers", "wage_floor")).tolist() == [True, False, True]
    assert FACTS.integers("seekers", "max_commute_min").tolist() == [-1, 30, -1]
    assert FACTS.days("seekers", "pool_entry_date").astype(str).tolist() == ["2026-01-02", "NaT", "NaT"]


def test_absent_columns_have_their_default() -> None:
    assert FACTS.coded("seekers", "status").text(0) == "active"
    assert FACTS.numbers("slots", "reimbursement_rate").tolist() == [0.5, 0.5]
    assert FACTS.coded("slots", "shift").codes.tolist() == [-1, -1]
    assert FACTS.lists("seekers", "skills").at(2) == ()
    assert FACTS.flags("seekers", "low_income").tolist() == [UNKNOWN] * 3
    assert np.isnat(FACTS.days("slots", "fill_by")).all()
    assert FACTS.integers("slots", "training_hours", unknown=-7).tolist() == [-7, -7]
    assert FACTS.link("seekers", "center_id").tolist() == [-1] * 3


def test_blanks_in_a_column_with_a_default_have_the_default_too() -> None:
    facts = world(
        seekers=people(1), slots=[*orders(1, 1, origin="seeker_first")[:1], {"slot_id": "J2", "openings": 1, "origin": None, "reimbursement_rate": None}]
    )
    assert [facts.coded("slots", "origin").text(k) for k in range(2)] == ["seeker_first", "business_first"]
    assert facts.numbers("slots", "reimbursement_rate").tolist() == [0.5, 0.5]


def test_links_lead_to_records() -> None:
    assert FACTS.link("seekers", "partner_id").tolist() == [-1, 0, -1]


def test_demographics_cannot_be_seen() -> None:
    facts = world(seekers=people(1), slots=orders(1), demographics=[{"seeker_id": "S1", "sex": "F"}])
    for look in (facts.coded, facts.lists, facts.flags, facts.days, facts.numbers, facts.integers, facts.link):
        with pytest.raises(PermissionError, match="equity report only"):
            look("demographics", "sex")


def test_the_digest_is_of_the_facts_alone() -> None:
    same = world(seekers=list(reversed(SEEKERS)), slots=orders(2, 1), partners=[{"partner_id": "P2"}, {"partner_id": "P1"}], name="another name")
    assert same.digest == FACTS.digest
    for other in (
        world(seekers=SEEKERS, slots=orders(2, 2), partners=[{"partner_id": "P1"}, {"partner_id": "P2"}]),
        world(seekers=SEEKERS, slots=orders(2, 1)),
        world(seekers=SEEKERS, slots=orders(2, 1), partners=[{"partner_id": "P1"}, {"partner_id": "P2"}], as_of=date(2026, 11, 3)),
    ):
        assert other.digest != FACTS.digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"wage_floor": None}, {"wage_floor": 0.0}),
        ({"veteran": None}, {"veteran": False}),
        ({"zip": "1", "partner_id": None}, {"zip": None, "partner_id": "1"}),
        ({"max_commute_min": None}, {"max_commute_min": 0}),
    ],
)
def test_unknown_and_zero_have_different_digests(one: dict[str, object], other: dict[str, object]) -> None:
    assert world(seekers=people(1, **one), slots=orders(1)).digest != world(seekers=people(1, **other), slots=orders(1)).digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a\x1fb", "c"], ["a", "b\x1fc"]),
        (["ab", "c"], ["a", "bc"]),
    ],
)
def test_texts_that_run_into_each_other_have_different_digests(one: list[str], other: list[str]) -> None:
    def facts(names: list[str]) -> Scenario:
        return world(seekers=people(1), slots=orders(1), partners=[{"partner_id": f"P{k}", "name": name} for k, name in enumerate(names)])

    assert facts(one).digest != facts(other).digest


def test_a_scenario_without_some_table() -> None:
    assert not FACTS.has("pairs")
    assert FACTS.has("seekers", "veteran")
    assert not FACTS.has("seekers", "zip")
    assert FACTS.size("pairs") == 0
    assert FACTS.ids("staff").tolist() == []


def test_empty_tables_are_kept() -> None:
    facts = Scenario.of({"seekers": frame("seekers", people(1)), "pairs": frame("pairs", [])}, as_of=TODAY)
    assert facts.has("pairs")
    assert facts.size("pairs") == 0
