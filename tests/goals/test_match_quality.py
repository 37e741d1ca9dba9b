import numpy as np
import pytest

from allocator.errors import InputError
from allocator.goals.match_quality import MatchQuality
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.result import write_result
from allocator.solve import solve
from tests.twins import best, policy, values
from tests.worlds import orders, people, scores, world

# The wage is 20 % over the floor: 100 x 0.2 / 0.5 = 40 points. The homes are in the county of the site, or in one next to it.
SEEKERS = [
    {"seeker_id": "S1", "wage_floor": 15.0, "county_fips": "41051"},
    {"seeker_id": "S2", "wage_floor": 15.0, "county_fips": "41067"},
    {"seeker_id": "S3", "wage_floor": 15.0},
    {"seeker_id": "S4"},
]
FACTS = world(seekers=SEEKERS, slots=orders(4, wage=18.0, county_fips="41051"))


def goal(**weights):
    none = dict.fromkeys(("occupation", "skills", "wage", "commute", "waiting", "need"), 0)
    return {"kind": "match_quality", "weights": none | weights}


def scored(there=FACTS, **weights):
    """Each seeker's score in J1, and each component, in points."""
    result = solve(there, Policy.from_dict({"eligibility": [], "goals": [goal(**weights)]}))
    return result.assignments.set_index("seeker_id")


def components():
    problem = Problem(FACTS, Policy.from_dict({"eligibility": [], "goals": [goal(wage=1, commute=1)]}))
    every, slot = np.arange(4, dtype=np.int32), np.zeros(4, dtype=np.int32)
    return {name: fit.tolist() for name, fit in problem.policy.match_quality.components(problem, every, slot).items()}


def test_the_score_is_the_weighted_mean_of_what_is_known():
    fit = components()
    assert fit["wage"] == [4000, 4000, 4000, -1]
    same, adjacent, unknown, _ = fit["commute"]
    assert same > adjacent > unknown == -1
    found = scored(wage=3, commute=1)["score"]
    assert found["S1"] == (3 * 4000 + same) / 4 / 100
    assert found["S2"] == (3 * 4000 + adjacent) / 4 / 100
    # S3's home is not recorded: the wage alone. Of S4 nothing is known: 50.
    assert found["S3"] == 40
    assert found["S4"] == 50


def test_a_mean_is_rounded_half_up_to_two_decimals():
    # Components of 40.00 and 100.00 at weights 2999 : 1 are 40.02 exactly; 1000 : 1 gives 40.0599..., 239 : 1 gives 40.25, 799 : 1 gives 40.075.
    (same, *_), weights = components()["commute"], MatchQuality.model_validate(goal(wage=799, commute=1))
    assert same == 10_000
    problem = Problem(FACTS, Policy.from_dict({"eligibility": [], "goals": [goal(wage=799, commute=1)]}))
    one = np.zeros(1, dtype=np.int32)
    assert weights.score(problem, one, one).tolist() == [4008]
    assert scored(wage=1000, commute=1)["score"]["S1"] == 40.06
    assert scored(wage=239, commute=1)["score"]["S1"] == 40.25


def test_components_are_kept_with_each_assignment_and_unknown_ones_are_empty(tmp_path):
    found = scored(wage=1, commute=1)
    assert list(found.columns) == ["slot_id", "score", "tier", "wage", "commute"]
    assert found.loc["S1", ["wage", "commute"]].tolist() == [40, 100]
    assert found.loc["S3", "wage"] == 40
    assert np.isnan(found.loc["S3", "commute"])
    write_result(solve(FACTS, Policy.from_dict({"eligibility": [], "goals": [goal(wage=1, commute=1)]})), tmp_path)
    lines = (tmp_path / "assignments.csv").read_text().splitlines()
    assert lines[0] == "seeker_id,slot_id,score,tier,wage,commute"
    assert lines[1] == "S1,J1,70.00,5,40.00,100.00"
    assert lines[3] == "S3,J1,40.00,5,40.00,"


def test_a_score_that_is_brought_along_is_taken_as_it_is():
    there = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 0.01, ("S2", "J2"): 123456.78}))
    result = best(there)
    assert values(result) == [123456.79]
    assert list(result.assignments.columns) == ["seeker_id", "slot_id", "score", "tier"]
    assert result.goal("match_quality").unit == "points"


def test_hundredths_add_up_exactly():
    # A hundred times 0.07 is 7.000000000000001 in floating point.
    there = world(seekers=people(100), slots=orders(100), pairs=scores({(f"S{k}", "J1"): 0.07 for k in range(1, 101)}))
    assert values(solve(there, policy())) == [7]


def test_prices_are_paid_inside_it():
    there = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 5}))
    # One short of two at 1.25: 5 - 1.25. Three short of four at 10: below nought, and said so.
    assert values(best(there, {"kind": "business_target", "goal": 2, "price": "1.25"})) == [3.75]
    assert values(best(there, {"kind": "business_target", "goal": 4, "price": 10})) == [-25]


def test_it_cannot_buy_what_comes_before_it():
    there = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 1e6, ("S1", "J2"): 0, ("S2", "J1"): 0}))
    assert values(best(there, goals=["placements", "match_quality"])) == [2, 0]


def test_weights_without_effect_are_warned_of_and_no_weight_at_all_is_refused():
    there = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 5}))
    assert [warning.code for warning in best(there, goals=[goal(wage=1)]).warnings] == ["unused_weights"]
    with pytest.raises(InputError, match="At least one weight must be above 0"):
        policy(goals=[goal()])
