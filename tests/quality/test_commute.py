import numpy as np

from allocator.eligibility.commute import Commute
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.quality import commute
from allocator.quality.base import UNKNOWN_FIT
from tests.worlds import world

MULTNOMAH, WASHINGTON, CLARK = "41051", "41067", "53011"


def fit(home, site, minutes=None, limit=None, rules=()):
    """Score of a seeker and a slot in these counties, `minutes` apart."""
    journeys = [] if minutes is None else [{"from_zip": "97201", "to_zip": "97005", "minutes": minutes}]
    facts = world(
        seekers=[{"seeker_id": "S1", "county_fips": home, "zip": "97201", "max_commute_min": limit}],
        slots=[{"slot_id": "J1", "openings": 1, "county_fips": site, "zip": "97005"}],
        commutes=journeys,
    )
    return int(commute.score(Problem(facts, Policy(eligibility=rules)), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))[0])


def test_points_fall_evenly_from_a_quarter_of_an_hour_to_an_hour():
    assert [fit(CLARK, WASHINGTON, minutes) for minutes in (0, 15, 24, 37, 60, 90)] == [10_000, 10_000, 8_000, 5_111, 0, 0]


def test_a_seeker_who_would_travel_longer_is_measured_by_that():
    assert fit(MULTNOMAH, MULTNOMAH, 60, limit=105) == 5_000
    assert fit(MULTNOMAH, MULTNOMAH, 105, limit=105) == 0


def test_a_shorter_limit_does_not_change_the_scale():
    assert fit(MULTNOMAH, MULTNOMAH, 24, limit=30) == 8_000


def test_counties_stand_in_for_minutes():
    assert fit(MULTNOMAH, MULTNOMAH) == 10_000
    assert fit(MULTNOMAH, WASHINGTON) == 5_000
    assert fit(CLARK, WASHINGTON) == 0


def test_unknown_where_neither_minutes_nor_counties_are_known():
    assert fit(None, WASHINGTON) == UNKNOWN_FIT
    assert fit(MULTNOMAH, None) == UNKNOWN_FIT
    assert fit(None, None, 15) == 10_000


def test_the_commute_rule_draws_the_map():
    assert fit(CLARK, WASHINGTON, rules=(Commute(adjacent=((WASHINGTON, CLARK),)),)) == 5_000
    assert fit(MULTNOMAH, WASHINGTON, rules=(Commute(adjacent=((WASHINGTON, CLARK),)),)) == 0
