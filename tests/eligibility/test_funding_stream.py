import numpy as np

from allocator.eligibility.funding_stream import FundingStream
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=FundingStream()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_a_seeker_of_the_stream_may_and_one_of_another_may_not():
    assert said({"funding_streams": ["adult", "snap_et"]}, {"funding_stream": "adult"}) == []
    assert said({"funding_streams": ["dw", "snap_et"]}, {"funding_stream": "adult"}) == ["J1 is paid by adult; S1 is eligible for dw, snap_et only."]


def test_what_is_not_recorded_refuses_nobody():
    assert said({"funding_streams": []}, {"funding_stream": "adult"}) == []
    assert said({"funding_streams": ["dw"]}, {"funding_stream": None}) == []
    assert said({}, {}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "funding_streams": ["adult"]}, {"seeker_id": "S2", "funding_streams": ["dw"]}],
        slots=[{"slot_id": "J1", "openings": 1, "funding_stream": "dw"}, {"slot_id": "J2", "openings": 1}],
    )
    one, other = np.array([0, 1, 0, 1], dtype=np.int32), np.array([0, 0, 1, 1], dtype=np.int32)
    assert FundingStream().mask(Problem(facts, Policy(eligibility=())), one, other).tolist() == [False, True, True, True]
