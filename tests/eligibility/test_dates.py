from datetime import timedelta

import numpy as np

from allocator.eligibility.dates import Dates
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

NOBODY = np.empty(0, dtype=np.int32)


def said(seeker, slot, rule=Dates()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


YESTERDAY = TODAY - timedelta(days=1)


def test_an_order_is_open_on_its_last_day_and_not_after():
    assert said({}, {"fill_by": TODAY}) == []
    assert said({}, {"fill_by": YESTERDAY}) == ["J1 was to be filled by 2026-11-01, before 2026-11-02."]


def test_training_may_start_today_and_not_yesterday():
    assert said({}, {"start_date": TODAY}) == []
    assert said({}, {"start_date": YESTERDAY}) == ["J1 started on 2026-11-01, before 2026-11-02."]
    assert said({}, {"start_date": YESTERDAY, "fill_by": YESTERDAY}) == ["J1 was to be filled by 2026-11-01 and started on 2026-11-01, before 2026-11-02."]


def test_what_is_not_recorded_refuses_nothing():
    assert said({}, {"fill_by": None, "start_date": None}) == []
    assert said({}, {}) == []


def test_the_slots_alone_decide():
    facts = world(slots=[{"slot_id": "J1", "openings": 1, "fill_by": YESTERDAY}, {"slot_id": "J2", "openings": 1}])
    assert Dates().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.array([1, 0], dtype=np.int32)).tolist() == [True, False]
