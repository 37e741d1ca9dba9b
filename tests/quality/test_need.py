import numpy as np

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.quality import need
from allocator.quality.base import UNKNOWN_FIT
from tests.worlds import world


def fit(seeker, slot=None):
    """Score of one pair."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **(slot or {})}])
    return int(need.score(Problem(facts, Policy(eligibility=())), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))[0])


def test_each_barrier_counts_a_quarter_and_four_are_full():
    codes = ["homeless", "ex_offender", "single_parent", "english_learner", "foster_youth"]
    assert [fit({"populations": codes[:count]}) for count in range(6)] == [0, 2_500, 5_000, 7_500, 10_000, 10_000]


def test_the_three_flags_count_when_they_are_yes():
    assert fit({"public_assistance": True, "low_income": True, "basic_skills_deficient": True}) == 7_500
    assert fit({"public_assistance": True, "low_income": False, "basic_skills_deficient": None}) == 2_500
    assert fit({"populations": ["homeless"], "low_income": True}) == 5_000


def test_a_flag_that_is_also_a_population_is_one_barrier():
    assert fit({"populations": ["low_income", "homeless"], "low_income": True}) == 5_000
    assert fit({"populations": ["low_income", "homeless"], "low_income": False}) == 5_000


def test_a_veteran_has_no_need_on_that_account():
    assert fit({"veteran": True, "populations": []}) == 0


def test_unknown_where_nothing_is_recorded():
    assert fit({}) == UNKNOWN_FIT
    assert fit({"low_income": None}) == UNKNOWN_FIT
    assert fit({"low_income": False}) == 0
    assert fit({"populations": []}) == 0


def test_the_slot_does_not_matter():
    facts = world(seekers=[{"seeker_id": "S1", "populations": ["homeless"]}, {"seeker_id": "S2", "populations": []}])
    one = np.array([1, 0, 1], dtype=np.int32)
    assert need.score(Problem(facts, Policy(eligibility=())), one, np.array([5, 6, 7], dtype=np.int32)).tolist() == [0, 2_500, 0]
