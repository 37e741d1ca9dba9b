import numpy as np

from allocator.eligibility.prior_employer import PriorEmployer
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=PriorEmployer()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_a_new_employer_may_and_a_former_one_may_not():
    assert said({"prior_employer_ids": ["E2", "E3"]}, {"employer_id": "E1"}) == []
    assert said({"prior_employer_ids": ["E2", "E1"]}, {"employer_id": "E1"}) == ["S1 has worked for E1, the employer of J1, before."]


def test_what_is_not_recorded_refuses_nobody():
    assert said({"prior_employer_ids": []}, {"employer_id": "E1"}) == []
    assert said({"prior_employer_ids": ["E1"]}, {"employer_id": None}) == []
    assert said({}, {}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": f"S{k}", "prior_employer_ids": names} for k, names in enumerate([["E9", "E3"], ["E1"], [], ["E2", "E1"]])],
        slots=[{"slot_id": f"J{k}", "openings": 1, "employer_id": name} for k, name in enumerate(["E1", "E2", "E3", None])],
    )
    one, other = np.repeat(np.arange(4, dtype=np.int32), 4), np.tile(np.arange(4, dtype=np.int32), 4)
    refused = ~PriorEmployer().mask(Problem(facts, Policy(eligibility=())), one, other)
    assert list(zip(one[refused].tolist(), other[refused].tolist(), strict=True)) == [(0, 2), (1, 0), (3, 0), (3, 1)]
