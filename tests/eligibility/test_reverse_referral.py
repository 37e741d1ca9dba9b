import numpy as np

from allocator.eligibility.reverse_referral import ReverseReferral
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=ReverseReferral()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_the_person_named_may_and_somebody_else_may_not():
    facts = world(
        seekers=[{"seeker_id": "S1"}, {"seeker_id": "S2"}],
        slots=[{"slot_id": "J1", "openings": 1, "designated_seeker_id": "S2"}, {"slot_id": "J2", "openings": 1}],
    )
    problem = Problem(facts, Policy(eligibility=(ReverseReferral(),)))
    one, other = np.array([0, 0, 1, 1], dtype=np.int32), np.array([0, 1, 0, 1], dtype=np.int32)
    assert ReverseReferral().mask(problem, one, other).tolist() == [False, True, True, True]
    assert reasons(problem, 1, 0) == []
    assert reasons(problem, 0, 0) == [("reverse_referral", "J1 is a reverse referral for S2, not for S1.")]


def test_a_reverse_referral_that_names_nobody_admits_nobody():
    assert said({}, {"origin": "reverse_referral"}) == ["J1 is a reverse referral but names no seeker, so it admits nobody."]


def test_somebody_who_is_not_among_the_seekers_leaves_the_slot_shut():
    sentence = "J1 is a reverse referral for S9, who is not among the seekers, so it admits nobody."
    assert said({}, {"designated_seeker_id": "S9"}) == [sentence]


def test_other_slots_are_open_to_all():
    assert said({}, {"origin": "seeker_first"}) == []
    assert said({}, {}) == []
