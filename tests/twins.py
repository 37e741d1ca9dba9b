"""Twins: the nearest plan that a rule admits and the nearest one it refuses, as rows, as law, and through `solve`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allocator.check import violations
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import build
from allocator.result import Result
from allocator.scenario import Scenario
from allocator.solve import solve
from tests.test_agreement import admits

QUALITY = ("match_quality",)


def policy(*constraints: dict[str, Any], goals: Sequence[Any] = QUALITY, **more: Any) -> Policy:
    """A policy of these constraints; goals by kind, or as whole entries."""
    return Policy.from_dict({"constraints": list(constraints), "goals": [{"kind": goal} if isinstance(goal, str) else goal for goal in goals], **more})


def said(facts: Scenario, wishes: Policy, *plan: str) -> list[str]:
    """What the law says against a plan written "S1>J1"; asserts that the rows admit it just where the law is silent."""
    problem = Problem(facts, wishes)
    pairs = find_pairs(problem)
    laid = Plan.of(problem, [(one, other) for one, _, other in (pair.partition(">") for pair in plan)])
    against = [violation.message for violation in violations(laid)]
    numbers = pairs.find(laid.seeker, laid.slot)
    admitted = bool((numbers >= 0).all()) and admits(build(problem, pairs), tuple(numbers.tolist()))
    assert admitted is (not against), f"rows {'admit' if admitted else 'refuse'} {plan}; the law says {against}"
    return against


def best(facts: Scenario, *constraints: dict[str, Any], goals: Sequence[Any] = QUALITY, **more: Any) -> Result:
    """The best allocation; asserts that the general engines give the same goal values, and that all is proved."""
    wishes = policy(*constraints, goals=goals, **more)
    result = solve(facts, wishes)
    for engine in ("mip", "cp_sat"):
        other = solve(facts, wishes, engine=engine)
        assert (other.status, [goal.value for goal in other.goals]) == (result.status, [goal.value for goal in result.goals]), engine
    assert result.status in ("optimal", "infeasible")
    return result


def values(result: Result) -> list[float]:
    """The values of all goals, in order."""
    assert result.status == "optimal", result.status
    return [goal.value or 0 for goal in result.goals]


def in_order(result: Result) -> list[float]:
    """Goal values, larger is better: what is short counts below nought."""
    return [-(goal.value or 0) if goal.kind == "shortfall" else goal.value or 0 for goal in result.goals]


def held(result: Result) -> list[str]:
    """Who holds what, as "S1>J1"."""
    return [f"{one}>{other}" for one, other in result.assignments[["seeker_id", "slot_id"]].itertuples(index=False, name=None)]


def proved(problem: Problem, engine: str) -> list[float] | None:
    """An engine's proved goal values in the policy's units, larger is better; None where nothing fits."""
    program = build(problem, find_pairs(problem))
    outcome = choose(program, engine).engine.solve(program, Clock(), 0, Silent())
    assert outcome.status in ("optimal", "infeasible")
    signs = [(1 if goal.objective.maximize else -1, goal) for goal in outcome.goals]
    return None if outcome.columns is None else [sign * (goal.value or 0) / goal.objective.scale for sign, goal in signs]
