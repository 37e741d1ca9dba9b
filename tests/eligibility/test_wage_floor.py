import numpy as np

from allocator.eligibility.wage_floor import WageFloor
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=WageFloor()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_a_wage_at_the_floor_is_accepted_and_one_below_is_not():
    assert said({"wage_floor": 18.5}, {"wage": 18.5}) == []
    assert said({"wage_floor": 18.5}, {"wage": 18.25}) == ["J1 pays $18.25 an hour; S1 needs $18.50."]


def test_a_minimum_for_every_slot():
    assert said({}, {"wage": 16.0}, WageFloor(minimum=16)) == []
    assert said({"wage_floor": 12.0}, {"wage": 15.0}, WageFloor(minimum=16)) == ["J1 pays $15.00 an hour; $16.00 is the least for any slot."]


def test_what_is_not_recorded_refuses_nobody():
    assert said({"wage_floor": None}, {"wage": 1.0}) == []
    assert said({"wage_floor": 18.0}, {"wage": None}, WageFloor(minimum=16)) == []
    assert said({}, {}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "wage_floor": 20.0}, {"seeker_id": "S2"}],
        slots=[{"slot_id": "J1", "openings": 1, "wage": 19.0}, {"slot_id": "J2", "openings": 1}],
    )
    one, other = np.array([0, 0, 1, 1], dtype=np.int32), np.array([0, 1, 0, 1], dtype=np.int32)
    assert WageFloor().mask(Problem(facts, Policy(eligibility=())), one, other).tolist() == [False, True, True, True]
