"""A run that is ended early ends with the best so far, an honest bound and the right reason; what it holds passes the law."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from allocator.check import violations
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.program import build
from allocator.solve import solve
from tests.random_worlds import random_problem
from tests.worlds import orders, people, scores, world


@pytest.mark.parametrize("engine", ["sifting", "mip", "cp_sat"])
@pytest.mark.parametrize("seed", range(30))
def test_cancelled_at_any_moment_it_keeps_the_law_and_the_bound(engine: str, seed: int) -> None:
    problem = random_problem(seed)
    program = build(problem, find_pairs(problem))
    truth = choose(program, "mip").engine.solve(program, Clock(), 0, Silent())
    asked = itertools.count()
    looks = int(np.random.default_rng(seed).integers(0, 40))
    outcome = choose(program, engine).engine.solve(program, Clock(cancelled=lambda: next(asked) >= looks), 0, Silent())
    if outcome.status in ("optimal", "infeasible"):
        assert outcome.status == truth.status
        assert [goal.value for goal in outcome.goals] == [goal.value for goal in truth.goals]
        return
    assert outcome.stop_reason == "cancelled"
    if outcome.columns is None:
        assert outcome.status == "no_solution"
        return
    chosen = np.flatnonzero(outcome.columns[: len(program.pairs)])
    assert not list(violations(Plan(problem, program.pairs.seeker[chosen], program.pairs.slot[chosen])))
    assert not list(program.broken_rows(outcome.columns))
    first, best = outcome.goals[0], truth.goals[0]
    assert first.bound is not None
    assert best.value is not None
    assert first.bound >= best.value if first.objective.maximize else first.bound <= best.value


@pytest.mark.parametrize("engine", ["sifting", "mip", "cp_sat"])
def test_without_memory_it_ends_and_says_so(engine: str) -> None:
    facts = world(seekers=people(2), slots=orders(1, 1, staff_id="rep"), staff=[{"staff_id": "rep", "capacity": 2}], pairs=scores({("S1", "J1"): 3}))
    rules = Policy.from_dict({"constraints": [{"kind": "staff_capacity", "charge": "slot"}], "goals": [{"kind": "match_quality"}]})
    result = solve(facts, rules, engine=engine, memory_limit=1e-6)
    assert (result.status, result.stop_reason) in {("no_solution", "memory_limit"), ("optimal", "proved")}
    assert result.stop_reason == "memory_limit" or engine != "sifting"


def test_once_over_it_stays_over() -> None:
    answers = iter([False, True, False])
    clock = Clock(cancelled=lambda: next(answers))
    assert [clock.over, clock.over, clock.over] == [False, True, True]
    assert clock.ended == "cancelled"
