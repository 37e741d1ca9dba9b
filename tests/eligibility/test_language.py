import numpy as np

from allocator.eligibility.language import Language
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=Language()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_who_speaks_all_of_them_may_and_who_lacks_one_may_not():
    assert said({"languages": ["en", "es"]}, {"required_languages": ["en", "es"]}) == []
    assert said({"languages": ["es"]}, {"required_languages": ["en", "es"]}) == ["J1 requires en; S1 speaks es."]


def test_languages_that_are_not_recorded_refuse_nobody():
    assert said({"languages": []}, {"required_languages": ["en"]}) == []
    assert said({}, {"required_languages": ["en"]}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "languages": ["en"]}, {"seeker_id": "S2", "languages": []}, {"seeker_id": "S3", "languages": ["vi"]}],
        slots=[{"slot_id": "J1", "openings": 1, "required_languages": ["en"]}, {"slot_id": "J2", "openings": 1}],
    )
    one, other = np.repeat(np.arange(3, dtype=np.int32), 2), np.tile(np.arange(2, dtype=np.int32), 3)
    assert Language().mask(Problem(facts, Policy(eligibility=())), one, other).tolist() == [True, True, True, True, False, True]
