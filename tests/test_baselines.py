"""Baselines: they keep every limit, what is decided comes first, they never beat the optimum, and the same data and seed give the same plan."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from allocator.baselines import BASELINES
from allocator.baselines.base import decided
from allocator.check import violations
from allocator.comparing.side import Side, baselines
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.evaluate import evaluate
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Program, build
from allocator.scenario import Integers
from tests.random_worlds import random_problem
from tests.twins import policy
from tests.worlds import orders, people, scores, world


def worlds(first: int, count: int) -> Iterator[tuple[int, Problem, Program]]:
    """Random worlds whose policy has no fault."""

    def drawn() -> Iterator[tuple[int, Problem, Program]]:
        for seed in range(first, first + 10 * count):
            problem = random_problem(seed, bare=True)
            if not any(fault.severity == "error" for fault in problem.faults()):
                yield seed, problem, build(problem, find_pairs(problem))

    return islice(drawn(), count)


def over(program: Program, chosen: Integers) -> dict[str, int]:
    """By how much these pairs go over each firm upper side."""
    columns = np.zeros(program.size, dtype=np.int64)
    columns[chosen] = 1
    people, found = program.people(columns), {}
    for block in program.rows:
        soft = block.slack.row[block.slack.coefficient < 0]
        for row, excess in enumerate(block.activity(program.pairs, columns, people) - block.upper):
            if excess > 0 and block.upper[row] < FREE and row not in soft:
                found[block.row_name(row)] = int(excess)
    return found


def test_no_limit_is_broken_but_by_what_was_decided() -> None:
    for seed, problem, program in worlds(40_000, 50):
        fixed = decided(program)
        already = over(program, fixed)
        for name, baseline in BASELINES.items():
            chosen = baseline.plan(problem, program.pairs, program)
            assert set(fixed.tolist()) <= set(chosen.tolist()), (seed, name)
            assert over(program, chosen) == already, (seed, name)


def test_nothing_that_has_room_is_left_out() -> None:
    """A baseline stops only where no further pair has room."""
    for seed, problem, program in worlds(41_000, 25):
        for name, baseline in BASELINES.items():
            chosen = baseline.plan(problem, program.pairs, program)
            before = over(program, chosen)
            for pair in np.setdiff1d(np.arange(len(program.pairs)), chosen).tolist():
                assert over(program, np.append(chosen, pair)) != before or _raises(program, pair, before), (seed, name, pair)


def _raises(program: Program, pair: int, before: dict[str, int]) -> bool:
    """Whether a row that what was decided breaks already takes this pair further: nothing may be added there."""
    alone = np.zeros(program.size, dtype=np.int64)
    alone[pair] = 1
    people = program.people(alone)
    return any(block.activity(program.pairs, alone, people)[row] > 0 for block in program.rows for row in range(len(block)) if block.row_name(row) in before)


def test_no_baseline_beats_the_optimum_where_it_keeps_every_rule() -> None:
    compared = 0
    for seed, problem, program in worlds(42_000, 25):
        outcome = choose(program).engine.solve(program, Clock(), 0, Silent())
        if outcome.columns is None:
            continue
        signs = [1 if goal.objective.maximize else -1 for goal in outcome.goals]
        best = [sign * (goal.value or 0) / goal.objective.scale for sign, goal in zip(signs, outcome.goals, strict=True)]
        for side in baselines(problem, program):
            if not side.broken:
                assert all(goal.value is not None for goal in side.goals), (seed, side.name)
                reached = [sign * (goal.value or 0) for sign, goal in zip(signs, side.goals, strict=True)]
                assert reached <= best, (seed, side.name)
                compared += 1
    assert compared > 20


def test_what_is_missed_is_said() -> None:
    facts = world(seekers=people(2, partner_id="P1")[:1] + people(2)[1:], partners=[{"partner_id": "P1"}], slots=orders(1), pairs=scores(SCORES))
    for mode, broken in (("minimum_hard", 1), ("minimum_best_effort", 0)):
        problem = Problem(facts, policy({"kind": "reservation", "label": "p", "beneficiaries": "partner:P1", "count": 1, "mode": mode}))
        side = next(baselines(problem, build(problem, find_pairs(problem))))
        assert side.assignments["seeker_id"].tolist() == ["S2"]
        assert len(side.broken) == broken
        assert [line.slack for line in side.rules if line.kind == "reservation"] == [-1]


SCORES = {("S1", "J1"): 5, ("S2", "J1"): 9}


def test_each_goes_by_its_own_order() -> None:
    entries = {"S1": 3, "S2": 1, "S3": None, "S4": 1}
    seekers = [
        {"seeker_id": name, "pool_entry_date": None if day is None else np.datetime64(f"2026-10-0{day}").astype(object)} for name, day in entries.items()
    ]
    table = {("S1", "J1"): 9, ("S1", "J2"): 8, ("S2", "J2"): 5, ("S2", "J1"): 5, ("S3", "J1"): 7, ("S4", "J1"): 6, ("S4", "J2"): 7}
    problem = Problem(world(seekers=seekers, slots=orders(1, 1), pairs=scores(table)), policy(), 5)
    program = build(problem, find_pairs(problem))
    plans = {name: plan_of(problem, program, name) for name in BASELINES}
    assert plans["greedy"] == ["S1>J1", "S4>J2"]
    assert plans["first_come"] == ["S2>J1", "S4>J2"]  # both came first: by id, and of equal slots the first
    assert {plan_of(Problem(problem.scenario, problem.policy, seed), program, "lottery")[0] for seed in range(20)} > {"S1>J1"}


def plan_of(problem: Problem, program: Program, name: str) -> list[str]:
    chosen = BASELINES[name].plan(problem, program.pairs, program)
    plan = Plan(problem, program.pairs.seeker[chosen], program.pairs.slot[chosen])
    assert not list(violations(plan))
    return [f"{one}>{other}" for one, other in plan.named()]


def test_a_cap_on_a_share_of_the_filled_makes_room_as_others_come() -> None:
    """At most half of those placed from P1: the best score is P1's, and has to wait for somebody else."""
    seekers = [{"seeker_id": "S1", "partner_id": "P1"}, {"seeker_id": "S2"}]
    facts = world(seekers=seekers, partners=[{"partner_id": "P1"}], slots=orders(2), pairs=scores(SCORES | {("S1", "J1"): 20}))
    cap = {"kind": "reservation", "label": "p", "beneficiaries": "partner:P1", "share": 0.5, "denominator": "filled", "mode": "cap"}
    problem = Problem(facts, policy(cap))
    assert plan_of(problem, build(problem, find_pairs(problem)), "greedy") == ["S1>J1", "S2>J1"]


@pytest.mark.parametrize("name", list(BASELINES))
def test_the_same_data_and_seed_give_the_same_plan(name: str) -> None:
    for seed, problem, program in worlds(43_000, 10):
        again = Problem(problem.scenario, problem.policy, problem.seed)
        one, other = (BASELINES[name].plan(each, program.pairs, program) for each in (problem, again))
        assert one.tolist() == other.tolist(), seed


def test_a_plan_with_a_stranger_pair_is_worth_what_judging_it_says() -> None:
    facts = world(seekers=people(2), slots=orders(1, 1), pairs=scores(SCORES))
    problem = Problem(facts, policy())
    side = Side.of_plan("hand", problem, build(problem, find_pairs(problem)), Plan.of(problem, [("S1", "J2"), ("S2", "J1")]))
    judged = evaluate(facts, policy(), [("S1", "J2"), ("S2", "J1")])
    assert [goal.value for goal in side.goals] == [goal.value for goal in judged.goals] == [9]
    assert side.assignments["score"].isna().tolist() == [True, False]
    assert [violation.kind for violation in side.broken] == ["pairs"]
