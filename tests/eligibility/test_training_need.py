import numpy as np

from allocator.eligibility.training_need import TrainingNeed
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import world


def said(seeker, slot, rule=TrainingNeed()):
    """What the rule says of one pair; nothing where it admits it."""
    facts = world(seekers=[{"seeker_id": "S1", **seeker}], slots=[{"slot_id": "J1", "openings": 1, **slot}])
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


WELDER = "51-4121.00"


def test_a_year_in_the_job_still_leaves_something_to_learn_and_a_month_more_does_not():
    assert said({"last_soc": WELDER, "months_experience": 12}, {"onet_soc": WELDER}) == []
    sentence = "S1 has 13 months of experience as 51-4121.00, the occupation of J1; more than 12 leaves nothing to train."
    assert said({"last_soc": WELDER, "months_experience": 13}, {"onet_soc": WELDER}) == [sentence]


def test_another_occupation_is_no_obstacle():
    assert said({"last_soc": WELDER, "months_experience": 300}, {"onet_soc": "51-4122.00"}) == []


def test_six_digits_make_an_occupation_and_fewer_make_a_family():
    assert said({"last_soc": "51-4121", "months_experience": 13}, {"onet_soc": "51-4121.06"}) != []
    assert said({"last_soc": "51-4121", "months_experience": 13}, {"onet_soc": "51-4122.00"}, TrainingNeed(digits=5)) != []
    assert said({"last_soc": "51-4121.00", "months_experience": 13}, {"onet_soc": "51-4121.06"}, TrainingNeed(digits=8)) == []


def test_the_months_can_be_set():
    assert said({"last_soc": WELDER, "months_experience": 13}, {"onet_soc": WELDER}, TrainingNeed(months=24)) == []


def test_what_is_not_recorded_refuses_nobody():
    assert said({"last_soc": WELDER, "months_experience": None}, {"onet_soc": WELDER}) == []
    assert said({"last_soc": None, "months_experience": 60}, {"onet_soc": None}) == []
    assert said({"last_soc": "51", "months_experience": 60}, {"onet_soc": "51"}) == []
    assert said({}, {}) == []


def test_many_pairs_at_once():
    facts = world(
        seekers=[{"seeker_id": "S1", "last_soc": WELDER, "months_experience": 60}, {"seeker_id": "S2", "last_soc": "47-2111.00", "months_experience": 60}],
        slots=[
            {"slot_id": "J1", "openings": 1, "onet_soc": WELDER},
            {"slot_id": "J2", "openings": 1, "onet_soc": "47-2111.00"},
            {"slot_id": "J3", "openings": 1},
        ],
    )
    one, other = np.repeat(np.arange(2, dtype=np.int32), 3), np.tile(np.arange(3, dtype=np.int32), 2)
    verdict = TrainingNeed().mask(Problem(facts, Policy(eligibility=())), one, other)
    assert verdict.tolist() == [False, True, True, True, False, True]
