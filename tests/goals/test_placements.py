from tests.twins import best, held, values
from tests.worlds import people, scores, world

# One coach has time for one person: S1, whom an employer named, or S2.
SLOTS = [{"slot_id": "J1", "openings": 1, "designated_seeker_id": "S1"}, {"slot_id": "J2", "openings": 1}]
FACTS = world(
    seekers=people(2, staff_id="K"), slots=SLOTS, staff=[{"staff_id": "K", "capacity": 1}], pairs=scores({("S1", "J1"): 9, ("S2", "J2"): 1})
)  # fmt: skip
ONE = {"kind": "staff_capacity"}


def test_people_whom_the_employer_named_are_no_placements():
    result = best(FACTS, ONE, goals=["placements", "match_quality"])
    assert (held(result), values(result)) == (["S2>J2"], [1, 1])


def test_a_policy_may_count_them():
    result = best(FACTS, ONE, goals=[{"kind": "placements", "count_reverse_referrals": True}, "match_quality"])
    assert (held(result), values(result)) == (["S1>J1"], [1, 9])


def test_they_may_still_be_placed_where_nothing_is_lost():
    result = best(FACTS, goals=["placements", "match_quality"])
    assert (values(result), result.placed, result.reverse_referrals) == ([1, 10], 2, 1)


def test_more_people_come_before_better_matches():
    there = world(seekers=people(2), slots=[{"slot_id": "J1", "openings": 1}, {"slot_id": "J2", "openings": 1}],
                  pairs=scores({("S1", "J1"): 9, ("S1", "J2"): 0, ("S2", "J1"): 1}))  # fmt: skip
    # S1 at J1 alone is worth 9; both placed, 0 + 1.
    assert values(best(there, goals=["placements", "match_quality"])) == [2, 1]
    assert values(best(there, goals=["match_quality", "placements"])) == [9, 1]
