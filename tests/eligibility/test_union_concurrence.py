from datetime import timedelta

import numpy as np

from allocator.eligibility.union_concurrence import UnionConcurrence
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

BARRED = {"union_concurrence_required": True}
SLOTS = [{"slot_id": f"J{k}", "openings": 1, "employer_id": employer} for k, employer in enumerate(["E1", "E2", None])]
NOBODY = np.empty(0, dtype=np.int32)


def said(employer, rule=UnionConcurrence(), **slot):
    """What the rule says of a slot of employer E1; nothing where it admits it."""
    facts = world(
        seekers=[{"seeker_id": "S1"}],
        employers=[{"employer_id": "E1", **employer}],
        slots=[{"slot_id": "J1", "openings": 1, "employer_id": "E1", **slot}],
    )
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_a_written_concurrence_opens_the_slot_and_a_missing_one_does_not():
    assert said({"union_concurrence_required": True, "union_concurrence_date": TODAY}) == []
    sentence = "E1, the employer of J1, needs the union's written concurrence and has none on record."
    assert said({"union_concurrence_required": True, "union_concurrence_date": None}) == [sentence]


def test_a_concurrence_of_tomorrow_is_not_yet_one():
    sentence = "E1, the employer of J1, needs the union's written concurrence and has it from 2026-11-03 on, after 2026-11-02."
    assert said({"union_concurrence_required": True, "union_concurrence_date": TODAY + timedelta(days=1)}) == [sentence]


def test_where_none_is_required_none_is_missed():
    assert said({"union_concurrence_required": False}) == []
    assert said({"union_concurrence_required": None}) == []
    assert said({}) == []


def test_the_slots_alone_decide():
    facts = world(employers=[{"employer_id": "E1", **BARRED}, {"employer_id": "E2"}], slots=SLOTS)
    verdict = UnionConcurrence().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.array([2, 0, 1, 0], dtype=np.int32))
    assert verdict.tolist() == [True, False, True, False]


def test_without_an_employers_table_nothing_is_refused():
    facts = world(slots=SLOTS)
    assert UnionConcurrence().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.arange(3, dtype=np.int32)).all()
