import numpy as np

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.quality import occupation
from allocator.quality.base import UNKNOWN_FIT
from tests.worlds import world


def fit(seeker, slot=None):
    """Score of one pair."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **(slot or {})}])
    return int(occupation.score(Problem(facts, Policy(eligibility=())), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32))[0])


def wants(*occupations, job="51-4121.06", **seeker):
    return fit({"career_map_soc": list(occupations), **seeker}, {"onet_soc": job})


def test_points_fall_with_the_digits_that_agree():
    assert wants("51-4121.00") == 10_000
    assert wants("51-4122.00") == 8_000
    assert wants("51-4199.00") == 5_000
    assert wants("51-9199.00") == 2_500
    assert wants("53-4121.00") == 0


def test_four_digits_count_as_three():
    assert wants("51-4111.00") == 5_000
    assert wants("51-4133.00") == 5_000


def test_the_best_occupation_on_the_map_counts():
    assert wants("53-3032.00", "51-4121.00", "51-4122.00") == 10_000 - 200


def test_a_place_further_down_takes_two_points_and_ten_at_most():
    elsewhere = ["11-1011.00", "13-1011.00", "15-1211.00", "17-1011.00", "19-1011.00", "21-1011.00"]
    assert wants(*elsewhere[:5], "51-4121.00") == 10_000 - 1_000
    assert wants(*elsewhere, "51-4121.00") == 10_000 - 1_000


def test_a_near_first_wish_beats_nothing_and_loses_to_an_exact_third():
    assert wants("51-4122.00", "53-3032.00", "51-4121.00") == 10_000 - 400
    assert wants("51-4122.00", "51-4199.00") == 8_000


def test_the_last_job_stands_in_for_a_missing_map_at_four_fifths():
    assert wants(last_soc="51-4121.00") == 8_000
    assert wants(last_soc="51-4122.00") == 6_400
    assert wants("53-3032.00", last_soc="51-4121.00") == 0


def test_unknown_where_there_is_nothing_to_compare():
    assert wants() == UNKNOWN_FIT
    assert wants("51-4121.00", job=None) == UNKNOWN_FIT
    assert fit({}) == UNKNOWN_FIT


def test_short_and_long_codes_compare_by_what_they_have():
    assert wants("51-4121") == 10_000
    assert wants("51") == 2_500
    assert wants("51-4121.06", job="51") == 2_500


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "career_map_soc": ["51-4121.00", "47-2111.00"]}, {"seeker_id": "S2", "last_soc": "47-2111.00"}, {"seeker_id": "S3"}],
        slots=[{"slot_id": f"J{k}", "openings": 1, "onet_soc": soc} for k, soc in enumerate(["47-2111.00", "51-4121.00", None])],
    )
    one, other = np.repeat(np.arange(3, dtype=np.int32), 3), np.tile(np.arange(3, dtype=np.int32), 3)
    assert occupation.score(Problem(facts, Policy(eligibility=())), one, other).tolist() == [9_800, 10_000, -1, 8_000, 0, -1, -1, -1, -1]
