import numpy as np

from allocator.eligibility.credentials import Credentials
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=Credentials()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_who_holds_all_of_them_may_and_who_lacks_one_may_not():
    assert said({"credentials": ["cdl", "cna"]}, {"required_credentials": ["cdl"]}) == []
    assert said({"credentials": ["cna"]}, {"required_credentials": ["cdl", "cna"]}) == ["S1 needs credential cdl for J1."]
    assert said({"credentials": []}, {"required_credentials": ["cdl", "cna"]}) == ["S1 needs credentials cdl and cna for J1."]


def test_without_the_column_nobody_is_refused():
    assert said({}, {"required_credentials": ["cdl"]}) == []


def test_a_slot_that_requires_nothing_takes_everybody():
    assert said({"credentials": []}, {}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "credentials": ["a", "b"]}, {"seeker_id": "S2", "credentials": ["a"]}],
        slots=[{"slot_id": f"J{k}", "openings": 1, "required_credentials": codes} for k, codes in enumerate([["a", "b"], ["b"], ["a"], []])],
    )
    one, other = np.repeat(np.arange(2, dtype=np.int32), 4), np.tile(np.arange(4, dtype=np.int32), 2)
    verdict = Credentials().mask(Problem(facts, Policy(eligibility=())), one, other)
    assert verdict.tolist() == [True, True, True, True, False, False, True, True]
