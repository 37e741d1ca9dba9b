"""Every engine, and trying every assignment, give the same goal values on more than five hundred random worlds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from allocator.check import violations
from allocator.engines.base import Clock, Outcome, Silent
from allocator.engines.choose import UnfitEngineError, choose
from allocator.errors import InputError
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.solve import solve
from tests.brute_force import best_values
from tests.random_worlds import random_problem

PARTS = 10
WORLDS_EACH = 52
"""Worlds without a fault that each part compares: 520 in all for the general engines, and 520 for the network."""
ROOM = 1_000
"""Seeds a part may draw from; parts never share one."""
GENERAL = ("sifting", "mip", "cp_sat", "pulp")


def drawn(first: int, part: int, *, network_only: bool = False) -> Iterator[tuple[int, Problem]]:
    """Worlds whose policy has no fault, seed by seed: an engine never sees the others."""
    for seed in range(first + part * ROOM, first + (part + 1) * ROOM):
        problem = random_problem(seed, network_only=network_only, bare=True)
        if not any(fault.severity == "error" for fault in problem.faults()):
            yield seed, problem


def is_network(program: Program) -> bool:
    try:
        choose(program, "network")
    except UnfitEngineError:
        return False
    return True


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
    compared = 0
    for seed, problem in islice(drawn(10_000, part), WORLDS_EACH):
        pairs = find_pairs(problem)
        program = build(problem, pairs)
        expected = best_values(problem, pairs)
        engines = [*GENERAL, "network"] if is_network(program) else GENERAL
        for engine in engines:
            assert judged(problem, program, engine) == pytest.approx(expected, abs=1e-9), f"seed {seed}, {engine}, {problem.policy.constraints}"
        compared += 1
    assert compared == WORLDS_EACH


@pytest.mark.parametrize("part", range(PARTS))
def test_the_network_equals_mip_and_brute_force_where_rules_nest(part: int) -> None:
    compared = 0
    networks = ((seed, problem, find_pairs(problem)) for seed, problem in drawn(20_000, part, network_only=True))
    programs = ((seed, problem, pairs, build(problem, pairs)) for seed, problem, pairs in networks)
    for seed, problem, pairs, program in islice((found for found in programs if is_network(found[3])), WORLDS_EACH):
        expected = best_values(problem, pairs)
        for engine in ("network", "mip"):
            assert judged(problem, program, engine) == pytest.approx(expected, abs=1e-9), f"seed {seed}, {engine}, {problem.policy.constraints}"
        compared += 1
    assert compared == WORLDS_EACH


def test_faulty_policies_are_refused_before_any_engine_sees_them() -> None:
    refused = 0
    for seed in range(10_000, 10_100):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()):
            with pytest.raises(InputError):
                solve(problem.scenario, problem.policy)
            refused += 1
    assert refused
