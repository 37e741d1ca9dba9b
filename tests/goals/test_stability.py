import pytest

from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, held, policy, values
from tests.worlds import orders, people, scores, world

SCORES = {("S1", "J1"): 1, ("S1", "J2"): 5, ("S2", "J2"): 1, ("S2", "J1"): 5}


def facts(pairs=SCORES, more=None, **reference):
    last_night = [{"seeker_id": one, "slot_id": other} for one, other in reference.items()]
    return world(**{"seekers": people(2), "slots": orders(1, 1), "pairs": scores(pairs), "reference": last_night} | (more or {}))


def test_before_match_quality_nobody_moves_for_points():
    assert values(best(facts(S1="J1", S2="J2"), goals=["stability", "match_quality"])) == [2, 2]


def test_after_match_quality_only_equals_are_decided():
    assert values(best(facts(S1="J1", S2="J2"), goals=["match_quality", "stability"])) == [10, 0]
    equal = dict.fromkeys(SCORES, 3)
    for reference in ({"S1": "J1", "S2": "J2"}, {"S1": "J2", "S2": "J1"}):
        result = best(facts(equal, **reference), goals=["match_quality", "stability"])
        assert held(result) == [f"{one}>{other}" for one, other in reference.items()]
        assert values(result) == [6, 2]


def test_people_and_slots_that_are_gone_cannot_be_kept():
    assert values(best(facts(S1="J9", S9="J1"), goals=["stability", "match_quality"])) == [0, 10]


def test_what_people_have_decided_since_is_no_gain_in_stability():
    declined = {"commitments": [{"seeker_id": "S1", "slot_id": "J1", "status": "declined"}]}
    assert values(best(facts(more=declined, S1="J1", S2="J2"), goals=["stability", "match_quality"])) == [1, 1]
    exited = {"seekers": [{"seeker_id": "S1", "status": "exited"}, {"seeker_id": "S2"}]}
    judged = {"eligibility": [{"kind": "in_pool"}], "goals": ["stability", "match_quality"]}
    assert values(best(facts(more=exited, S1="J1", S2="J2"), **judged)) == [1, 1]
    begun = {"commitments": [{"seeker_id": "S1", "slot_id": "J2", "status": "started"}]}
    assert values(best(facts(more=begun, S1="J1", S2="J1"), goals=["stability", "match_quality"])) == [1, 10]


def test_commitments_in_the_named_statuses_are_kept_and_need_no_reference():
    said = {"commitments": [{"seeker_id": "S1", "slot_id": "J1", "status": "offered"}, {"seeker_id": "S2", "slot_id": "J2", "status": "proposed"}]}
    keeping = {"kind": "stability", "keeps": ["referred", "offered"]}
    two = {("S1", "J1"): 1, ("S1", "J2"): 5, ("S2", "J2"): 1, ("S2", "J1"): 5}
    assert values(best(facts(two, more=said | {"reference": []}), goals=[keeping, "match_quality"])) == [1, 2]
    assert values(best(facts(two, more=said, S2="J1", S1="J2"), goals=[keeping, "match_quality"])) == [1, 2]
    assert values(best(facts(two, more=said), goals=["match_quality", keeping])) == [10, 0]
    both = best(facts(two, more=said, S2="J1", S1="J2"), goals=[keeping | {"label": "said"}, "stability", "match_quality"])
    assert values(both) == [1, 0, 2]
    assert values(best(facts(two), goals=[keeping, "match_quality"])) == [0, 10]


def test_a_reference_is_needed():
    with pytest.raises(InputError, match="stability needs a reference to compare with"):
        solve(world(seekers=people(1), slots=orders(1)), policy(goals=["stability"]))
