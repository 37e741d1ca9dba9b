import pytest

from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, held, policy, said, values
from tests.worlds import orders, people, scores, world

SCORES = {("S1", "J1"): 5, ("S2", "J2"): 4, ("S3", "J2"): 3}


def facts(charge="seeker", capacity=1, *, used=0, pairs=SCORES, own=None, role="career_coach", **extra):
    """S1, S2 and S3 all fall to one staff member K, by the road that `charge` names."""
    seekers = people(3, **({"staff_id": "K"} if charge == "seeker" else {"center_id": "C"} if charge == "center" else {}))
    seekers[1] |= extra
    slots = orders(1, 2, **({"staff_id": "K"} if charge == "slot" else {}))
    listed = [record | ({} if own is None else {"staff_points": own.get(record["seeker_id"])}) for record in scores(pairs)]
    staff = [{"staff_id": "K", "capacity": capacity, "used": used, "role": role}]
    return world(seekers=seekers, slots=slots, pairs=listed, staff=staff, centers=[{"center_id": "C", "staff_id": "K"}])


def rule(**more):
    return {"kind": "staff_capacity", **more}


@pytest.mark.parametrize("charge", ["seeker", "slot", "center"])
def test_each_charge_finds_whose_time_it_is(charge):
    wishes = policy(rule(charge=charge))
    assert said(facts(charge), wishes, "S2>J2") == []
    assert said(facts(charge), wishes, "S1>J1", "S2>J2") == ["K would carry 2 more points; there is room for 1."]
    # Without the rule 5 + 4 + 3; with room for one point, the best alone; for two, the best two.
    assert values(best(facts(charge))) == [12]
    assert values(best(facts(charge), rule(charge=charge))) == [5]
    assert values(best(facts(charge, 2), rule(charge=charge))) == [9]


@pytest.mark.parametrize(("facts_charge", "charge"), [("seeker", "slot"), ("slot", "center"), ("center", "seeker")])
def test_a_charge_to_nobody_is_not_limited(facts_charge, charge):
    assert said(facts(facts_charge, 0), policy(rule(charge=charge)), "S1>J1", "S2>J2", "S3>J2") == []


def test_the_employers_representative_stands_in_where_the_slot_names_none():
    slots = [{"slot_id": "J1", "openings": 1, "employer_id": "E", "staff_id": "K2"}, {"slot_id": "J2", "openings": 2, "employer_id": "E"}]
    staff = [{"staff_id": "K", "capacity": 1}, {"staff_id": "K2", "capacity": 0}]
    there = world(seekers=people(3), slots=slots, employers=[{"employer_id": "E", "staff_id": "K"}], staff=staff, pairs=scores(SCORES))
    wishes = policy(rule(charge="slot"))
    assert said(there, wishes, "S2>J2") == []
    assert said(there, wishes, "S1>J1") == ["K2 would carry 1 more points; there is room for 0."]
    assert said(there, wishes, "S2>J2", "S3>J2") == ["K would carry 2 more points; there is room for 1."]


def test_a_role_limits_only_those_who_have_it():
    assert said(facts(capacity=0, role="liaison"), policy(rule(role="liaison")), "S1>J1") == ["K would carry 1 more points; there is room for 0."]
    both = world(
        seekers=people(2, staff_id="K"), slots=orders(2), pairs=scores({("S1", "J1"): 1, ("S2", "J1"): 1}),
        staff=[{"staff_id": "K", "capacity": 0, "role": "liaison"}, {"staff_id": "L", "capacity": 0, "role": "career_coach"}],
    )  # fmt: skip
    assert said(both, policy(rule(role="career_coach")), "S1>J1", "S2>J1") == []


def test_a_role_that_nobody_has_is_a_fault():
    with pytest.raises(InputError, match=r"Nobody on the staff has the role 'job_developer'\. Roles there are: career_coach\."):
        solve(facts(), policy(rule(role="job_developer")))


def test_points_of_the_rule_count_where_the_pair_brings_none():
    assert said(facts(capacity=4), policy(rule(points=2)), "S1>J1", "S2>J2") == []
    assert said(facts(capacity=3), policy(rule(points=2)), "S1>J1", "S2>J2") == ["K would carry 4 more points; there is room for 3."]
    # Three points of room at two each: one person, the best.
    assert values(best(facts(capacity=3), rule(points=2))) == [5]


def test_points_of_nought_load_nobody():
    assert said(facts(capacity=0), policy(rule(points=0)), "S1>J1", "S2>J2", "S3>J2") == []
    assert values(best(facts(capacity=0), rule(points=0))) == [12]


def test_extra_points_count_for_each_population_the_seeker_belongs_to():
    wishes = rule(points=1, extra_points={"homeless": 2, "ex_offender": 3})
    one = facts(capacity=3, populations=["homeless"])
    assert said(one, policy(wishes), "S2>J2") == []
    both = facts(capacity=5, populations=["homeless", "ex_offender"])
    assert said(both, policy(wishes), "S2>J2") == ["K would carry 6 more points; there is room for 5."]
    # S2 alone fills the room of 3 (1 + 2) and scores 4; S1 and S3 take 2 points and score 8.
    assert held(best(one, wishes)) == ["S1>J1", "S3>J2"]
    # Room for 6 fits S2 (1 + 2 + 3) alone, or S1 and S3 (2 points) for 8.
    assert values(best(facts(capacity=6, populations=["homeless", "ex_offender"]), wishes)) == [8]


def test_the_pairs_own_points_come_first_and_leave_no_extra():
    own = {"S1": 3, "S2": 0, "S3": None}
    there = facts(capacity=3, own=own, populations=["homeless"])
    wishes = rule(points=4, extra_points={"homeless": 9})
    assert said(there, policy(wishes), "S1>J1", "S2>J2") == []
    assert said(there, policy(wishes), "S3>J2") == ["K would carry 4 more points; there is room for 3."]
    # 3 + 0 points fit: 5 + 4.
    assert values(best(there, wishes)) == [9]


def test_what_is_used_already_is_taken_off():
    assert said(facts(capacity=3, used=2), policy(rule()), "S1>J1") == []
    assert said(facts(capacity=3, used=2), policy(rule()), "S1>J1", "S2>J2") == ["K would carry 2 more points; there is room for 1."]


def test_used_above_capacity_leaves_no_room_and_is_no_fault_of_the_plan():
    assert said(facts(capacity=1, used=5), policy(rule())) == []
    assert said(facts(capacity=1, used=5), policy(rule()), "S1>J1") == ["K would carry 1 more points; there is room for 0."]
    result = best(facts(capacity=1, used=5), rule())
    assert values(result) == [0]
    (line,) = [line for line in result.rules if line.kind == "staff_capacity"]
    assert (line.key, line.achieved, line.required, line.slack, line.unit) == ("K", 0, 0, 0, "points")


def test_a_capacity_that_is_not_recorded_limits_nobody():
    assert said(facts(capacity=None, used=5), policy(rule()), "S1>J1", "S2>J2", "S3>J2") == []


def test_missing_tables_are_faults():
    without = world(seekers=people(1), slots=orders(1))
    with pytest.raises(InputError, match="staff_capacity needs the staff table"):
        solve(without, policy(rule()))
    with pytest.raises(InputError, match="needs the centers' liaisons"):
        solve(world(seekers=people(1), slots=orders(1), staff=[{"staff_id": "K"}]), policy(rule(charge="center")))


def test_two_entries_hold_side_by_side():
    there = facts(capacity=3)
    entries = rule(label="usual", points=1), rule(label="double", points=2)
    assert said(there, policy(*entries), "S1>J1") == []
    assert said(there, policy(*entries), "S1>J1", "S2>J2") == ["K would carry 4 more points; there is room for 3."]
