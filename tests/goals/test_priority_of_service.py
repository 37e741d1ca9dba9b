import numpy as np
import pytest

from allocator.problem import Problem
from tests.twins import best, held, policy, values
from tests.worlds import orders, people, scores, world

NEEDS = ("public_assistance", "low_income", "basic_skills_deficient")


def tier(local=(), **facts):
    there = world(seekers=[{"seeker_id": "S1", **facts}], slots=orders(1))
    problem = Problem(there, policy(goals=[{"kind": "priority_of_service", "local": local}]))
    return problem.tier_names[problem.tiers[0]]


@pytest.mark.parametrize("need", NEEDS)
def test_each_need_alone_makes_tier_two_and_with_service_tier_one(need):
    assert tier(**{need: True}) == "2"
    assert tier(**{need: True}, veteran=True) == "1"
    assert tier(**{need: False}, veteran=True) == "3"
    assert tier(**{need: False}) == "5"


@pytest.mark.parametrize("column", [*NEEDS, "veteran"])
def test_what_is_not_recorded_is_not_established(column):
    assert tier(**{column: None}) == "5"
    assert tier(veteran=True, low_income=None) == "3"
    assert tier(veteran=None, low_income=True) == "2"


def test_local_groups_are_tier_four_below_the_law_and_above_the_rest():
    local = ["homeless", "ex_offender"]
    assert tier(local, populations=["ex_offender"]) == "4"
    assert tier(local, populations=["refugee"]) == "5"
    assert tier(local, populations=["homeless"], veteran=True) == "3"
    assert tier(local, populations=["homeless"], low_income=True) == "2"
    assert tier((), populations=["homeless"]) == "5"


def test_local_groups_in_order_part_tier_four():
    local = [["homeless"], ["ex_offender", "single_parent"]]
    assert tier(local, populations=["homeless"]) == "4a"
    assert tier(local, populations=["single_parent"]) == "4b"
    assert tier(local, populations=["single_parent", "homeless"]) == "4a"
    assert tier(local) == "5"


EVERY_TIER = [
    {"seeker_id": "S1", "veteran": True, "low_income": True},
    {"seeker_id": "S2", "public_assistance": True},
    {"seeker_id": "S3", "veteran": True},
    {"seeker_id": "S4", "populations": ["homeless"]},
    {"seeker_id": "S5"},
]
GOALS = [{"kind": "priority_of_service", "local": ["homeless"]}, "match_quality"]


def facts(openings):
    return world(seekers=EVERY_TIER, slots=orders(openings), pairs=scores({(f"S{k}", "J1"): 10**k for k in range(1, 6)}))


@pytest.mark.parametrize("openings", range(6))
def test_seats_go_down_the_tiers_whatever_points_say(openings):
    result = best(facts(openings), goals=GOALS)
    assert held(result) == [f"S{k}>J1" for k in range(1, openings + 1)]
    assert values(result) == [*(int(k <= openings) for k in range(1, 6)), sum(10**k for k in range(1, openings + 1))]
    assert [(goal.kind, goal.label) for goal in result.goals[:5]] == [("priority_of_service", f"tier {k}") for k in range(1, 6)]
    assert result.assignments["tier"].tolist() == [str(k) for k in range(1, openings + 1)]


def test_many_of_a_lower_tier_never_outweigh_one_of_a_higher():
    # S0 of tier 2 can only take J1, which leaves no seat there for S1; the other nine of tier 5 need J1 too.
    seekers = [{"seeker_id": "S0", "low_income": True, "staff_id": "K"}, *({**one, "staff_id": "K"} for one in people(9))]
    pairs = [record | {"staff_points": 9 if record["seeker_id"] == "S0" else 1} for record in scores({(one["seeker_id"], "J1"): 1 for one in seekers})]
    there = world(seekers=seekers, slots=orders(10), pairs=pairs, staff=[{"staff_id": "K", "capacity": 9}])
    # One coach with room for S0 (9 points) or for all nine others (1 each).
    result = best(there, {"kind": "staff_capacity"}, goals=["priority_of_service", "placements"])
    assert held(result) == ["S0>J1"]
    assert values(result) == [1, 0, 1]


def test_a_tier_without_anybody_eligible_is_left_out():
    there = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 1}))
    assert [goal.label for goal in best(there, goals=["priority_of_service"]).goals] == ["tier 5"]


def test_a_local_group_that_nobody_belongs_to_is_warned_of():
    there = world(seekers=people(1, populations=["homeless"]), slots=orders(1))
    (warning,) = list(Problem(there, policy(goals=[{"kind": "priority_of_service", "local": ["homless"]}])).faults())
    assert (warning.code, warning.severity, warning.message) == ("unknown_population", "warning", "No seeker belongs to the population 'homless'.")


def test_tiers_do_not_depend_on_the_order_of_rows():
    straight, turned = (world(seekers=rows, slots=orders(1)) for rows in (EVERY_TIER, EVERY_TIER[::-1]))
    assert np.array_equal(Problem(straight, policy(goals=GOALS)).tiers, Problem(turned, policy(goals=GOALS)).tiers)
