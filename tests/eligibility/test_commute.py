import numpy as np
import pytest

from allocator.eligibility.commute import Commute
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world

MULTNOMAH, WASHINGTON, CLACKAMAS, CLARK = "41051", "41067", "41005", "53011"


def said(home, site, rule=Commute(), minutes=None, **seeker):
    """What the rule says of a seeker and a slot in these counties, `minutes` apart."""
    tables = {} if minutes is None else {"commutes": [{"from_zip": "97201", "to_zip": "97005", "minutes": minutes}]}
    facts = world(
        seekers=[{"seeker_id": "S1", "county_fips": home, "zip": "97201", **seeker}],
        slots=[{"slot_id": "J1", "openings": 1, "county_fips": site, "zip": "97005"}],
        **tables,
    )
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_the_same_county_is_within_reach_and_an_adjacent_one_only_where_the_rule_says_so():
    assert said(MULTNOMAH, MULTNOMAH, Commute(reach="county")) == []
    assert said(MULTNOMAH, WASHINGTON, Commute(reach="county")) == ["S1 lives in county 41051 and J1 is in county 41067; the same county only."]
    assert said(MULTNOMAH, WASHINGTON, Commute(reach="adjacent")) == []


def test_a_county_beyond_the_next_is_out_of_reach_unless_any_is():
    assert said(CLARK, WASHINGTON) == ["S1 lives in county 53011 and J1 is in county 41067; the same or an adjacent county only."]
    assert said(CLARK, WASHINGTON, Commute(reach="any")) == []


@pytest.mark.parametrize(("one", "other", "touch"), [
    (MULTNOMAH, WASHINGTON, True), (MULTNOMAH, CLACKAMAS, True), (MULTNOMAH, CLARK, True),
    (WASHINGTON, CLACKAMAS, True), (WASHINGTON, CLARK, False), (CLACKAMAS, CLARK, False),
])  # fmt: skip
def test_the_map_of_the_region(one, other, touch):
    assert (said(one, other) == []) is touch
    assert (said(other, one) == []) is touch


def test_a_map_of_ones_own():
    assert said("06001", "06075", Commute(adjacent=(("06001", "06075"),))) == []
    assert said(MULTNOMAH, WASHINGTON, Commute(adjacent=(("06001", "06075"),))) != []


def test_an_unknown_county_refuses_nobody():
    assert said(None, MULTNOMAH) == []
    assert said(MULTNOMAH, None) == []


def test_known_minutes_go_before_counties():
    assert said(CLARK, WASHINGTON, minutes=40, max_commute_min=40) == []
    assert said(MULTNOMAH, MULTNOMAH, minutes=41, max_commute_min=40) == ["S1 would travel 41 minutes to J1; 40 at most."]
    assert said(MULTNOMAH, MULTNOMAH, Commute(reach="any"), minutes=41, max_commute_min=40) != []


def test_minutes_without_a_limit_leave_it_to_the_counties():
    assert said(CLARK, WASHINGTON, minutes=10) != []
    assert said(MULTNOMAH, WASHINGTON, minutes=300) == []


def test_many_pairs_at_once_find_their_own_journeys():
    zips = ["97201", "97005", "98660", None]
    journeys = [("97005", "97201", 20), ("97201", "97005", 30), ("97201", "97201", 5), ("98660", "97201", 50), ("99999", "97201", 1)]
    facts = world(
        seekers=[{"seeker_id": f"S{k}", "zip": code, "max_commute_min": 25, "county_fips": CLARK} for k, code in enumerate(zips)],
        slots=[{"slot_id": f"J{k}", "openings": 1, "zip": code, "county_fips": WASHINGTON} for k, code in enumerate(["97005", "97201"])],
        commutes=[{"from_zip": home, "to_zip": site, "minutes": count} for home, site, count in journeys],
    )
    one, other = np.repeat(np.arange(4, dtype=np.int32), 2), np.tile(np.arange(2, dtype=np.int32), 4)
    # From 97201: 30 and 5 minutes; from 97005: none and 20; from 98660: none and 50; unknown: none. Without minutes: Clark to Washington.
    expected = [False, True, False, True, False, False, False, False]
    assert Commute().mask(Problem(facts, Policy(eligibility=())), one, other).tolist() == expected


def test_counties_that_the_map_does_not_know_are_told():
    facts = world(seekers=[{"seeker_id": "S1", "county_fips": "06001"}], slots=[{"slot_id": "J1", "openings": 1, "county_fips": "06075"}])
    problem = Problem(facts, Policy(eligibility=()))
    (fault,) = Commute().faults(problem)
    assert (fault.code, fault.severity) == ("no_adjacent_counties", "warning")
    assert "06001, 06075" in fault.message
    assert list(Commute(reach="county").faults(problem)) == []
    assert list(Commute(adjacent=(("06075", "06001"),)).faults(problem)) == []
