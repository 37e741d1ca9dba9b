"""The six readings of "reserved", each worked out by hand on worlds of a few people."""

from datetime import timedelta
from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from allocator.constraints.reservation import Reservation
from allocator.problem import Problem
from allocator.share_out import share_out
from tests.twins import best, held, policy, said, values
from tests.worlds import TODAY, orders, scores, world

# S1 is A's customer and the worst match; S2 is B's; S3 belongs to nobody. Every slot is worth the same to each.
POINTS = {"S1": 1, "S2": 4, "S3": 6}


def facts(*openings, points=POINTS, seekers=None, slots=None, **tables):
    named = seekers or [{"seeker_id": "S1", "partner_id": "A"}, {"seeker_id": "S2", "partner_id": "B"}, {"seeker_id": "S3"}]
    listed = slots or orders(*openings)
    every = {(one["seeker_id"], other["slot_id"]): points[one["seeker_id"]] for one in named for other in listed}
    return world(seekers=named, slots=listed, pairs=scores(every), **tables)


def rule(mode="minimum_best_effort", who="partner:A", **more):
    return {"kind": "reservation", "mode": mode, "beneficiaries": who, **more}


def line(result, number=0):
    return result.reservations[number]


def promise(wishes, there):
    """What each reservation of a policy promises, rung by rung."""
    problem = Problem(there, wishes)
    return [rule.promises(problem) for rule in problem.policy.constraints if isinstance(rule, Reservation)]


# -- the six modes -----------------------------------------------------------------------------------------------------


def test_without_the_rule_the_best_matches_win():
    assert held(best(facts(2))) == ["S2>J1", "S3>J1"]


def test_best_effort_never_breaks_a_plan():
    wishes = policy(rule(count=1))
    assert said(facts(2), wishes, "S1>J1", "S3>J1") == []
    assert said(facts(2), wishes, "S2>J1", "S3>J1") == []


def test_best_effort_keeps_the_promise_before_it_improves_anything():
    # Nobody short comes first, then 6 + 1 against 6 + 4.
    assert values(best(facts(2), rule(count=1))) == [0, 7]
    told = line(best(facts(2), rule(count=1)))
    assert (told.openings, told.promised, told.supply, told.clipped, told.filled, told.released, told.short, told.short_why) == (2, 1, 1, 0, 1, 0, 0, "")


def test_best_effort_gives_seats_that_no_member_can_take_to_others():
    # Two seats promised, one member: clipped to one, which is filled; the other seat goes to the best of the rest.
    result = best(facts(2), rule(count=2))
    assert values(result) == [0, 7]
    told = line(result)
    assert (told.promised, told.supply, told.clipped, told.filled, told.short) == (2, 1, 1, 1, 1)
    assert told.short_why == "no supply: eligible members could take 1 of these seats at most"


def test_best_effort_falls_short_where_another_rule_stands_in_the_way():
    there = facts(
        2, seekers=[{"seeker_id": "S1", "partner_id": "A", "staff_id": "K"}, {"seeker_id": "S2"}, {"seeker_id": "S3"}], staff=[{"staff_id": "K", "capacity": 0}]
    )
    result = best(there, rule(count=1, weight=2.5), {"kind": "staff_capacity"})
    assert values(result) == [2.5, 10]
    told = line(result)
    assert (told.promised, told.supply, told.clipped, told.filled, told.short) == (1, 1, 0, 0, 1)
    assert told.short_why == "other rules and promises leave no more"


def test_shortfalls_are_added_up_by_weight():
    # One seat, two promises of it: the heavier one is kept.
    a, b = rule(who="partner:A", label="A", count=1), rule(who="partner:B", label="B", count=1)
    assert values(best(facts(1), a | {"weight": 2}, b | {"weight": 3})) == [2, 4]
    assert values(best(facts(1), a | {"weight": 4}, b | {"weight": 3})) == [3, 1]


def test_a_hard_minimum_is_kept_or_nothing_fits():
    wishes = policy(rule("minimum_hard", count=1))
    assert said(facts(2), wishes, "S1>J1", "S3>J1") == []
    assert said(facts(2), wishes, "S2>J1", "S3>J1") == ["0 assignments of partner A in all slots; at least 1 are promised."]
    assert values(best(facts(2), rule("minimum_hard", count=1))) == [7]


def test_a_hard_minimum_above_its_members_fits_nothing_and_says_what_is_possible():
    result = best(facts(2), rule("minimum_hard", count=2))
    assert result.status == "infeasible"
    assert [(bend.name, bend.promised, bend.possible, bend.short) for bend in result.bends] == [("reservation", 2, 1, 1)]


def test_a_count_above_the_openings_is_not_quietly_lowered():
    assert best(facts(1), rule("minimum_hard", count=2)).status == "infeasible"
    told = line(best(facts(1), rule(count=4)))
    assert (told.promised, told.exact, told.supply, told.clipped, told.filled, told.short) == (4, 4, 1, 3, 1, 3)
    # Each of the two seats that nobody can fill costs its price: 1 - 2 x 0.25 with S1, 6 - 3 x 0.25 with S3.
    assert values(best(facts(1), rule("minimum_soft", count=3, price="0.25"))) == [5.25]


@pytest.mark.parametrize(("price", "total"), [("2.99", 7.01), ("3.00", 7), ("3.01", 7)])
def test_a_priced_minimum_is_kept_where_it_costs_no_more_than_its_price(price, total):
    # Keeping it costs 4 - 1 = 3 points: below that price 10 - price is better, above it 7.
    result = best(facts(2), rule("minimum_soft", count=1, price=price))
    assert values(result) == [total]
    if price != "3.00":
        told = line(result)
        assert (told.filled, told.short) == ((0, 1) if price == "2.99" else (1, 0))
        assert told.short_why == (f"one more seat would cost more than its price of {price} points" if told.short else "")


def test_a_priced_minimum_breaks_no_law():
    assert said(facts(2), policy(rule("minimum_soft", count=2, price=1)), "S2>J1", "S3>J1") == []


def test_a_price_without_match_quality_is_paid_in_shortfall():
    assert values(best(facts(1), rule("minimum_soft", count=1, price="2.5"), goals=["placements"])) == [0, 1]
    assert values(best(facts(0), rule("minimum_soft", count=1, price="2.5"), goals=["placements"])) == [2.5, 0]


def test_set_aside_keeps_seats_empty_rather_than_give_them_to_others():
    wishes = policy(rule("set_aside", count=1))
    assert said(facts(2), wishes, "S1>J1", "S3>J1") == []
    assert said(facts(2), wishes, "S3>J1") == []
    assert said(facts(2), wishes, "S2>J1", "S3>J1") == ["2 assignments of others than partner A in all slots; at most 1 are allowed."]
    assert values(best(facts(2), rule("set_aside", count=1))) == [7]
    # Two seats aside and one member: one of them stays empty.
    result = best(facts(2), rule("set_aside", count=2))
    assert values(result) == [1]
    told = line(result)
    assert (told.promised, told.supply, told.filled, told.short) == (2, 1, 1, 1)


def test_set_aside_more_than_there_is_sets_all_aside():
    assert values(best(facts(1), rule("set_aside", count=9))) == [1]


def test_a_cap_holds_beneficiaries_back():
    wishes = policy(rule("cap", "any_partner", count=1))
    assert said(facts(3), wishes, "S2>J1", "S3>J1") == []
    assert said(facts(3), wishes, "S1>J1", "S2>J1") == ["2 assignments of any partner in all slots; at most 1 are allowed."]
    assert values(best(facts(3), rule("cap", "any_partner", count=1))) == [10]
    told = line(best(facts(3), rule("cap", "any_partner", count=2)))
    assert (told.promised, told.filled, told.short) == (2, 2, 0)


def test_over_and_above_comes_on_top_of_merit():
    # S3 and S2 are partners' customers now and win one open seat of two by merit (n = 1); the promise of 1 comes on top: both seats.
    named = [{"seeker_id": "S1"}, {"seeker_id": "S2", "partner_id": "B"}, {"seeker_id": "S3", "partner_id": "A"}]
    points = {"S1": 5, "S2": 4, "S3": 6}
    there = facts(2, seekers=named, points=points)
    # As a minimum the promise is met by merit already: 6 + 5.
    assert values(best(there, rule("minimum_hard", "any_partner", count=1))) == [11]
    result = best(there, rule("over_and_above", "any_partner", count=1))
    assert values(result) == [10]
    (settled,) = [entry for entry in result.policy.constraints if isinstance(entry, Reservation)]
    assert settled.merit_count == (1,)
    told = line(result)
    assert (told.promised, told.filled, told.short) == (2, 2, 0)
    assert said(there, result.policy, "S2>J1", "S3>J1") == []
    assert said(there, result.policy, "S1>J1", "S3>J1") == ["1 assignments of any partner in all slots; at least 2 are promised."]


# -- the promise: denominators and roundings ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounding", "promised"), [("floor", [0, 0, 1, 1, 2]), ("ceil", [1, 1, 1, 2, 2]), ("half_up", [0, 1, 1, 2, 2]), ("largest_remainder", [0, 1, 1, 2, 2])]
)
def test_a_share_of_the_openings_is_rounded(rounding, promised):
    # 10 %, 25 %, 50 %, 75 % and 100 % of two: 0.2, 0.5, 1, 1.5 and 2. One rule alone has only itself to add up with.
    found = [promise(policy(rule(share=share, rounding=rounding)), facts(2)) for share in ("0.1", "0.25", "0.5", "0.75", "1")]
    assert found == [[[seats]] for seats in promised]


def test_shares_are_decimal_fractions():
    # 0.29 x 100 is 29, not 28.999999999999996.
    assert promise(policy(rule(share=0.29, rounding="floor")), facts(100)) == [[29]]
    assert promise(policy(rule(share=0.07, rounding="ceil")), facts(100)) == [[7]]


def test_the_posts_of_pawan_kumar_tiwari_add_up_by_largest_remainder():
    # 93 posts at 50, 21, 27 and 2 %: 46.50, 19.53, 25.11 and 1.86. Floors leave 2 posts, for the remainders .86 and .53.
    shares = {"open": "0.5", "backward": "0.21", "castes": "0.27", "tribes": "0.02"}
    entries = [rule(who=f"population:{name}", label=name, share=share, rounding="largest_remainder") for name, share in shares.items()]
    assert promise(policy(*entries), facts(93)) == [[46], [20], [25], [2]]
    # Rounded one by one they would be 94 for 93 posts.
    assert promise(policy(*(entry | {"rounding": "half_up"} for entry in entries)), facts(93)) == [[47], [20], [25], [2]]


def test_largest_remainder_joins_only_what_shares_a_scope_and_a_denominator():
    a, b = (
        rule(who="partner:A", label="A", share="0.5", rounding="largest_remainder"),
        rule(who="partner:B", label="B", share="0.5", rounding="largest_remainder"),
    )
    # 1.5 and 1.5 of three: one each, and the third seat to the first label.
    assert promise(policy(b, a), facts(3)) == [[1], [2]]
    # Apart, each is rounded by itself: half up.
    assert promise(policy(b | {"scope": "slot:J1"}, a), facts(3)) == [[2], [2]]
    assert promise(policy(b | {"denominator": "applicants"}, a), facts(3)) == [[1], [2]]
    assert promise(policy({**b, "count": 2, "share": None}, a), facts(3)) == [[2], [2]]


def test_a_share_of_the_applicants_is_the_members_share_of_the_pool():
    wishes = policy(rule("minimum_hard", "any_partner", denominator="applicants"))
    # Two of three in the pool are partners' customers: 2/3 of 3 openings.
    assert promise(wishes, facts(3)) == [[2]]
    assert said(facts(3), wishes, "S1>J1", "S2>J1") == []
    assert said(facts(3), wishes, "S2>J1", "S3>J1") == ["1 assignments of any partner in all slots; at least 2 are promised."]
    assert promise(policy(rule(who="any_partner", denominator="applicants", share="0.5")), facts(3)) == [[1]]
    # One of them has left the pool: 1/2 of 3, rounded half up.
    left = [{"seeker_id": "S1", "partner_id": "A", "status": "exited"}, {"seeker_id": "S2", "partner_id": "B"}, {"seeker_id": "S3"}]
    assert promise(wishes, facts(3, seekers=left)) == [[2]]
    assert promise(policy(rule(who="any_partner", denominator="applicants", rounding="floor")), facts(3, seekers=left)) == [[1]]
    nobody = [{"seeker_id": name, "status": "exited"} for name in POINTS]
    assert promise(wishes, facts(3, seekers=nobody)) == [[0]]


def test_a_share_of_the_filled_moves_with_the_plan_and_is_satisfied_by_nothing():
    wishes = policy(rule("minimum_hard", share="0.5", denominator="filled"))
    assert said(facts(3), wishes) == []
    assert said(facts(3), wishes, "S1>J1", "S2>J1") == []
    assert said(facts(3), wishes, "S3>J1") == ["0 assignments of partner A in all slots; at least 1 are promised."]
    assert said(facts(3), wishes, "S1>J1", "S2>J1", "S3>J1") == ["1 assignments of partner A in all slots; at least 2 are promised."]
    # S1 and the best other: 1 + 6.
    assert values(best(facts(3), rule("minimum_hard", share="0.5", denominator="filled"))) == [7]
    told = line(best(facts(3), rule("minimum_hard", share="0.5", denominator="filled")))
    assert (told.promised, told.exact, told.filled, told.short) == (1, 1, 1, 0)


def test_a_cap_of_the_filled_needs_others_first():
    wishes = policy(rule("cap", share="0.5", denominator="filled"))
    assert said(facts(3), wishes, "S1>J1", "S2>J1") == []
    assert said(facts(3), wishes, "S1>J1") == ["1 assignments of partner A in all slots; at most 0 are allowed."]
    third = policy(rule("cap", share="0.33", denominator="filled"))
    assert said(facts(3), third, "S1>J1", "S2>J1", "S3>J1") == ["1 assignments of partner A in all slots; at most 0 are allowed."]


def test_a_share_of_the_filled_may_be_best_effort_or_priced():
    # With nobody short first, S1 comes along with one other; 6 + 1.
    assert values(best(facts(3), rule(share="0.5", denominator="filled"))) == [0, 7]
    # All three fill, half of three is 2 seats by rounding up, one short: 11 - 0.5; with two, nobody short: 7.
    assert values(best(facts(3), rule("minimum_soft", share="0.5", denominator="filled", price="0.5"))) == [10.5]
    assert values(best(facts(3), rule("minimum_soft", share="0.5", denominator="filled", price="4.5"))) == [7]


def test_a_rounding_that_moves_a_promise_by_more_than_a_fifth_is_warned_of():
    result = best(facts(1), rule("cap", share="0.3"))
    assert [warning.message for warning in result.warnings if warning.code == "rounding"] == [
        "Rounding turns a promise of 0.30 seats for partner A into 0, a change of 100%."
    ]
    # 2.5 becomes 3, a change of just a fifth; 2.4 becomes 2; a count is not rounded, whatever the openings.
    for told in (rule("cap", share="0.5"), rule("cap", share="0.48"), rule("cap", count=9), rule(count=9)):
        assert not [warning for warning in best(facts(5), told).warnings if warning.code == "rounding"]


# -- who and where -----------------------------------------------------------------------------------------------------

GROUPS = [
    {"seeker_id": "S1", "partner_id": "A", "populations": ["homeless", "single_parent"], "low_income": True},
    {"seeker_id": "S2", "partner_id": "B", "populations": ["ex_offender"], "veteran": True},
    {"seeker_id": "S3", "partner_id": None, "populations": [], "low_income": None},
]


@pytest.mark.parametrize(
    ("who", "members", "words"),
    [
        ("partner:A", "1", "partner A"),
        ("any_partner", "12", "any partner"),
        ({"partners": ["A", "B"]}, "12", "partner A or partner B"),
        ("population:homeless", "1", "population homeless"),
        (["population:ex_offender", "partner:A"], "12", "partner A or population ex_offender"),
        ("tier:2", "1", "tier 2"),
        ("tier:3", "2", "tier 3"),
        ({"tiers": [2, 5]}, "13", "tier 2 or tier 5"),
        ({"seekers": ["S3"]}, "3", "seeker S3"),
    ],
)
def test_each_kind_of_beneficiary_is_found(who, members, words):
    there = facts(3, seekers=GROUPS)
    for number in "123":
        expected = [] if number in members else [f"0 assignments of {words} in all slots; at least 1 are promised."]
        assert said(there, policy(rule("minimum_hard", who, count=1)), f"S{number}>J1") == expected
    told = line(best(there, rule("minimum_hard", who, count=1)))
    assert (told.beneficiaries, told.supply) == (words, len(members))


def test_tier_four_covers_its_local_parts():
    goals = [{"kind": "priority_of_service", "local": [["ex_offender"], ["single_parent"]]}, "match_quality"]
    named = [{"seeker_id": "S1", "populations": ["single_parent"]}, {"seeker_id": "S2", "populations": ["ex_offender"]}, {"seeker_id": "S3"}]
    there = facts(3, seekers=named)
    assert said(there, policy(rule("minimum_hard", "tier:4", count=2), goals=goals), "S1>J1", "S2>J1") == []
    assert said(there, policy(rule("minimum_hard", "tier:4b", count=1), goals=goals), "S1>J1") == []
    assert said(there, policy(rule("minimum_hard", "tier:4b", count=1), goals=goals), "S2>J1") != []


HEALTH = {"employer_id": "E1", "county_fips": "41051", "center_id": "C1", "staff_id": "K1", "funding_stream": "adult", "onet_soc": "31-1120.00"}
SHOP = {"employer_id": "E2", "county_fips": "41067", "center_id": "C2", "staff_id": "K2", "funding_stream": "dw", "onet_soc": "51-4121.00"}
PLACES = [{"slot_id": "J1", "openings": 1, **HEALTH}, {"slot_id": "J2", "openings": 1, **SHOP}]
PLACE_TABLES = {
    "employers": [{"employer_id": "E1", "naics": "622110"}, {"employer_id": "E2", "naics": "332710"}],
    "centers": [{"center_id": "C1"}, {"center_id": "C2"}],
    "staff": [{"staff_id": "K1"}, {"staff_id": "K2"}],
}


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("sector:62", "sector 62"),
        ("employer:E1", "employer E1"),
        ("county:41051", "county 41051"),
        ("center:C1", "center C1"),
        ("funding_stream:adult", "funding stream adult"),
        ({"staff": ["K1"]}, "staff member K1"),
        ("occupation:31-", "occupation 31-"),
        ("slot:J1", "slot J1"),
        ({"sectors": ["62", "33"], "counties": ["41051"]}, "sector 62 or 33 in county 41051"),
    ],
)
def test_each_dimension_of_a_scope_finds_its_slots(scope, words):
    there = facts(slots=PLACES, **PLACE_TABLES)
    wishes = policy(rule("minimum_hard", share=1, scope=scope))
    assert said(there, wishes, "S1>J1") == []
    assert said(there, wishes, "S1>J2", "S2>J1") == [f"0 assignments of partner A in {words}; at least 1 are promised."]
    assert line(best(there, rule(share=1, scope=scope))).scope == words


# -- stackable ---------------------------------------------------------------------------------------------------------

BOTH = [{"seeker_id": "S1", "partner_id": "A", "populations": ["homeless"]}, {"seeker_id": "S2"}, {"seeker_id": "S3", "populations": ["homeless"]}]


def two(mode, stackable, **more):
    return (
        rule(mode, "partner:A", count=1, stackable=stackable, label="A", **more),
        rule(mode, "population:homeless", count=1, stackable=stackable, label="H", **more),
    )


def test_a_stackable_person_keeps_both_promises():
    there = facts(1, seekers=BOTH)
    assert said(there, policy(*two("minimum_hard", True)), "S1>J1") == []
    assert values(best(there, *two("minimum_hard", True))) == [1]


def test_an_unstackable_person_counts_for_one_promise_only():
    one, many = facts(1, seekers=BOTH), facts(2, seekers=BOTH)
    (told,) = said(one, policy(*two("minimum_hard", False)), "S1>J1")
    assert told == "0 assignments of population homeless in all slots; at least 1 are promised."
    assert best(one, *two("minimum_hard", False)).status == "infeasible"
    # S3 takes the promise to the homeless, so that S1 is free for A's.
    assert said(many, policy(*two("minimum_hard", False)), "S1>J1", "S3>J1") == []
    assert said(many, policy(*two("minimum_hard", False)), "S1>J1", "S2>J1") != []
    assert values(best(many, *two("minimum_hard", False))) == [7]


def test_one_unstackable_promise_alone_changes_nothing():
    a, h = two("minimum_hard", True)
    assert said(facts(1, seekers=BOTH), policy(a | {"stackable": False}, h), "S1>J1") == []


def test_unstackable_best_effort_is_short_by_what_is_counted_once():
    result = best(facts(1, seekers=BOTH), *two("minimum_best_effort", False))
    # One seat for two promises; either way one is short, so the best person of those who count takes it: S3 (6).
    assert values(result) == [1, 6]
    assert [(told.label, told.filled, told.short) for told in result.reservations] == [("A", 0, 1), ("H", 1, 0)]


# -- release -----------------------------------------------------------------------------------------------------------

LADDER = [
    {"to": "any_partner", "after_days": 5},
    {"to": "population:homeless", "after_days": 10},
    {"to": "open", "after_days": 15},
]
CLIMBERS = [{"seeker_id": "S1", "partner_id": "A"}, {"seeker_id": "S2", "partner_id": "B"}, {"seeker_id": "S3", "populations": ["homeless"]}]


def posted(*days_ago, openings=1, **more):
    days = [TODAY - timedelta(days=ago) for ago in days_ago]
    return [{"slot_id": f"J{k}", "openings": openings, "posted_date": day, **more} for k, day in enumerate(days, start=1)]


@pytest.mark.parametrize(("days_ago", "who"), [(4, "1"), (5, "12"), (9, "12"), (10, "3"), (14, "3"), (15, "123")])
def test_a_seat_set_aside_opens_rung_by_rung(days_ago, who):
    there = facts(slots=posted(days_ago), seekers=CLIMBERS)
    wishes = policy(rule("set_aside", share=1, release=LADDER))
    admitted = [number for number in "123" if not said(there, wishes, f"S{number}>J1")]
    assert "".join(admitted) == who


def test_business_days_leave_out_weekends_and_holidays():
    # Today is a Monday; the slot was posted on Friday: one business day. A holiday today takes it away.
    released = rule("set_aside", share=1, release={"after_days": 1, "calendar": "business"})
    assert said(facts(slots=posted(3)), policy(released), "S3>J1") == []
    assert said(facts(slots=posted(3)), policy(released, holidays=[TODAY]), "S3>J1") != []
    assert said(facts(slots=posted(2)), policy(released), "S3>J1") == []
    assert said(facts(slots=posted(3)), policy(rule("set_aside", share=1, release={"after_days": 2, "calendar": "business"})), "S3>J1") != []


def test_a_seat_is_let_go_before_the_start():
    released = rule("set_aside", share=1, release={"before_start_days": 14})
    for days, refused in ((15, True), (14, False), (0, False)):
        slots = [{"slot_id": "J1", "openings": 1, "start_date": TODAY + timedelta(days=days)}]
        assert bool(said(facts(slots=slots), policy(released), "S3>J1")) is refused


def test_a_released_slot_leaves_the_promise_with_its_openings():
    # Four openings in two slots, half promised to A. Once J1 is open, half of J2's two are: one seat.
    slots = posted(20, 0, openings=2)
    released = rule("minimum_hard", share="0.5", release={"after_days": 15})
    there = facts(slots=slots)
    assert promise(policy(rule("minimum_hard", share="0.5")), there) == [[2]]
    assert promise(policy(released), there) == [[1]]
    assert said(there, policy(released), "S1>J2") == []
    assert said(there, policy(released), "S1>J1") == ["0 assignments of partner A in all slots; at least 1 are promised."]
    told = line(best(there, released))
    assert (told.openings, told.promised, told.released, told.released_why) == (2, 1, 2, "1 slot released: 15 days after posting")


def test_a_released_slot_enters_the_next_scope_at_the_same_share():
    # J1 (2 openings) is with any partner by now: half of them, one seat, is promised to any partner.
    there = facts(slots=posted(7, 0, openings=2), seekers=CLIMBERS)
    wishes = rule("minimum_hard", share="0.5", release=LADDER)
    assert promise(policy(wishes), there) == [[1, 1]]
    assert said(there, policy(wishes), "S1>J2", "S2>J1") == []
    assert said(there, policy(wishes), "S1>J2", "S3>J1") == ["0 assignments of any partner in all slots; at least 1 are promised."]
    first, second = best(there, wishes).reservations
    assert (first.beneficiaries, first.openings, first.promised, first.filled, first.released) == ("partner A", 2, 1, 1, 2)
    assert first.released_why == "1 slot released: 5 days after posting"
    assert (second.beneficiaries, second.openings, second.promised, second.filled, second.released) == ("any partner", 2, 1, 1, 0)


def test_a_count_is_kept_from_the_first_rung_on():
    # Three promised: the two seats of J2 are A's, the third is any partner's in J1; with all released to all nothing is left.
    wishes = rule(count=3, release=LADDER)
    assert promise(policy(wishes), facts(slots=posted(7, 0, openings=2), seekers=CLIMBERS)) == [[2, 1]]
    assert promise(policy(wishes), facts(slots=posted(20, 20, openings=2), seekers=CLIMBERS)) == [[0]]
    assert promise(policy(wishes), facts(slots=posted(20, 0, openings=2), seekers=CLIMBERS)) == [[2]]
    result = best(facts(slots=posted(7, 0, openings=2), seekers=CLIMBERS), wishes)
    assert [told.exact for told in result.reservations] == [2, 1]
    assert not [warning for warning in result.warnings if warning.code == "rounding"]


@pytest.mark.parametrize(("status", "stays"), [("offered", True), ("accepted", True), ("started", True), ("referred", False), ("proposed", False)])
def test_a_seat_already_committed_stays_counted_where_it_was(status, stays):
    # J1 is open to all by now, but S1 of partner A holds a seat there: it stays A's, and is one of two seats that half is promised of.
    there = facts(slots=posted(20, 0), commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": status}])
    wishes = rule("minimum_hard", share="0.5", rounding="ceil", release={"after_days": 15})
    assert promise(policy(wishes), there) == [[1]]
    kept = said(there, policy(wishes), "S1>J1")
    assert kept == ([] if stays else ["0 assignments of partner A in all slots; at least 1 are promised."])
    if stays:
        told = line(best(there, wishes))
        assert (told.openings, told.promised, told.filled, told.released, told.released_why) == (2, 1, 1, 0, "")


def test_a_committed_seat_counts_on_no_other_rung():
    there = facts(slots=posted(7, openings=2), seekers=CLIMBERS, commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": "started"}])
    wishes = rule("minimum_hard", share=1, release=LADDER)
    # J1's other seat is promised to any partner; S1, though a partner's customer, fills the first rung's.
    assert promise(policy(wishes), there) == [[1, 1]]
    assert said(there, policy(wishes), "S1>J1", "S2>J1") == []
    assert said(there, policy(wishes), "S1>J1") == ["0 assignments of any partner in all slots; at least 1 are promised."]


def test_a_committed_seat_counts_among_the_filled():
    # S1's seat in the released J1 is one of A's filled seats: with S2 in J2 that is one of two, and half is A's.
    there = facts(slots=posted(20, 0), commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": "started"}])
    wishes = policy(rule("minimum_hard", share="0.5", denominator="filled", release={"after_days": 15}))
    assert said(there, wishes, "S1>J1", "S2>J2") == []
    more = policy(rule("minimum_hard", share="0.6", denominator="filled", release={"after_days": 15}))
    assert said(there, more, "S1>J1", "S2>J2") == ["1 assignments of partner A in all slots; at least 2 are promised."]


def test_more_offers_than_openings_promise_no_seat_that_is_not_there():
    offers = [{"seeker_id": name, "slot_id": "J1", "status": "offered"} for name in ("S1", "S2", "S3")]
    there = facts(slots=posted(20), commitments=offers, seekers=[{"seeker_id": name, "partner_id": "A"} for name in POINTS])
    told = line(best(there, rule(share=1, release={"after_days": 15})))
    assert (told.openings, told.promised, told.clipped, told.filled, told.released) == (1, 1, 0, 1, 0)


def test_an_unknown_day_releases_nothing():
    released = rule("set_aside", share=1, release={"after_days": 1})
    slots = [{"slot_id": "J1", "openings": 1, "posted_date": None}, {"slot_id": "J2", "openings": 1, "posted_date": TODAY - timedelta(days=9)}]
    assert said(facts(slots=slots), policy(released), "S3>J2") == []
    assert said(facts(slots=slots), policy(released), "S3>J1") != []


# -- sharing out -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_sharing_out_serves_the_first_as_well_as_can_be(seed):
    draw = np.random.default_rng(seed)
    size, promises = int(draw.integers(1, 7)), int(draw.integers(1, 4))
    needs = [((str(k), 0), int(draw.integers(0, 5)), np.flatnonzero(draw.random(size) < 0.6).tolist()) for k in range(promises)]
    shared = share_out(needs)
    fits = [[k for k, (_, _, fitting) in enumerate(needs) if one in fitting] or [None] for one in range(size)]
    met = [[min(need, given.count(k)) for k, (_, need, _) in enumerate(needs)] for given in product(*fits)]
    assert [min(need, shared[name]) for name, need, _ in needs] == max(met)
    assert sum(shared.values()) == sum(whose != [None] for whose in fits)


# -- what may be written -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"count": 1, "share": "0.5"}, "give share or count, not both"),
        ({}, "give share or count"),
        ({"denominator": "filled", "count": 1}, "needs a share"),
        ({"denominator": "filled", "share": "0.5", "mode": "set_aside"}, "goes with minimum modes and cap only"),
        ({"denominator": "filled", "share": "0.5", "mode": "over_and_above"}, "goes with minimum modes and cap only"),
        ({"denominator": "applicants", "count": 1}, "leave count out"),
        ({"count": 1, "mode": "minimum_soft"}, "minimum_soft needs a price"),
        ({"count": 1, "price": 1}, "only minimum_soft takes one"),
        ({"count": 1, "mode": "cap", "release": {"after_days": 1}}, "a cap has no release"),
        ({"share": "1.3"}, "less than or equal to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(entry, told):
    with pytest.raises(ValidationError, match=told):
        Reservation.model_validate({"beneficiaries": "partner:A", **entry})
