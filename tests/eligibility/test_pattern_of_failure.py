from datetime import timedelta

import numpy as np

from allocator.eligibility.pattern_of_failure import PatternOfFailure
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

BARRED = {"pattern_of_failure": True}
SLOTS = [{"slot_id": f"J{k}", "openings": 1, "employer_id": employer} for k, employer in enumerate(["E1", "E2", None])]
NOBODY = np.empty(0, dtype=np.int32)


def said(employer, rule=PatternOfFailure(), **slot):
    """What the rule says of a slot of employer E1; nothing where it admits it."""
    facts = world(
        seekers=[{"seeker_id": "S1"}],
        employers=[{"employer_id": "E1", **employer}],
        slots=[{"slot_id": "J1", "openings": 1, "employer_id": "E1", **slot}],
    )
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_an_employer_that_keeps_its_trainees_may_and_one_that_does_not_may_not():
    assert said({"pattern_of_failure": False}) == []
    assert said({"pattern_of_failure": True}) == ["E1, the employer of J1, is barred for a pattern of failure to keep trainees."]


def test_the_bar_ends_after_its_last_day():
    last = TODAY - timedelta(days=1)
    assert said({"pattern_of_failure": True, "pattern_of_failure_until": last}) == []
    sentence = "E1, the employer of J1, is barred until 2026-11-02 for a pattern of failure to keep trainees."
    assert said({"pattern_of_failure": True, "pattern_of_failure_until": TODAY}) == [sentence]


def test_not_recorded_means_no():
    assert said({"pattern_of_failure": None}) == []
    assert said({"pattern_of_failure_until": TODAY}) == []
    assert said({}) == []


def test_the_slots_alone_decide():
    facts = world(employers=[{"employer_id": "E1", **BARRED}, {"employer_id": "E2"}], slots=SLOTS)
    verdict = PatternOfFailure().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.array([2, 0, 1, 0], dtype=np.int32))
    assert verdict.tolist() == [True, False, True, False]


def test_without_an_employers_table_nothing_is_refused():
    facts = world(slots=SLOTS)
    assert PatternOfFailure().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.arange(3, dtype=np.int32)).all()
