from datetime import date, timedelta

import numpy as np
import pytest
from pydantic import ValidationError

from allocator.groups import Beneficiaries
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.release import Release
from tests.worlds import TODAY, world


def before(days):
    return TODAY - timedelta(days=days)


def problem(*slots, as_of=TODAY, holidays=()):
    """Slots J1.. as (posted, start)."""
    records = [{"slot_id": f"J{k}", "openings": 1, "posted_date": posted, "start_date": start} for k, (posted, start) in enumerate(slots, start=1)]
    return Problem(world(as_of=as_of, seekers=[], slots=records), Policy(eligibility=(), holidays=holidays))


def release(*steps):
    return Release.model_validate(list(steps))


def test_a_step_fires_on_its_day_and_not_the_day_before():
    assert release({"after_days": 10}).rungs(problem((before(9), None), (before(10), None), (before(11), None))).tolist() == [0, 1, 1]


def test_a_step_before_the_start_fires_when_the_start_is_near_enough():
    ahead = [TODAY + timedelta(days=days) for days in (15, 14, 0)]
    assert release({"before_start_days": 14}).rungs(problem(*((None, day) for day in ahead))).tolist() == [0, 1, 1]


def test_whichever_trigger_comes_first_fires():
    steps = release({"after_days": 10, "before_start_days": 14})
    soon, late = TODAY + timedelta(days=3), TODAY + timedelta(days=90)
    assert steps.rungs(problem((before(10), late), (before(1), soon), (before(1), late), (before(10), None), (None, soon))).tolist() == [1, 1, 0, 1, 1]


def test_unknown_days_fire_nothing():
    assert release({"after_days": 0, "before_start_days": 0}).rungs(problem((None, None))).tolist() == [0]
    facts = Problem(world(slots=[{"slot_id": "J1", "openings": 1}]), Policy(eligibility=()))
    assert release({"after_days": 0}).rungs(facts).tolist() == [0]


def test_the_highest_step_that_has_fired_counts():
    ladder = release({"to": "any_partner", "after_days": 5}, {"to": "population:homeless", "after_days": 8}, {"before_start_days": 3})
    near = TODAY + timedelta(days=2)
    assert ladder.rungs(problem((before(4), None), (before(5), None), (before(8), None), (before(1), near))).tolist() == [0, 1, 2, 3]
    assert ladder.to(1) == Beneficiaries(partners=("any",))
    assert ladder.to(2) == Beneficiaries(populations=("homeless",))
    assert ladder.to(3) is None


@pytest.mark.parametrize(("posted", "days", "fires"), [
    (date(2026, 11, 2), 10, date(2026, 11, 16)),  # a Monday: the Monday two weeks later
    (date(2026, 11, 6), 1, date(2026, 11, 9)),    # a Friday: the next Monday
    (date(2026, 11, 7), 1, date(2026, 11, 9)),    # a Saturday: the same Monday
    (date(2026, 11, 7), 0, date(2026, 11, 7)),    # no days: at once
])  # fmt: skip
def test_business_days_leave_out_weekends(posted, days, fires):
    step = release({"after_days": days, "calendar": "business"})
    assert step.rungs(problem((posted, None), as_of=fires)).tolist() == [1]
    assert step.rungs(problem((posted, None), as_of=fires - timedelta(days=1))).tolist() == [0]
    assert step.steps[0].fires_on(problem((posted, None))).tolist() == [fires]


def test_business_days_leave_out_holidays():
    thanksgiving = date(2026, 11, 26)
    step = release({"after_days": 2, "calendar": "business"}).steps[0]
    posted = date(2026, 11, 25)
    assert step.fires_on(problem((posted, None), holidays=(thanksgiving,))).tolist() == [date(2026, 11, 30)]
    assert step.fires_on(problem((posted, None))).tolist() == [date(2026, 11, 27)]


def test_business_days_before_the_start_count_back_over_weekends():
    step = release({"before_start_days": 2, "calendar": "business"}).steps[0]
    assert step.fires_on(problem((None, date(2026, 11, 9)))).tolist() == [date(2026, 11, 5)]


def test_without_steps_nothing_is_ever_released():
    assert Release().rungs(problem((before(900), before(900)))).tolist() == [0]
    assert Release().why(problem((before(900), None)), 0) == "J1 is never released."


def test_what_is_said_in_words():
    ladder = release({"to": "any_partner", "after_days": 1, "calendar": "business"}, {"after_days": 10, "before_start_days": 14})
    assert [ladder.describe(rung) for rung in range(3)] == ["not released", "1 business day after posting", "10 days after posting or 14 days before the start"]


def test_why_a_slot_is_where_it_is():
    ladder = release({"to": "any_partner", "after_days": 5, "calendar": "business"}, {"before_start_days": 3})
    facts = problem((TODAY, None), (before(7), None), (None, TODAY), (None, None))
    assert [ladder.why(facts, slot) for slot in range(4)] == [
        "J1 is not released until 2026-11-09, 5 business days after posting, and then to any partner.",
        "J2 was released to any partner on 2026-11-02, 5 business days after posting.",
        "J3 was released to everybody on 2026-10-30, 3 days before the start.",
        "J4 is not released: the days that its release counts from are not recorded.",
    ]


def test_only_the_trigger_that_fired_is_given_as_the_reason():
    either = release({"after_days": 10, "before_start_days": 14})
    facts = problem((before(1), TODAY + timedelta(days=3)), (before(12), None))
    assert either.why(facts, 0) == "J1 was released to everybody on 2026-10-22, 14 days before the start."
    assert either.why(facts, 1) == "J2 was released to everybody on 2026-10-31, 10 days after posting."


def test_the_next_step_to_fire_is_the_one_announced():
    ladder = release({"to": "any_partner", "after_days": 30}, {"before_start_days": 3})
    facts = problem((TODAY, TODAY + timedelta(days=10)))
    assert ladder.why(facts, 0) == "J1 is not released until 2026-11-09, 3 days before the start, and then to everybody."


def test_one_table_a_list_and_the_dumped_form_are_the_same():
    one = Release.model_validate({"after_days": 10})
    assert one == Release.model_validate([{"to": "open", "after_days": 10}])
    assert Release.model_validate(one.model_dump(mode="json")) == one
    ladder = release({"to": ["partner:A", "tier:1"], "after_days": 5}, {"after_days": 9})
    assert Release.model_validate(ladder.model_dump(mode="json")) == ladder
    assert Release.model_validate({}) == Release()


@pytest.mark.parametrize(("steps", "message"), [
    ([{"to": "any_partner"}], "needs after_days, before_start_days or both"),
    ([{"after_days": 3}, {"to": "any_partner", "after_days": 5}], "step 1 already opens the slot to everybody"),
    ([{"after_days": -1}], "greater than or equal to 0"),
    ([{"after_day": 1}], "Extra inputs are not permitted"),
])  # fmt: skip
def test_steps_that_make_no_sense_are_refused(steps, message):
    with pytest.raises(ValidationError, match=message):
        Release.model_validate(steps)


def test_a_slot_posted_in_the_future_is_not_released():
    assert release({"after_days": 0}).rungs(problem((TODAY + timedelta(days=1), None))).tolist() == [0]


def test_rungs_are_positions():
    assert release({"after_days": 0}).rungs(problem((TODAY, None))).dtype == np.int32
