import numpy as np

from allocator.eligibility.schedule import Schedule
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=Schedule()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_the_shift_must_be_one_that_the_seeker_can_work():
    assert said({"shifts": ["day", "evening"]}, {"shift": "evening"}) == []
    assert said({"shifts": ["day", "evening"]}, {"shift": "night"}) == ["J1 is on the night shift and S1 can work day, evening."]


def test_any_on_either_side_matches():
    assert said({"shifts": ["any"]}, {"shift": "night"}) == []
    assert said({"shifts": ["day"]}, {"shift": "any"}) == []


def test_the_hours_must_fit():
    assert said({"hours_available": 32}, {"hours_per_week": 32}) == []
    assert said({"hours_available": 32}, {"hours_per_week": 37.5}) == ["J1 takes 37.5 hours a week and S1 has 32."]


def test_both_reasons_are_told():
    sentence = "J1 is on the night shift and S1 can work day; J1 takes 40 hours a week and S1 has 20."
    assert said({"shifts": ["day"], "hours_available": 20}, {"shift": "night", "hours_per_week": 40}) == [sentence]


def test_what_is_not_recorded_refuses_nobody():
    assert said({"shifts": [], "hours_available": None}, {"shift": "night", "hours_per_week": 40}) == []
    assert said({"shifts": ["day"], "hours_available": 20}, {"shift": None, "hours_per_week": None}) == []
    assert said({}, {}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "shifts": ["day"]}, {"seeker_id": "S2", "shifts": ["night"], "hours_available": 20.0}],
        slots=[{"slot_id": "J1", "openings": 1, "shift": "day"}, {"slot_id": "J2", "openings": 1, "hours_per_week": 40.0}],
    )
    one, other = np.array([0, 0, 1, 1], dtype=np.int32), np.array([0, 1, 0, 1], dtype=np.int32)
    assert Schedule().mask(Problem(facts, Policy(eligibility=())), one, other).tolist() == [True, True, False, False]
