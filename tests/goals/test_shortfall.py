from tests.twins import best, held, values
from tests.worlds import orders, scores, world

SEEKERS = [{"seeker_id": "S1", "partner_id": "A"}, {"seeker_id": "S2"}]
FACTS = world(seekers=SEEKERS, slots=orders(1), pairs=scores({("S1", "J1"): 1, ("S2", "J1"): 9}))
PROMISE = {"kind": "reservation", "beneficiaries": "partner:A", "count": 1}
TARGET = {"kind": "business_target", "goal": 3}


def named(result):
    return [(goal.kind, goal.value, goal.unit) for goal in result.goals]


def test_it_is_implied_first_where_a_promise_is_best_effort():
    assert named(best(FACTS, PROMISE)) == [("shortfall", 0, "people"), ("match_quality", 1, "points")]


def test_it_is_not_there_where_nothing_can_be_short():
    assert named(best(FACTS)) == [("match_quality", 9, "points")]
    assert named(best(FACTS, PROMISE | {"mode": "minimum_hard"})) == [("match_quality", 1, "points")]


def test_a_policy_may_place_it_elsewhere():
    result = best(FACTS, PROMISE, goals=["match_quality", "shortfall"])
    assert named(result) == [("match_quality", 9, "points"), ("shortfall", 1, "people")]


def test_what_is_short_is_added_up_over_rules_each_by_its_weight():
    # Three wanted and one opening: two short at 1.25 each; the promise is kept beside it.
    assert values(best(FACTS, PROMISE | {"weight": 7}, TARGET | {"weight": "1.25"})) == [2.5, 1]


def test_prices_are_paid_in_match_quality_or_here_where_there_is_none():
    priced = PROMISE | {"mode": "minimum_soft", "price": 3}
    assert named(best(FACTS, priced)) == [("match_quality", 6, "points")]
    assert named(best(FACTS, priced, goals=["placements"])) == [("shortfall", 0, "people"), ("placements", 1, "people")]


def test_without_any_goal_promises_are_still_kept():
    assert held(best(FACTS, PROMISE, goals=[])) == ["S1>J1"]
