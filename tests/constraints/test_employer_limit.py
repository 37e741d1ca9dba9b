import pytest
from pydantic import ValidationError

from allocator.constraints.employer_limit import EmployerLimit
from allocator.errors import InputError
from allocator.solve import solve
from tests.twins import best, policy, said, values
from tests.worlds import orders, people, scores, world

SCORES = {("S1", "J1"): 5, ("S2", "J1"): 4, ("S2", "J2"): 3, ("S3", "J3"): 1}


def facts(**employer):
    """J1 (two openings) and J2 belong to E, J3 to nobody known."""
    slots = orders(2, 1, 1, employer_id="E")
    slots[2]["employer_id"] = None
    return world(seekers=people(3), slots=slots, pairs=scores(SCORES), employers=[{"employer_id": "E", **employer}])


def rule(**more):
    return {"kind": "employer_limit", **more}


def test_a_number_holds_over_all_slots_of_the_employer():
    assert said(facts(), policy(rule(at_most=1)), "S1>J1", "S3>J3") == []
    assert said(facts(), policy(rule(at_most=1)), "S1>J1", "S2>J2") == ["E would train 2 more people; there is room for 1."]
    # 5 + 4 + 1 without the rule; one of the two at E, and S3, with it; with nobody at E, S3 alone.
    assert values(best(facts())) == [10]
    assert values(best(facts(), rule(at_most=1))) == [6]
    assert values(best(facts(), rule(at_most=0))) == [1]


def test_a_share_of_the_employees_is_rounded_down():
    assert said(facts(employees_at_site=20), policy(rule(share=0.1)), "S1>J1", "S2>J1") == []
    assert said(facts(employees_at_site=19), policy(rule(share=0.1)), "S1>J1", "S2>J1") == ["E would train 2 more people; there is room for 1."]
    assert said(facts(employees_at_site=9), policy(rule(share=0.1)), "S1>J1") == ["E would train 1 more people; there is room for 0."]
    # 0.29 x 100 is 29 exactly, not the 28 that floating point would give.
    there = world(
        seekers=people(29), slots=orders(29, employer_id="E"), employers=[{"employer_id": "E", "employees_at_site": 100}],
        pairs=scores({(f"S{k}", "J1"): 1 for k in range(1, 30)}),
    )  # fmt: skip
    assert values(best(there, rule(share=0.29))) == [29]


def test_the_smaller_of_number_and_share_holds():
    for limits in ({"at_most": 1, "share": 0.5}, {"at_most": 9, "share": 0.1}):
        assert said(facts(employees_at_site=10), policy(rule(**limits)), "S1>J1") == []
        assert said(facts(employees_at_site=10), policy(rule(**limits)), "S1>J1", "S2>J1") == ["E would train 2 more people; there is room for 1."]


def test_trainees_already_there_count():
    assert said(facts(active_ojts=1), policy(rule(at_most=2)), "S1>J1") == []
    assert said(facts(active_ojts=1), policy(rule(at_most=2)), "S1>J1", "S2>J1") == ["E would train 2 more people; there is room for 1."]
    assert said(facts(active_ojts=5), policy(rule(at_most=2))) == []
    assert said(facts(active_ojts=5), policy(rule(at_most=2)), "S1>J1") == ["E would train 1 more people; there is room for 0."]


def test_a_share_of_an_unknown_number_limits_nobody_and_says_so():
    assert said(facts(employees_at_site=None), policy(rule(share=0.01)), "S1>J1", "S2>J1") == []
    result = best(facts(employees_at_site=None), rule(share=0.01))
    assert values(result) == [10]
    assert [warning.message for warning in result.warnings] == ["employees_at_site is not recorded for 1 employers; share sets no limit for them."]
    assert said(facts(employees_at_site=None), policy(rule(share=0.01, at_most=1)), "S1>J1", "S2>J1") != []


def test_a_limit_is_needed():
    with pytest.raises(ValidationError, match="give at_most or share"):
        EmployerLimit()


def test_missing_facts_are_faults():
    with pytest.raises(InputError, match="needs to know the employer of each slot"):
        solve(world(seekers=people(1), slots=orders(1)), policy(rule(at_most=1)))
    with pytest.raises(InputError, match="needs the employers table"):
        solve(world(seekers=people(1), slots=orders(1, employer_id="E")), policy(rule(at_most=1)))
