import pytest
from pydantic import ValidationError

from allocator.constraints.business_target import BusinessTarget
from tests.twins import best, policy, said, values
from tests.worlds import people, scores, world

# S1 and S2 are worth 5 each at J1 (health, in county 41051), and nothing at J2 (metal); S3 is worth 2 at J2 only.
HEALTH = {"employer_id": "E1", "county_fips": "41051", "center_id": "C1", "staff_id": "K1", "funding_stream": "adult", "onet_soc": "31-1120.00"}
SHOP = {"employer_id": "E2", "county_fips": "41067", "center_id": "C2", "staff_id": "K2", "funding_stream": "dw", "onet_soc": "51-4121.00"}
SLOTS = [{"slot_id": "J1", "openings": 2, **HEALTH}, {"slot_id": "J2", "openings": 2, **SHOP}]
FACTS = world(
    seekers=people(3), slots=SLOTS, pairs=scores({("S1", "J1"): 5, ("S2", "J1"): 5, ("S1", "J2"): 0, ("S2", "J2"): 0, ("S3", "J2"): 2}),
    employers=[{"employer_id": "E1", "naics": "622110"}, {"employer_id": "E2", "naics": "332710"}],
    centers=[{"center_id": "C1"}, {"center_id": "C2"}], staff=[{"staff_id": "K1"}, {"staff_id": "K2"}],
)  # fmt: skip
METAL = ["sector:33", "sector:31-33", "employer:E2", "county:41067", "center:C2", {"staff": "K2"}, "funding_stream:dw", "occupation:51-", "slot:J2"]


def rule(scope="sector:33", **more):
    return {"kind": "business_target", "scope": scope, **more}


@pytest.mark.parametrize("scope", METAL)
def test_every_dimension_finds_the_same_slot(scope):
    words = policy(rule(scope, minimum=1, hard=True))
    assert said(FACTS, words, "S3>J2") == []
    (refused,) = said(FACTS, words, "S1>J1")
    assert refused.startswith("0 people in ")
    assert refused.endswith("; at least 1 are needed.")


def test_a_hard_minimum_moves_people_or_fits_nothing():
    assert said(FACTS, policy(rule(minimum=2, hard=True)), "S3>J2", "S1>J2") == []
    assert said(FACTS, policy(rule(minimum=2, hard=True)), "S3>J2") == ["1 people in sector 33; at least 2 are needed."]
    # 5 + 5 + 2 freely; two in metal: 5 + 0 + 2.
    assert values(best(FACTS, rule(minimum=1, hard=True))) == [12]
    assert values(best(FACTS, rule(minimum=2, hard=True))) == [7]
    result = best(FACTS, rule(minimum=3, hard=True))
    assert result.status == "infeasible"
    assert [(bend.name, bend.promised, bend.possible, bend.short) for bend in result.bends] == [("business_target[minimum]", 3, 2, 1)]


def test_a_hard_maximum_keeps_people_out():
    assert said(FACTS, policy(rule("sector:62", maximum=1, hard=True)), "S1>J1", "S3>J2") == []
    assert said(FACTS, policy(rule("sector:62", maximum=1, hard=True)), "S1>J1", "S2>J1") == ["2 people in sector 62; at most 1 are allowed."]
    assert values(best(FACTS, rule("sector:62", maximum=1, hard=True))) == [7]
    assert values(best(FACTS, rule("sector:62", maximum=0, hard=True))) == [2]


def test_a_goal_never_binds_even_where_the_rest_is_law():
    wishes = rule(minimum=1, goal=3, maximum=3, hard=True)
    assert said(FACTS, policy(wishes), "S3>J2") == []
    # Law: at least 1. The goal of 3 is one short at best (two openings), and that comes before points.
    assert values(best(FACTS, wishes)) == [1, 7]


def test_soft_bounds_come_first_by_weight():
    # A minimum of 2 is kept at the cost of 5 points, whatever it weighs; a maximum of 1 in health likewise.
    assert values(best(FACTS, rule(minimum=2, weight=0.01))) == [0, 7]
    assert values(best(FACTS, rule("sector:62", maximum=1))) == [0, 7]
    # Three in metal are wanted and two fit: one short, at weight 2.5.
    assert values(best(FACTS, rule(minimum=3, weight=2.5))) == [2.5, 7]


def test_the_heavier_promise_is_kept_where_both_cannot_be():
    metal, health = {"label": "metal", "minimum": 2}, {"label": "health", "minimum": 2}
    # S3 can only be in metal; S1 and S2 decide: health 2 and metal 1, or health 1 and metal 2; one is short by one either way.
    assert values(best(FACTS, rule(**metal, weight=3), rule("sector:62", **health, weight=1))) == [1, 7]
    assert values(best(FACTS, rule(**metal, weight=1), rule("sector:62", **health, weight=3))) == [1, 12]


@pytest.mark.parametrize(("price", "quality"), [("4.99", "7.01"), ("5", "7"), ("5.01", "7")])
def test_a_price_is_paid_in_points_where_keeping_the_bound_costs_more(price, quality):
    # Filling the second seat in metal costs 5 points. Below that price it is cheaper to pay: 12 - 4.99; above it, not.
    for target in (rule(minimum=2, price=price), rule(goal=2, price=price), rule("sector:62", maximum=1, price=price)):
        result = best(FACTS, target)
        assert values(result) == [float(quality)]


def test_soft_bounds_are_reported_but_break_no_law():
    assert said(FACTS, policy(rule(minimum=2, maximum=2, price=1)), "S1>J1") == []
    result = best(FACTS, rule(minimum=2, price=1))
    (line,) = [line for line in result.rules if line.kind == "business_target"]
    assert (line.key, line.achieved, line.required, line.slack, line.hard) == ("minimum", 1, 2, -1, False)


def test_a_bound_is_needed_and_bounds_do_not_decrease():
    with pytest.raises(ValidationError, match="give minimum, goal or maximum"):
        BusinessTarget()
    with pytest.raises(ValidationError, match="must not decrease"):
        BusinessTarget(minimum=2, maximum=1)
