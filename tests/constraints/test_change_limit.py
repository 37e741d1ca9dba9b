import pytest

from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, held, policy, said, values
from tests.worlds import orders, people, scores, world

# Each held the poorer slot last night; swapping would gain 8 points.
SCORES = {("S1", "J1"): 1, ("S1", "J2"): 5, ("S2", "J2"): 1, ("S2", "J1"): 5, ("S3", "J3"): 2}
LAST_NIGHT = {"S1": "J1", "S2": "J2"}


def facts(reference, **more):
    tables = {"seekers": people(3), "slots": orders(1, 1, 1), "pairs": scores(SCORES)} | more
    return world(reference=[{"seeker_id": one, "slot_id": other} for one, other in reference.items()], **tables)


def rule(at_most):
    return {"kind": "change_limit", "at_most": at_most}


def test_people_who_lose_or_change_their_slot_have_moved():
    assert said(facts(LAST_NIGHT), policy(rule(0)), "S1>J1", "S2>J2", "S3>J3") == []
    assert said(facts(LAST_NIGHT), policy(rule(0)), "S1>J1") == ["1 people move against the reference; 0 at most."]
    assert said(facts(LAST_NIGHT), policy(rule(1)), "S1>J2", "S2>J1") == ["2 people move against the reference; 1 at most."]
    assert said(facts(LAST_NIGHT), policy(rule(2)), "S1>J2", "S2>J1") == []


def test_the_limit_decides_what_the_swap_may_gain():
    # Nobody moves: 1 + 1 + 2. One moves: S1 or S2 out of the way of nobody, so no gain: leaving is no gain either. Both: 5 + 5 + 2.
    assert [values(best(facts(LAST_NIGHT), rule(most))) for most in (0, 1, 2)] == [[4], [4], [12]]


def test_somebody_newly_placed_has_not_moved():
    assert held(best(facts({"S1": "J1"}), rule(0))) == ["S1>J1", "S2>J2", "S3>J3"]


def test_people_who_left_do_not_count():
    gone = facts({"S1": "J1", "S9": "J2"})
    assert said(gone, policy(rule(0)), "S1>J1") == []
    assert said(gone, policy(rule(0)), "S1>J2") == ["1 people move against the reference; 0 at most."]


def test_people_who_left_the_pool_do_not_count():
    def pool(status):
        return facts(LAST_NIGHT, seekers=[{"seeker_id": "S1", "status": status}, *people(3)[1:]])

    in_pool = policy(rule(0), eligibility=[{"kind": "in_pool"}])
    assert said(pool("exited"), in_pool, "S2>J2") == []
    assert said(pool("exited"), in_pool, "S2>J2", "S3>J3") == []
    assert said(pool("active"), in_pool, "S2>J2") == ["1 people move against the reference; 0 at most."]
    assert values(best(pool("exited"), rule(0), eligibility=[{"kind": "in_pool"}])) == [3]


@pytest.mark.parametrize("status", ["declined", "completed"])
def test_who_has_ended_what_they_held_has_not_been_moved(status):
    ended = facts(LAST_NIGHT, commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": status}])
    assert said(ended, policy(rule(0)), "S2>J2") == []
    assert said(ended, policy(rule(0)), "S2>J1") == ["1 people move against the reference; 0 at most."]
    another = facts(LAST_NIGHT, commitments=[{"seeker_id": "S1", "slot_id": "J2", "status": status}])
    assert said(another, policy(rule(0)), "S2>J2") == ["1 people move against the reference; 0 at most."]


@pytest.mark.parametrize("status", ["accepted", "started"])
def test_who_has_begun_elsewhere_has_not_been_moved(status):
    begun = facts({"S1": "J2", "S2": "J1"}, commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": status}])
    assert said(begun, policy(rule(1)), "S1>J1", "S2>J2") == []
    assert said(begun, policy(rule(0)), "S1>J1", "S2>J2") == ["1 people move against the reference; 0 at most."]
    here = facts(LAST_NIGHT, commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": status}])
    assert said(here, policy(rule(0)), "S1>J1", "S2>J2") == []


def test_who_has_begun_there_stays_counted_after_leaving_the_pool():
    begun = [{"seeker_id": "S1", "slot_id": "J1", "status": "started"}]
    there = facts(LAST_NIGHT, seekers=[{"seeker_id": "S1", "status": "exited"}, *people(3)[1:]], commitments=begun)
    in_pool = policy(rule(0), eligibility=[{"kind": "in_pool"}])
    assert said(there, in_pool, "S1>J1", "S2>J2") == []
    assert "1 people move against the reference; 0 at most." in said(there, in_pool, "S2>J2")


def test_people_whose_slot_is_gone_have_moved_whatever_is_planned():
    gone = facts({"S1": "J1", "S2": "J9"})
    assert said(gone, policy(rule(1)), "S1>J1", "S2>J2") == []
    assert said(gone, policy(rule(0)), "S1>J1", "S2>J2") == ["1 people move against the reference; 0 at most."]
    assert best(gone, rule(0)).status == "infeasible"
    assert values(best(gone, rule(1))) == [4]


def test_a_reference_pair_that_is_no_longer_eligible_has_moved():
    there = facts({"S3": "J1"})
    assert said(there, policy(rule(1)), "S3>J3") == []
    (bend,) = best(there, rule(0)).bends
    assert (bend.name, bend.promised, bend.possible, bend.short) == ("change_limit", 0, 1, 1)


def test_an_empty_reference_moves_nobody():
    assert values(best(facts({}), rule(0))) == [12]


def test_a_reference_is_needed():
    with pytest.raises(InputError, match="change_limit needs a reference to compare with"):
        solve(world(seekers=people(1), slots=orders(1)), policy(rule(0)))
