import numpy as np

from allocator.eligibility.in_pool import InPool
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world

NOBODY = np.empty(0, dtype=np.int32)


def problem(*statuses):
    seekers = [{"seeker_id": f"S{k}", "status": status} for k, status in enumerate(statuses)]
    return Problem(world(seekers=seekers, slots=[{"slot_id": "J1", "openings": 1}]), Policy(eligibility=(InPool(),)))


def test_an_active_seeker_is_referred_and_one_on_hold_is_not():
    facts = problem("active", "on_hold")
    assert InPool().mask(facts, np.array([1, 0, 1], dtype=np.int32), NOBODY).tolist() == [False, True, False]
    assert reasons(facts, 0, 0) == []
    assert reasons(facts, 1, 0) == [("in_pool", "S1 is not in the pool: the status is on_hold, not active.")]


def test_a_seeker_without_a_status_is_active():
    assert reasons(problem(None, "placed"), 0, 0) == []


def test_without_the_column_everybody_is_active():
    facts = Problem(world(seekers=[{"seeker_id": "S1"}], slots=[]), Policy(eligibility=()))
    assert InPool().mask(facts, np.zeros(1, dtype=np.int32), NOBODY).all()
