"""A plan made by hand is worth what counting by hand says, breaks what the law says, and is never compared beyond what was proved."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from allocator.against import against
from allocator.check import check
from allocator.errors import InputError, InternalError
from allocator.evaluate import Evaluator, evaluate
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.solve import solve
from tests.brute_force import _values, every_plan
from tests.random_worlds import random_problem
from tests.worlds import orders, people, scores, world

QUALITY = [{"kind": "match_quality"}]
MODES = [
    {"mode": "minimum_best_effort", "share": 0.6},
    {"mode": "minimum_soft", "share": 0.6, "price": 7.5},
    {"mode": "minimum_best_effort", "share": 0.5, "denominator": "filled"},
    {"mode": "minimum_soft", "share": 0.7, "denominator": "filled", "price": 2},
    {"mode": "minimum_best_effort", "denominator": "applicants"},
    {"mode": "minimum_hard", "count": 1},
    {"mode": "set_aside", "count": 1},
    {"mode": "cap", "count": 1},
    {"mode": "over_and_above", "count": 1},
]


def random_worlds(first: int, last: int):
    """Problems whose policy fits their facts, by seed."""
    for seed in range(first, last):
        problem = random_problem(seed, bare=True)
        if not any(fault.severity == "error" for fault in problem.faults()):
            yield seed, problem


def counted(problem, pairs, chosen, plan):
    """Every goal's value of a plan by brute force; None where no way to credit people keeps the hard promises."""
    try:
        return [abs(value) if goal.kind == "shortfall" else value for goal in problem.goals for value in _values(goal.kind, problem, pairs, chosen, plan)]
    except AssertionError:
        return None


def judged_as_counted_by_hand(first: int, last: int, each: int) -> Counter[bool]:
    seen = Counter[bool]()
    for seed, problem in random_worlds(first, last):
        evaluator, pairs = Evaluator(problem), find_pairs(problem)
        plans = every_plan(problem, pairs)
        for number in np.random.default_rng(seed).permutation(len(plans))[:each].tolist():
            chosen, plan = plans[number]
            told = evaluator.evaluate(plan.named())
            assert told.violations == tuple(check(problem.scenario, problem.policy, plan.named())), seed
            if (wanted := counted(problem, pairs, chosen, plan)) is not None:
                assert [goal.value for goal in told.goals] == wanted, (seed, number)
            seen[told.keeps_every_rule] += 1
    return seen


def test_random_plans_are_worth_what_counting_by_hand_says_and_break_what_the_law_says():
    seen = judged_as_counted_by_hand(0, 30, 2)
    assert min(seen[True], seen[False]) > 10


@pytest.mark.slow
def test_many_more_random_plans_are_worth_what_counting_by_hand_says():
    seen = judged_as_counted_by_hand(30, 1_500, 6)
    assert min(seen[True], seen[False]) > 1_000


def agrees_with_the_solver(scenario, policy, seed: int) -> bool:
    result = solve(scenario, policy, seed=seed)
    if not result.verified:
        return False
    told = evaluate(scenario, result.policy, result.plan(), seed=seed)
    assert told.keeps_every_rule
    assert [(goal.kind, goal.label, goal.unit, goal.value) for goal in told.goals] == [(goal.kind, goal.label, goal.unit, goal.value) for goal in result.goals]
    assert (told.rules, told.reservations) == (result.rules, result.reservations)
    columns = ["seeker_id", "slot_id", "score", "tier"]
    assert told.assignments[columns].equals(result.assignments[columns].sort_values(["seeker_id", "slot_id"], ignore_index=True))
    compared = against(told, result)
    assert (compared.verdict, compared.sentence) == ("as good", "The plan is as good as the result in every goal.")
    return True


def test_the_solvers_own_plan_is_worth_what_the_solver_says():
    worlds = [(seed, problem) for seed, problem in random_worlds(200, 225)]
    assert sum(agrees_with_the_solver(problem.scenario, problem.policy, seed) for seed, problem in worlds) > 10


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(str(part) for part in mode.values()))
@pytest.mark.parametrize("rivals", [False, True], ids=["alone", "one credit each"])
def test_the_solvers_own_plan_in_every_mode(mode, rivals):
    seekers = [{"seeker_id": f"S{k}", "partner_id": "P1" if k % 2 else "P2", "populations": ["homeless"] if k < 3 else []} for k in range(5)]
    points = {(f"S{k}", f"J{j}"): float((7 * k + 3 * j) % 11) for k in range(5) for j in (1, 2) if (k + j) % 4}
    facts = world(seekers=seekers, slots=orders(2, 1), pairs=scores(points), partners=[{"partner_id": "P1"}, {"partner_id": "P2"}])
    rules = [{"kind": "reservation", "label": "one", "beneficiaries": "partner:P1", **mode, "stackable": not rivals}]
    if rivals:
        rules.append({"kind": "reservation", "label": "other", "beneficiaries": "population:homeless", "count": 2, "stackable": False})
    assert agrees_with_the_solver(facts, Policy.from_dict({"constraints": rules, "goals": [{"kind": "placements"}, *QUALITY]}), 1)


# -- plans that may not stand -------------------------------------------------------------------------------------------


def town():
    facts = world(
        seekers=people(4, partner_id="A"), slots=orders(1, 2), partners=[{"partner_id": "A"}], pairs=scores({("S1", "J1"): 9, ("S2", "J1"): 8, ("S3", "J2"): 5})
    )
    return facts, Policy.from_dict(
        {"constraints": [{"kind": "reservation", "beneficiaries": "partner:A", "count": 3}], "goals": [{"kind": "placements"}, *QUALITY]}
    )


def test_an_empty_plan_is_worth_nothing_and_everything_is_open():
    told = evaluate(*town(), [])
    assert [(goal.label, goal.value) for goal in told.goals] == [("shortfall", 2), ("placements", 0), ("match_quality", 0)]
    assert told.keeps_every_rule
    assert [(slot.slot_id, slot.left, slot.could_take, slot.blocked) for slot in told.open_slots] == [("J1", 1, 2, 0), ("J2", 2, 1, 0)]
    assert vars(told.waiting) == {"could_take": 3, "blocked": 0, "full": 0, "no_pair": 1}


def test_a_pair_that_is_refused_is_named_and_left_out_of_the_goals():
    told = evaluate(*town(), [("S4", "J1"), ("S3", "J2")])
    assert [(line.seeker_id, line.slot_id, line.rule) for line in told.refused] == [("S4", "J1", "pairs")]
    assert told.goal("placements").value == 1
    assert {violation.kind for violation in told.violations} == {"pairs"}
    assert [(slot.slot_id, slot.left) for slot in told.open_slots] == [("J2", 1)]
    assert vars(told.waiting) == {"could_take": 0, "blocked": 0, "full": 2, "no_pair": 0}


def test_a_rule_that_refuses_is_named_with_its_sentence_and_the_score_is_told():
    facts = world(seekers=[{"seeker_id": "S1", "wage_floor": 30.0}], slots=orders(1, wage=20.0))
    told = evaluate(facts, Policy.from_dict({"eligibility": [{"kind": "wage_floor"}]}), [("S1", "J1")])
    assert [(line.rule, "30" in line.why) for line in told.refused] == [("wage_floor", True)]
    assert told.assignments.loc[0, "eligible"] is np.False_ or not told.assignments.loc[0, "eligible"]
    assert told.assignments.loc[0, "score"] >= 0
    assert told.goal("placements").value == 0


def test_a_pair_said_twice_counts_once_and_is_told():
    told = evaluate(*town(), [("S3", "J2"), ("S3", "J2"), ("S1", "J1")])
    assert told.duplicates == [("S3", "J2")]
    assert (told.goal("placements").value, told.goal("match_quality").value, len(told.assignments)) == (2, 14, 2)
    assert [violation.kind for violation in told.violations] == ["one_slot_each"]


def test_ids_that_nobody_has_are_faults_all_at_once():
    with pytest.raises(InputError) as caught:
        evaluate(*town(), [("S9", "J1"), ("S1", "J9"), ("S9", "J2")])
    assert [(fault.code, fault.column, fault.value) for fault in caught.value.faults] == [("unknown_id", "seeker_id", "S9"), ("unknown_id", "slot_id", "J9")]


def test_a_pin_that_cannot_hold_is_said_and_not_scored():
    facts, _ = town()
    pinned = Policy.from_dict({"constraints": [{"kind": "pins", "pins": [{"seeker_id": "S4", "slot_id": "J1", "action": "fix"}]}], "goals": QUALITY})
    with pytest.raises(InputError, match="the pair is not in pairs"):
        evaluate(facts, pinned, [("S4", "J1")])
    kept = Policy.from_dict({"constraints": [{"kind": "pins", "pins": [{"seeker_id": "S1", "slot_id": "J1", "action": "fix"}]}], "goals": QUALITY})
    assert [violation.kind for violation in evaluate(facts, kept, [("S3", "J2")]).violations] == ["pins"]


def test_hard_promises_that_credits_cannot_keep_leave_values_known():
    facts = world(seekers=people(2, partner_id="A", populations=["homeless"]), slots=orders(2), partners=[{"partner_id": "A"}])
    rules = [
        {"kind": "reservation", "label": "a", "beneficiaries": "partner:A", "count": 1, "mode": "minimum_hard", "stackable": False},
        {"kind": "reservation", "label": "b", "beneficiaries": "population:homeless", "count": 2, "stackable": False},
    ]
    policy = Policy.from_dict({"eligibility": [], "constraints": rules, "goals": [{"kind": "placements"}]})
    empty, one, both = (evaluate(facts, policy, [(f"S{k}", "J1") for k in range(1, n + 1)]) for n in (0, 1, 2))
    assert [plan.goal("shortfall").value for plan in (empty, one, both)] == [2, 2, 1]
    assert [plan.keeps_every_rule for plan in (empty, one, both)] == [False, True, True]


def test_more_people_than_seats_are_still_counted():
    facts = world(seekers=people(4), slots=orders(1))
    target = {"kind": "business_target", "maximum": 0}
    policy = Policy.from_dict({"eligibility": [], "constraints": [target], "goals": [{"kind": "placements"}]})
    told = evaluate(facts, policy, [(f"S{k}", "J1") for k in range(1, 5)])
    assert (told.goal("shortfall").value, told.goal("placements").value) == (4, 4)
    assert [violation.kind for violation in told.violations] == ["slot_openings"]


def test_pairs_beyond_the_cap_count_like_any_other():
    facts = world(seekers=people(2), slots=orders(1, 1, 1), pairs=scores({(f"S{k}", f"J{j}"): 10 * j for k in (1, 2) for j in (1, 2, 3)}))
    policy = Policy.from_dict({"goals": QUALITY, "limits": {"pairs_per_seeker": 1}})
    told = evaluate(facts, policy, [("S1", "J1"), ("S2", "J3")])
    assert (told.goal("match_quality").value, told.refused) == (40, [])
    assert against(told, solve(facts, policy)).verdict == "better"


def test_staff_time_and_money_are_told_per_assignment():
    facts = world(
        seekers=people(2, staff_id="ANN"), slots=orders(2), staff=[{"staff_id": "ANN", "capacity": 5}],
        pairs=[{"seeker_id": "S1", "slot_id": "J1", "score": 1.0, "staff_points": 3, "cost_cents": 70_000}],
    )  # fmt: skip
    policy = Policy.from_dict({"constraints": [{"kind": "staff_capacity"}, {"kind": "budget", "available": 1000}]})
    told = evaluate(facts, policy, [("S1", "J1")])
    assert [(use.rule, use.key, use.amount, use.unit) for use in told.uses] == [("staff_capacity", "ANN", 3, "points"), ("budget", "", 70_000, "cents")]


# -- against a result ---------------------------------------------------------------------------------------------------


def test_a_distance_is_claimed_up_to_the_first_goal_that_differs():
    facts, policy = town()
    result = solve(facts, policy)
    told = against(evaluate(facts, policy, [("S2", "J1"), ("S3", "J2")]), result)
    assert (told.verdict, told.first.label, told.first.behind, told.first.behind_bound, told.proved) == ("worse", "match_quality", 1, 1, True)
    told = against(evaluate(facts, policy, [("S1", "J1")]), result)
    assert (told.verdict, told.first.label, told.first.behind) == ("worse", "shortfall", 1)
    assert [goal.behind_bound for goal in told.goals] == [1, None, None]
    broken = against(evaluate(facts, policy, [("S1", "J1"), ("S2", "J1"), ("S3", "J2")]), result)
    assert (broken.verdict, broken.proved) == ("not comparable", False)
    assert all(goal.behind_bound is None for goal in broken.goals)


def test_an_unproved_result_is_no_limit():
    facts, policy = town()
    result = solve(facts, policy)
    weaker = replace(result, goals=[*result.goals[:2], replace(result.goals[2], value=13, bound=20)])
    told = against(evaluate(facts, policy, [("S1", "J1"), ("S3", "J2")]), weaker)
    assert (told.verdict, told.first.behind, told.first.behind_bound) == ("better", -1, 6)
    told = against(evaluate(facts, policy, [("S2", "J1"), ("S3", "J2")]), replace(weaker, goals=[*result.goals[:2], replace(result.goals[2], bound=20)]))
    assert told.sentence == (
        "The plan is worse than the result: 1 point behind in match quality, the first goal in which they differ. "
        "The best there is can be ahead of it by up to 7 points."
    )


def test_a_bound_that_a_lawful_plan_beats_is_our_mistake():
    facts, policy = town()
    result = solve(facts, policy)
    false = replace(result, goals=[*result.goals[:2], replace(result.goals[2], value=13, bound=13)])
    with pytest.raises(InternalError, match="13 was proved"):
        against(evaluate(facts, policy, result.plan()), false)


def test_results_of_other_facts_policies_and_seeds_are_refused():
    facts, policy = town()
    other = Policy.from_dict({"goals": [{"kind": "placements"}, *QUALITY]})
    with pytest.raises(InputError, match="another policy"):
        against(evaluate(facts, policy, []), solve(facts, other))
    elsewhere = world(seekers=people(4), slots=orders(1, 2), pairs=scores({("S1", "J1"): 9}))
    with pytest.raises(InputError, match="other facts"):
        against(evaluate(facts, other, []), solve(elsewhere, other))
    drawn = Policy.from_dict({"goals": [*QUALITY, {"kind": "lottery"}]})
    with pytest.raises(InputError, match="drawn with seed 2"):
        against(evaluate(facts, drawn, [], seed=1), solve(facts, drawn, seed=2))


def test_a_problem_is_built_once_for_many_plans():
    facts, policy = town()
    evaluator = Evaluator(Problem(facts, policy))
    program = evaluator.program
    assert evaluator.evaluate([("S1", "J1")]).goal("match_quality").value == 9
    assert evaluator.evaluate([("S3", "J2")]).goal("match_quality").value == 5
    assert evaluator.program is program
