from datetime import timedelta

import numpy as np

from allocator.eligibility.relocation import Relocation
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

BARRED = {"relocated_on": TODAY}
SLOTS = [{"slot_id": f"J{k}", "openings": 1, "employer_id": employer} for k, employer in enumerate(["E1", "E2", None])]
NOBODY = np.empty(0, dtype=np.int32)


def said(employer, rule=Relocation(), **slot):
    """What the rule says of a slot of employer E1; nothing where it admits it."""
    facts = world(
        seekers=[{"seeker_id": "S1"}],
        employers=[{"employer_id": "E1", **employer}],
        slots=[{"slot_id": "J1", "openings": 1, "employer_id": "E1", **slot}],
    )
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_120_days_of_operation_are_enough_and_119_are_not():
    assert said({"relocated_on": TODAY - timedelta(days=120)}) == []
    sentence = "E1, the employer of J1, relocated on 2026-07-06; no trainees before 2026-11-03, 120 days later."
    assert said({"relocated_on": TODAY - timedelta(days=119)}) == [sentence]


def test_a_relocation_still_ahead_waits_too():
    assert said({"relocated_on": TODAY + timedelta(days=5)}) != []


def test_the_days_can_be_set():
    assert said({"relocated_on": TODAY - timedelta(days=60)}, Relocation(days=60)) == []


def test_not_recorded_means_that_nobody_moved():
    assert said({"relocated_on": None}) == []
    assert said({}) == []


def test_the_slots_alone_decide():
    facts = world(employers=[{"employer_id": "E1", **BARRED}, {"employer_id": "E2"}], slots=SLOTS)
    verdict = Relocation().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.array([2, 0, 1, 0], dtype=np.int32))
    assert verdict.tolist() == [True, False, True, False]


def test_without_an_employers_table_nothing_is_refused():
    facts = world(slots=SLOTS)
    assert Relocation().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.arange(3, dtype=np.int32)).all()
