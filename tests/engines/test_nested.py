"""Programs that leave less room: whatever is said to lie within another is worth no more than it, by an engine that knows nothing of that."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from allocator.engines.base import Clock, Silent
from allocator.engines.cp_sat import CpSat
from allocator.engines.nested import same_goals, within
from allocator.engines.series import Series, make
from allocator.pairs import find_pairs
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.settle import unsettled
from tests.random_worlds import random_problem
from tests.test_sweep import moved, worlds

SHARES = ("0", "0.2", "0.4", "0.7", "1")


def worth(program: Program) -> list[int] | None:
    """The best that a program allows, goal by goal, each to be maximised; None where it allows nothing."""
    outcome = CpSat().solve(program, Clock(), 0, Silent())
    assert outcome.stop_reason == "proved"
    return None if outcome.columns is None else [int(goal.dense(program.size) @ outcome.columns) for goal in program.objectives]


def programs(problem: Problem) -> list[Program]:
    """The programs of a problem with its promise at each share; their pairs are the same."""
    rule, pairs = moved(problem), find_pairs(problem)
    assert rule is not None
    found = []
    for share in SHARES:
        changed = rule.model_copy(update={"share": Fraction(share)})
        policy = problem.policy.model_copy(update={"constraints": tuple(changed if each == rule else each for each in problem.policy.constraints)})
        if not unsettled(policy):
            found.append(build(problem.under(policy), pairs))
    return found


@pytest.mark.parametrize("start", [210_000, 220_000, 230_000])
def test_what_lies_within_is_worth_no_more(start: int) -> None:
    said = 0
    for problem, _ in worlds(start, 8):
        made = programs(problem)
        values = {id(program): worth(program) for program in made}
        for inner, outer in permutations(made, 2):
            if make(inner) != make(outer) or not within(inner, outer):
                continue
            said += 1
            less, more = values[id(inner)], values[id(outer)]
            assert less is None or (more is not None and less <= more)
    assert said > 20


def test_a_series_takes_what_a_wider_program_has_proved_and_is_right() -> None:
    roads = []
    for problem, _ in worlds(240_000, 12, networks=False):
        series = Series()
        for program in programs(problem):
            solved = series.solve(program, Clock())
            roads.append(solved.road)
            reached = solved.outcome.columns
            assert worth(program) == (None if reached is None else [int(goal.dense(program.size) @ reached) for goal in program.objectives])
            if reached is not None:
                assert all(goal.proved for goal in solved.outcome.goals)
                assert next(program.broken_rows(reached), None) is None
                assert (reached <= program.upper).all()
    assert roads.count("less room") > 5, roads


def test_more_room_other_goals_and_more_to_gain_are_not_within() -> None:
    problem, _ = worlds(250_000, 1)[0]
    program = programs(problem)[0]
    assert within(program, program)
    wider = replace(program, upper=np.where(np.arange(program.size) == 0, program.upper + 1, program.upper))
    assert not within(wider, program), "a pair may be taken twice"
    assert within(program, wider)
    looser = replace(program, rows=[replace(block, lower=block.lower - 1) for block in program.rows])
    assert not within(looser, program)
    assert within(program, looser)
    fewer = replace(program, objectives=program.objectives[:-1])
    assert not same_goals(program, fewer)
    assert not within(program, fewer)


def test_what_is_short_may_be_more_only_where_that_helps_nobody() -> None:
    """Columns beside the pairs with more room: to no avail where they cost something and fill their row; not where a goal rewards them."""
    for seed in range(260_000, 260_200):
        problem = random_problem(seed)
        if any(fault.severity == "error" for fault in problem.faults()) or unsettled(problem.policy):
            continue
        program = build(problem, find_pairs(problem))
        slack = program.size - len(program.pairs)
        if slack == 0 or not program.objectives:
            continue
        roomier = replace(program, upper=program.upper + (np.arange(program.size) >= len(program.pairs)))
        if not within(roomier, program):
            continue
        assert worth(roomier) == worth(program)
        goal = program.objectives[0]
        added = replace(goal, column=np.append(goal.column, program.size - 1), coefficient=np.append(goal.coefficient, (1 if goal.maximize else -1) * 10**6))
        rewarded = replace(program, objectives=(added, *program.objectives[1:]))
        assert not within(replace(rewarded, upper=roomier.upper), rewarded)
        return
    pytest.fail("no world had such columns")
