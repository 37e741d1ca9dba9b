import numpy as np

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.quality import wage
from allocator.quality.base import UNKNOWN_FIT
from tests.worlds import world


def fit(seeker, slot=None):
    """Score of one pair."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **(slot or {})}])
    return int(wage.score(Problem(facts, Policy(eligibility=())), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))[0])


def test_nothing_at_the_floor_and_full_at_half_as_much_again():
    assert [fit({"wage_floor": 20.0}, {"wage": wage}) for wage in (18.0, 20.0, 22.0, 25.0, 30.0, 45.0)] == [0, 0, 2_000, 5_000, 10_000, 10_000]


def test_cents_count():
    assert fit({"wage_floor": 18.0}, {"wage": 19.0}) == 1_111
    assert fit({"wage_floor": 18.0}, {"wage": 20.0}) == 2_222
    assert fit({"wage_floor": 18.1}, {"wage": 18.11}) == 11


def test_unknown_where_either_is():
    assert fit({"wage_floor": None}, {"wage": 20.0}) == UNKNOWN_FIT
    assert fit({"wage_floor": 20.0}, {"wage": None}) == UNKNOWN_FIT
    assert fit({}) == UNKNOWN_FIT


def test_a_floor_of_zero_is_met_in_full():
    assert fit({"wage_floor": 0.0}, {"wage": 15.0}) == 10_000
    assert fit({"wage_floor": 0.0}, {"wage": 0.0}) == 0


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "wage_floor": 20.0}, {"seeker_id": "S2"}],
        slots=[{"slot_id": "J1", "openings": 1, "wage": 21.0}, {"slot_id": "J2", "openings": 1, "wage": 40.0}],
    )
    one, other = np.array([1, 0, 0], dtype=np.int32), np.array([1, 1, 0], dtype=np.int32)
    assert wage.score(Problem(facts, Policy(eligibility=())), one, other).tolist() == [-1, 10_000, 1_000]
