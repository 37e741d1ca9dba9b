from datetime import timedelta

import numpy as np

from allocator.eligibility.workshop import Workshop
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

NOBODY = np.empty(0, dtype=np.int32)


def said(seeker, slot, rule=Workshop()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_a_workshop_of_today_counts_and_one_of_tomorrow_does_not():
    assert said({"ojt_workshop_date": TODAY}, {}) == []
    assert said({"ojt_workshop_date": TODAY + timedelta(days=1)}, {}) == ["S1 completes the OJT workshop on 2026-11-03, after 2026-11-02."]


def test_a_blank_date_refuses():
    assert said({"ojt_workshop_date": None}, {}) == ["S1 has not completed the OJT workshop."]


def test_without_the_column_nobody_is_refused():
    assert said({}, {}) == []


def test_a_workshop_can_run_out():
    rule = Workshop(valid_days=90)
    assert said({"ojt_workshop_date": TODAY - timedelta(days=90)}, {}, rule) == []
    assert said({"ojt_workshop_date": TODAY - timedelta(days=91)}, {}, rule) == ["S1 completed the OJT workshop on 2026-08-03, 91 days ago; it counts for 90."]


def test_the_seekers_alone_decide():
    facts = world(seekers=[{"seeker_id": "S1", "ojt_workshop_date": TODAY}, {"seeker_id": "S2"}])
    assert Workshop().mask(Problem(facts, Policy(eligibility=())), np.array([1, 0], dtype=np.int32), NOBODY).tolist() == [False, True]
