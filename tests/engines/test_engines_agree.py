"""Every engine, and trying every assignment, give the same goal values on hundreds of random worlds."""

from __future__ import annotations

import pytest

from allocator.check import violations
from allocator.engines.base import Clock, Outcome, Silent
from allocator.engines.choose import UnfitEngineError, choose
from allocator.errors import InputError
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import Program, build
from tests.brute_force import best_values
from tests.random_worlds import random_problem

WORLDS = 600
PARTS = 10
GENERAL = ("mip", "cp_sat", "pulp")


def values(outcome: Outcome) -> list[float] | None:
    return None if outcome.columns is None else [abs(goal.value or 0) / goal.objective.scale for goal in outcome.goals]


def judged(problem: Problem, program: Program, engine: str) -> list[float] | None:
    """An engine's goal values, after its answer has passed the law and its proof has been looked at."""
    outcome = choose(program, engine).engine.solve(program, Clock(), 0, Silent())
    if outcome.columns is None:
        assert outcome.status == "infeasible"
        return None
    chosen = outcome.columns[: len(program.pairs)].nonzero()[0]
    assert not list(violations(Plan(problem, program.pairs.seeker[chosen], program.pairs.slot[chosen])))
    assert not list(program.broken_rows(outcome.columns))
    assert outcome.status == "optimal"
    assert all(goal.proved for goal in outcome.goals)
    return values(outcome)


@pytest.mark.parametrize("part", range(PARTS))
def test_general_engines_equal_brute_force(part: int) -> None:
    for seed in range(10_000 + part * WORLDS // PARTS, 10_000 + (part + 1) * WORLDS // PARTS):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            continue
        pairs = find_pairs(problem)
        program = build(problem, pairs)
        expected = best_values(problem, pairs)
        engines = list(GENERAL)
        try:
            choose(program, "network")
            engines.append("network")
        except UnfitEngineError:
            pass
        for engine in engines:
            assert judged(problem, program, engine) == pytest.approx(expected, abs=1e-9), f"seed {seed}, {engine}, {problem.policy.constraints}"


@pytest.mark.parametrize("part", range(PARTS))
def test_the_network_equals_brute_force_where_rules_nest(part: int) -> None:
    networks = 0
    for seed in range(20_000 + part * WORLDS // PARTS, 20_000 + (part + 1) * WORLDS // PARTS):
        problem = random_problem(seed, network_only=True)
        pairs = find_pairs(problem)
        program = build(problem, pairs)
        try:
            found = judged(problem, program, "network")
        except UnfitEngineError:
            continue
        networks += 1
        assert found == pytest.approx(best_values(problem, pairs), abs=1e-9), f"seed {seed}, {problem.policy.constraints}"
    assert networks > WORLDS // PARTS // 3


def test_faulty_policies_are_refused_before_any_engine_sees_them() -> None:
    from allocator.solve import solve

    refused = 0
    for seed in range(10_000, 10_200):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            with pytest.raises(InputError):
                solve(problem.scenario, problem.policy)
            refused += 1
    assert refused
