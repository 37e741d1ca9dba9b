"""Recommendations are eligible and ranked as they say; what every plan gives up at least is never more than what a solve with the pair forced gives up; and
a move can be made as it is told, keeps every rule, and costs what is said."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from allocator.candidate import Candidate, Cost, Move, Step, why
from allocator.check import check
from allocator.errors import InputError
from allocator.evaluate import Evaluation, Evaluator
from allocator.opened import Opened
from allocator.pairs import reasons
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.recommend import LIKELY, Recommender
from allocator.solve import solve
from tests.brute_force import best_values
from tests.random_worlds import random_problem
from tests.worlds import orders, people, scores, world

QUALITY = [{"kind": "match_quality"}]


def held(scenario, policy, seed: int = 0) -> Recommender:
    return Recommender(Opened.of(scenario, solve(scenario, policy, seed=seed)))


def random_recommenders(first: int, last: int):
    for seed in range(first, last):
        problem = random_problem(seed, bare=True)
        if not any(fault.severity == "error" for fault in problem.faults()):
            result = solve(problem.scenario, problem.policy, seed=seed)
            if result.verified and result.pairs:
                yield seed, Recommender(Opened.of(problem.scenario, result))


def after(plan: dict[str, str], move: Move) -> dict[str, str]:
    """The plan when everybody has done their step; each stands where the step says."""
    moved = dict(plan)
    for step in move.steps:
        assert moved.pop(step.seeker_id, None) == step.from_slot
    return moved | {step.seeker_id: step.to_slot for step in move.steps if step.to_slot is not None}


def first_difference(before: Evaluation, then: Evaluation) -> tuple[str, str, float]:
    """The first goal that two plans differ in, and by how much the second is worse."""
    for one, other in zip(before.goals, then.goals, strict=True):
        if one.value != other.value:
            sign = 1 if one.better == "more" else -1
            return one.kind, one.label, round(sign * (one.value - other.value), 2)
    return "", "", 0


def weight(recommender: Recommender, cost: Cost) -> tuple[int, float]:
    """How bad a cost is: in an early goal, and much."""
    names = [(objective.kind, objective.label or objective.kind) for objective in recommender.program.objectives]
    return (-names.index((cost.goal, cost.label)) if cost.goal else -len(names), cost.amount)


def everything_said_is_so(first: int, last: int) -> Counter[str]:
    seen = Counter[str]()
    for seed, recommender in random_recommenders(first, last):
        facts, problem = recommender.facts, recommender.problem
        evaluator, plan = Evaluator(problem), dict(recommender.opened.result.plan())
        before = evaluator.evaluate(plan.items())
        for name in facts.ids("seekers"):
            for one in recommender.recommend(seeker_id=str(name), k=10).candidates:
                assert not reasons(problem, facts.position("seekers", one.seeker_id), facts.position("slots", one.slot_id))
                assert one.holds == plan.get(one.seeker_id) != one.slot_id
                slot = facts.position("slots", one.slot_id)
                assert one.seat_open == (list(plan.values()).count(one.slot_id) < problem.openings[slot]), seed
                simply = {**plan, one.seeker_id: one.slot_id}
                if not recommender._board.tangled:
                    assert bool(one.in_the_way) == bool(check(facts, problem.policy, simply.items())), (seed, one)
                exact = recommender.exactly(one.seeker_id, one.slot_id)
                assert exact.proved, (seed, exact)
                assert exact.telling in ("worse", "equal", "impossible"), (seed, exact)
                seen[exact.telling] += 1
                if one.move is not None:
                    then = evaluator.evaluate(after(plan, one.move).items())
                    assert then.keeps_every_rule, (seed, one)
                    assert first_difference(before, then) == (one.move.cost.goal, one.move.cost.label, one.move.cost.amount), (seed, one)
                    assert exact.telling != "impossible"
                    assert weight(recommender, one.move.cost) >= weight(recommender, exact.least), (seed, one, exact)
                    seen["moves"] += 1
                    seen["proved by a move"] += one.proved
                    assert not one.proved or one.move.cost == exact.least
                if one.least is not None:
                    assert exact.telling != "equal", (seed, one)
                    assert exact.telling == "impossible" or weight(recommender, one.least) <= weight(recommender, exact.least), (seed, one, exact)
                    seen["losses"] += 1
    return seen


def test_everything_said_of_a_candidate_is_so_in_random_worlds():
    seen = everything_said_is_so(0, 14)
    assert min(seen["worse"], seen["moves"], seen["losses"]) >= 5


@pytest.mark.slow
def test_everything_said_of_a_candidate_is_so_in_many_more_random_worlds():
    seen = everything_said_is_so(14, 600)
    assert min(seen["worse"], seen["equal"], seen["moves"], seen["losses"], seen["proved by a move"]) > 200


def rank(recommender: Recommender, one: Candidate) -> tuple[float | bool, ...]:
    """What candidates are ranked by."""
    at_least = (-len(recommender.program.objectives) - 1, 0.0) if one.least is None else weight(recommender, one.least)
    return (one.move is None, *((0, 0) if one.move is None else weight(recommender, one.move.cost)), *(at_least if one.move is None else ()))


@pytest.mark.parametrize("seed", [3, 7])
def test_candidates_are_ranked_by_what_their_move_costs_then_by_what_they_give_up_at_least(seed):
    draw = np.random.default_rng(seed)
    points = {(f"S{i}", f"J{j}"): float(draw.integers(1, 100)) for i in range(1, 21) for j in range(1, 6) if draw.random() < 0.6}
    facts = world(seekers=people(20, staff_id="ANN"), slots=orders(*([3] * 5)), pairs=scores(points), staff=[{"staff_id": "ANN", "capacity": 12}])
    recommender = held(facts, Policy.from_dict({"constraints": [{"kind": "staff_capacity"}], "goals": [{"kind": "placements"}, *QUALITY]}))
    for asked in [{"seeker_id": f"S{k}"} for k in range(1, 21)] + [{"slot_id": f"J{k}"} for k in range(1, 6)]:
        answer = recommender.recommend(**asked, k=LIKELY)
        assert [one.rank for one in answer.candidates] == list(range(1, len(answer.candidates) + 1))
        keys = [rank(recommender, one) for one in answer.candidates]
        assert keys == sorted(keys)
        assert len(answer.candidates) == min(LIKELY, answer.eligible - len(answer.held))
        fewer = [(one.seeker_id, one.slot_id) for one in recommender.recommend(**asked, k=2).candidates]
        assert fewer == [(one.seeker_id, one.slot_id) for one in answer.candidates[:2]]


def test_the_best_for_a_free_seat_of_equal_goals_bears_out_when_solved_again():
    """Seat J2 is open: nobody gains by taking it, for a coach has room for one person only; but S2 could have it in place of S1 at no loss."""
    facts = world(
        seekers=people(2, staff_id="ANN"), slots=orders(1, 1), staff=[{"staff_id": "ANN", "capacity": 1}],
        pairs=scores({("S1", "J1"): 5, ("S2", "J2"): 5, ("S1", "J2"): 4}),
    )  # fmt: skip
    policy = Policy.from_dict({"constraints": [{"kind": "staff_capacity"}], "goals": [{"kind": "placements"}, *QUALITY]})
    recommender = held(facts, policy)
    free = "J2" if recommender.opened.result.plan() == [("S1", "J1")] else "J1"
    best = recommender.recommend(slot_id=free, exact=True).candidates[0]
    assert best.seat_open
    assert best.in_the_way == ("staff_capacity[ANN]",)
    assert (str(best.move.cost), best.exact.telling) == ("nothing", "equal")
    pinned = policy.model_copy(update={"constraints": (*policy.constraints, *_pinned(best))})
    assert best_values(Problem(facts, pinned), recommender.pairs) == [goal.value for goal in solve(facts, policy).goals]


def _pinned(one: Candidate):
    pin = {"seeker_id": one.seeker_id, "slot_id": one.slot_id, "action": "fix"}
    return Policy.from_dict({"constraints": [{"kind": "pins", "pins": [pin]}]}).constraints


# -- told ---------------------------------------------------------------------------------------------------------------


def town() -> Recommender:
    facts = world(
        seekers=people(4), slots=orders(1, 1, 1), pairs=scores({("S1", "J1"): 9, ("S2", "J1"): 8, ("S1", "J2"): 8.5, ("S3", "J3"): 5, ("S4", "J3"): 2})
    )
    return held(facts, Policy.from_dict({"goals": QUALITY}))


def test_who_gives_way_and_where_they_go_is_told():
    one = town().recommend(slot_id="J1").candidates[0]
    assert (one.seeker_id, one.holds, one.seat_open) == ("S1", "J2", False)
    assert [(step.seeker_id, step.from_slot, step.to_slot) for step in one.move.steps] == [("S1", "J2", "J1"), ("S2", "J1", None)]
    assert (str(one.least), str(one.move.cost), one.proved) == ("7.5 points of match quality",) * 2 + (True,)
    assert one.why == (
        "J1 is full. S1 moves from J2 to J1; S2 gives up J1 and waits. That costs 7.5 points of match quality, and no plan with this pair costs less."
    )


def test_a_seat_that_comes_free_is_filled_again():
    points = {("S1", "J1"): 9, ("S1", "J2"): 7, ("S2", "J1"): 8, ("S2", "J2"): 1, ("S3", "J1"): 4}
    recommender = held(world(seekers=people(3), slots=orders(1, 1), pairs=scores(points)), Policy.from_dict({"goals": QUALITY}))
    assert recommender.opened.result.plan() == [("S1", "J2"), ("S2", "J1")]
    best = recommender.recommend(seeker_id="S1").candidates[0]
    assert [(step.seeker_id, step.from_slot, step.to_slot) for step in best.move.steps] == [("S1", "J2", "J1"), ("S2", "J1", "J2")]
    assert (str(best.move.cost), best.proved) == ("5 points of match quality", True)


def test_a_person_whom_nobody_admits_has_no_candidate_and_the_rules_are_counted():
    facts = world(seekers=[{"seeker_id": "S1", "wage_floor": 30.0}, {"seeker_id": "S2"}], slots=orders(1, wage=20.0))
    recommender = held(facts, Policy.from_dict({"eligibility": [{"kind": "wage_floor"}]}))
    answer = recommender.recommend(seeker_id="S1")
    assert (list(answer.candidates), answer.eligible, answer.refused) == ([], 0, {"wage_floor": 1})


def test_scores_of_ones_own_scoring_come_with_their_components():
    facts = world(seekers=people(2, wage_floor=15.0), slots=orders(1, 1, wage=20.0))
    one = held(facts, Policy.from_dict({"eligibility": []})).recommend(seeker_id="S1").candidates[0]
    assert set(one.components) == {"occupation", "skills", "wage", "commute", "waiting", "need"}
    assert one.components["commute"] is None
    assert one.components["wage"] is not None


def test_ids_that_nobody_has_are_named_with_the_one_that_was_meant():
    with pytest.raises(InputError, match=r"slots has no J33\. Did you mean J3\?"):
        town().recommend(slot_id="J33")
    with pytest.raises(ValueError, match="Give a seeker_id or a slot_id"):
        town().recommend()
    with pytest.raises(InputError, match="not among the eligible pairs"):
        town().exactly("S4", "J1")


def test_a_result_without_a_plan_is_refused():
    facts = world(seekers=people(1, partner_id="A"), slots=orders(1), partners=[{"partner_id": "A"}])
    policy = Policy.from_dict({"eligibility": [], "constraints": [{"kind": "reservation", "beneficiaries": "partner:A", "count": 2, "mode": "minimum_hard"}]})
    with pytest.raises(InputError, match="no plan to recommend from"):
        held(facts, policy)


def test_what_is_settled_by_a_pin_or_has_begun_is_counted_and_no_candidate():
    facts = world(
        seekers=people(3), slots=orders(1, 1), pairs=scores({(f"S{i}", f"J{j}"): i for i in (1, 2, 3) for j in (1, 2)}),
        commitments=[{"seeker_id": "S1", "slot_id": "J2", "status": "started"}],
    )  # fmt: skip
    pins = [{"seeker_id": "S2", "slot_id": "J1", "action": "forbid"}]
    recommender = held(facts, Policy.from_dict({"constraints": [{"kind": "pins", "pins": pins}], "goals": QUALITY}))
    answer = recommender.recommend(slot_id="J1")
    assert (answer.held, answer.eligible, answer.settled, list(answer.candidates)) == (("S3",), 3, 2, [])
    assert recommender.exactly("S1", "J1").telling == recommender.exactly("S2", "J1").telling == "impossible"


def test_nobody_at_all_is_no_mistake():
    facts = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 1}), commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": "declined"}])
    answer = held(facts, Policy.from_dict({"goals": QUALITY})).recommend(slot_id="J1")
    assert (list(answer.candidates), answer.seats_open, answer.held) == ([], 1, ())


def test_an_exact_answer_that_has_no_time_claims_no_more_than_it_knows():
    recommender = town()
    exact = recommender.exactly("S1", "J1", seconds=0.0)
    known = recommender.exactly("S1", "J1")
    assert (known.telling, str(known.least), known.proved, known.people_moved) == ("worse", "7.5 points of match quality", True, 2)
    assert exact.telling in ("open", "worse")
    assert weight(recommender, exact.least) <= weight(recommender, known.least)


def test_a_move_that_makes_a_plan_better_is_not_called_a_cost():
    better = Cost("priority_of_service", "tier 2", "people", -1)
    move = Move((Step("S1", None, "J1"),), better)
    candidate = Candidate(1, "S1", "J1", 50.0, "2", {}, None, True, (), None, move, "")
    assert why(candidate, ()) == (
        "J1 has an open seat. S1 can be seated there at once. That makes the plan better by 1 placement of tier 2: it was not proved best."
    )
