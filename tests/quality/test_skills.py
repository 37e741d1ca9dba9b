import numpy as np

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.quality import skills
from allocator.quality.base import UNKNOWN_FIT
from tests.worlds import world


def fit(seeker, slot=None):
    """Score of one pair."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **(slot or {})}])
    return int(skills.score(Problem(facts, Policy(eligibility=())), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))[0])


FIVE = ["a", "b", "c", "d", "e"]


def test_the_share_of_the_slots_skills_counts_and_is_full_at_four_in_five():
    assert [fit({"skills": FIVE[:had]}, {"skills": FIVE}) for had in range(6)] == [0, 2_500, 5_000, 7_500, 10_000, 10_000]


def test_a_third_is_rounded_to_the_nearest_hundredth():
    assert fit({"skills": ["a"]}, {"skills": ["a", "b", "c"]}) == 4_167
    assert fit({"skills": ["a", "b"]}, {"skills": ["a", "b", "c"]}) == 8_333


def test_skills_beyond_the_slots_do_not_count():
    assert fit({"skills": ["a", "x", "y", "z"]}, {"skills": ["a", "b"]}) == 6_250


def test_credentials_held_or_required_of_everybody_count_as_skills():
    assert fit({"skills": ["a"], "credentials": ["cdl"]}, {"skills": ["a", "cdl", "b", "c", "d"]}) == 5_000
    assert fit({"skills": ["a"]}, {"skills": ["a", "cdl", "b", "c", "d"], "required_credentials": ["cdl"]}) == 5_000
    assert fit({"skills": ["a"], "credentials": ["cdl"]}, {"skills": ["a", "cdl", "b", "c", "d"], "required_credentials": ["cdl"]}) == 5_000


def test_a_skill_listed_twice_counts_once():
    assert fit({"skills": ["a", "a"]}, {"skills": ["a", "b", "b"]}) == 6_250


def test_unknown_where_the_slot_lists_none_or_the_table_has_no_skills():
    assert fit({"skills": ["a"]}, {"skills": []}) == UNKNOWN_FIT
    assert fit({"skills": ["a"]}) == UNKNOWN_FIT
    assert fit({}, {"skills": ["a"]}) == UNKNOWN_FIT
    assert fit({"skills": []}, {"skills": ["a"]}) == 0


def test_more_than_64_skills_are_all_counted():
    many = [f"s{k:03d}" for k in range(200)]
    facts = world(
        seekers=[{"seeker_id": "S1", "skills": many[::4]}, {"seeker_id": "S2", "skills": many[199:]}],
        slots=[{"slot_id": "J1", "openings": 1, "skills": many}, {"slot_id": "J2", "openings": 1, "skills": many[190:]}],
    )
    one, other = np.array([0, 0, 1, 1], dtype=np.int32), np.array([0, 1, 0, 1], dtype=np.int32)
    # 50 of 200; 192 and 196 of ten; 1 of 200; 1 of ten.
    assert skills.score(Problem(facts, Policy(eligibility=())), one, other).tolist() == [3_125, 2_500, 63, 1_250]
