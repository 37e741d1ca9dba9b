from datetime import timedelta

import numpy as np

from allocator.eligibility.consent import Consent
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

NOBODY = np.empty(0, dtype=np.int32)


def said(seeker, slot, rule=Consent()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_consent_holds_on_its_last_day_and_not_after():
    assert said({"consent_until": TODAY}, {}) == []
    assert said({"consent_until": TODAY - timedelta(days=1)}, {}) == ["S1's consent to referral ended on 2026-11-01, before 2026-11-02."]


def test_a_blank_date_means_no_consent():
    assert said({"consent_until": None}, {}) == ["S1 has given no consent to referral."]


def test_without_the_column_nobody_is_refused():
    assert said({}, {}) == []


def test_the_seekers_alone_decide():
    facts = world(seekers=[{"seeker_id": "S1", "consent_until": TODAY}, {"seeker_id": "S2"}])
    assert Consent().mask(Problem(facts, Policy(eligibility=())), np.array([1, 0], dtype=np.int32), NOBODY).tolist() == [False, True]
