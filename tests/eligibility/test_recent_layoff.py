from datetime import timedelta

import numpy as np

from allocator.eligibility.recent_layoff import RecentLayoff
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from tests.worlds import TODAY, world

WELDER = "51-4121.00"
BARRED = {"layoff_soc": [WELDER]}
SLOTS = [{"slot_id": f"J{k}", "openings": 1, "employer_id": employer, "onet_soc": WELDER} for k, employer in enumerate(["E1", "E2", None])]
NOBODY = np.empty(0, dtype=np.int32)


def said(employer, rule=RecentLayoff(), **slot):
    """What the rule says of a slot of employer E1; nothing where it admits it."""
    facts = world(
        seekers=[{"seeker_id": "S1"}],
        employers=[{"employer_id": "E1", **employer}],
        slots=[{"slot_id": "J1", "openings": 1, "employer_id": "E1", **slot}],
    )
    return [sentence for _, sentence in reasons(Problem(facts, Policy(eligibility=(rule,))), 0, 0)]


def test_a_layoff_of_120_days_ago_still_counts_and_one_of_121_does_not():
    laid_off = {"layoff_soc": ["47-2111.00", WELDER]}
    assert said({**laid_off, "layoff_date": TODAY - timedelta(days=121)}, onet_soc=WELDER) == []
    sentence = "E1 laid off people in 51-4121.00, the occupation of J1, on 2026-07-05; such a layoff counts for 120 days."
    assert said({**laid_off, "layoff_date": TODAY - timedelta(days=120)}, onet_soc=WELDER) == [sentence]


def test_another_occupation_is_no_obstacle():
    assert said({"layoff_soc": [WELDER], "layoff_date": TODAY}, onet_soc="51-4122.00") == []
    assert said({"layoff_soc": [WELDER], "layoff_date": TODAY}, RecentLayoff(digits=5), onet_soc="51-4122.00") != []


def test_a_layoff_without_a_date_is_recent_and_an_announced_one_counts():
    assert said({"layoff_soc": [WELDER]}, onet_soc=WELDER) == ["E1 laid off people in 51-4121.00, the occupation of J1, on a day not recorded."]
    assert said({"layoff_soc": [WELDER], "layoff_date": TODAY + timedelta(days=9)}, onet_soc=WELDER) != []


def test_what_is_not_recorded_refuses_nobody():
    assert said({"layoff_soc": [WELDER]}, onet_soc=None) == []
    assert said({"layoff_soc": []}, onet_soc=WELDER) == []
    assert said({"layoff_soc": ["51"]}, onet_soc="51") == []
    assert said({}) == []


def test_the_slots_alone_decide():
    facts = world(employers=[{"employer_id": "E1", **BARRED}, {"employer_id": "E2"}], slots=SLOTS)
    verdict = RecentLayoff().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.array([2, 0, 1, 0], dtype=np.int32))
    assert verdict.tolist() == [True, False, True, False]


def test_without_an_employers_table_nothing_is_refused():
    facts = world(slots=SLOTS)
    assert RecentLayoff().mask(Problem(facts, Policy(eligibility=())), NOBODY, np.arange(3, dtype=np.int32)).all()
