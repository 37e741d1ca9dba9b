from datetime import timedelta

import numpy as np

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.quality import waiting
from allocator.quality.base import UNKNOWN_FIT
from tests.worlds import TODAY, world


def fit(seeker, slot=None):
    """Score of one pair."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **(slot or {})}])
    return int(waiting.score(Problem(facts, Policy(eligibility=())), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))[0])


def waited(days):
    return fit({"pool_entry_date": TODAY - timedelta(days=days)})


def test_every_day_counts_the_same_up_to_half_a_year():
    assert [waited(days) for days in (0, 1, 45, 90, 179, 180, 700)] == [0, 56, 2_500, 5_000, 9_944, 10_000, 10_000]


def test_unknown_where_the_day_is_not_recorded_or_still_ahead():
    assert fit({"pool_entry_date": None}) == UNKNOWN_FIT
    assert fit({}) == UNKNOWN_FIT
    assert waited(-1) == UNKNOWN_FIT


def test_the_slot_does_not_matter():
    facts = world(seekers=[{"seeker_id": "S1", "pool_entry_date": TODAY}, {"seeker_id": "S2", "pool_entry_date": TODAY - timedelta(days=18)}])
    one = np.array([1, 0, 1], dtype=np.int32)
    assert waiting.score(Problem(facts, Policy(eligibility=())), one, np.array([5, 6, 7], dtype=np.int32)).tolist() == [1_000, 0, 1_000]
