import pytest
from pydantic import ValidationError

from allocator.constraints.reverse_referral_cap import ReverseReferralCap
from tests.twins import best, policy, said, values
from tests.worlds import people, scores, world

SLOTS = [
    {"slot_id": "J1", "openings": 1, "designated_seeker_id": "S1"},
    {"slot_id": "J2", "openings": 1, "origin": "reverse_referral"},
    {"slot_id": "J3", "openings": 1, "origin": "business_first"},
]
FACTS = world(seekers=people(3), slots=SLOTS, pairs=scores({("S1", "J1"): 5, ("S2", "J2"): 4, ("S3", "J3"): 1}))


def rule(**more):
    return {"kind": "reverse_referral_cap", **more}


def test_a_slot_with_a_name_on_it_and_one_of_that_origin_both_count():
    assert said(FACTS, policy(rule(at_most=1)), "S1>J1", "S3>J3") == []
    assert said(FACTS, policy(rule(at_most=1)), "S2>J2", "S3>J3") == []
    assert said(FACTS, policy(rule(at_most=1)), "S1>J1", "S2>J2") == ["2 reverse referrals; 1 at most."]
    # 5 + 4 + 1; the better of the two, and S3; S3 alone.
    assert [values(best(FACTS, rule(at_most=most))) for most in (2, 1, 0)] == [[10], [6], [1]]


def test_a_share_is_of_all_openings_rounded_down():
    assert said(FACTS, policy(rule(share=0.34)), "S1>J1") == []
    assert said(FACTS, policy(rule(share=0.66)), "S1>J1", "S2>J2") == ["2 reverse referrals; 1 at most."]
    assert said(FACTS, policy(rule(share="0.33")), "S1>J1") == ["1 reverse referrals; 0 at most."]
    assert said(FACTS, policy(rule(share=1)), "S1>J1", "S2>J2") == []


def test_they_are_tagged_and_no_placements():
    result = best(FACTS, rule(at_most=1), goals=["placements", "match_quality"])
    # One placement (S3); then S1's referral adds more points than S2's.
    assert values(result) == [1, 6]
    assert (result.placed, result.reverse_referrals) == (2, 1)


def test_one_cap_is_given_not_two():
    for limits in ({}, {"at_most": 1, "share": 0.5}):
        with pytest.raises(ValidationError, match="give either at_most or share"):
            ReverseReferralCap(**limits)
