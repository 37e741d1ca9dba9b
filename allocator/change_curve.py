"""What it costs that few people may move: the goals at each limit of changes, against none.

The policy's own change limit and its goal `stability` are put aside; a limit takes their place and is moved through 0, 1, 2, 5, 10, ... up to the number
of people whom the best plan without a limit moves. From there on it costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from allocator.constraints.change_limit import ChangeLimit
from allocator.engines.base import Clock, Outcome, Reached
from allocator.engines.warm import Change, Warm
from allocator.opened import Opened
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.result import GoalResult
from allocator.scenario import Integers


@dataclass(frozen=True)
class CurvePoint:
    """The best plan in which at most `at_most` people move (None: without a limit): how many do, and the goals; none where nothing fits."""

    at_most: int | None
    status: str
    moved: int | None
    goals: tuple[GoalResult, ...]

    def as_dict(self) -> dict[str, Any]:
        """The point as plain JSON data."""
        return {"at_most": self.at_most, "status": self.status, "moved": self.moved, "goals": [vars(goal) for goal in self.goals]}


@dataclass(frozen=True)
class ChangeCurve:
    """Points from the tightest limit to none. `counted` people of the reference could move, `unavoidable` of them cannot stay in any plan."""

    counted: int
    unavoidable: int
    points: tuple[CurvePoint, ...]

    @property
    def free(self) -> CurvePoint:
        """Without a limit."""
        return self.points[-1]

    def as_dict(self) -> dict[str, Any]:
        """The curve as plain JSON data; each goal with its difference to no limit."""
        free = {(goal.kind, goal.label): goal.value for goal in self.free.goals}
        points = []
        for point in self.points:
            told = point.as_dict()
            for goal in told["goals"]:
                told_free = free.get((goal["kind"], goal["label"]))
                known = goal["value"] is not None and told_free is not None
                goal |= {"difference": round(goal["value"] - told_free, 2) if known else None}
            points.append(told)
        return {"counted": self.counted, "unavoidable": self.unavoidable, "points": points}


def change_curve(opened: Opened, limits: Sequence[int] | None = None, *, clock: Clock | None = None, each: float | None = None) -> ChangeCurve:
    """The curve of a result whose scenario has a reference.

    Parameters
    ----------
    limits
        People who may move, to look at; 0, 1, 2, 5, 10, 20, 50, ... where absent.
    clock
        What ends the search for the plan without a limit, where the result's own is none, and the gap that is good enough; no end and the policy's gap
        where absent.
    each
        Seconds for each point at most; a point whose proof takes longer has its best plan, and bounds.
    """
    clock = clock or Clock(gap=Fraction(opened.policy.limits.gap))
    free = _without_limit(opened.problem)
    program = build(free, opened.program.pairs)
    warm = _held(opened, program, clock)
    seeker, slot = free.reference
    number = program.pairs.find(seeker, slot)
    there = number[number >= 0]
    counted, unavoidable = len(seeker), len(seeker) - len(there)
    last = _point(None, warm.outcome, counted, there)
    points = []
    if last.moved is not None:
        row = program.row_number(RULE)
        for most in sorted({*(_usual(last.moved) if limits is None else limits), *([unavoidable] if limits is None else [])}):
            if most >= last.moved:
                points.append(CurvePoint(most, last.status, last.moved, last.goals))
            elif most < unavoidable:
                points.append(CurvePoint(most, "infeasible", None, ()))
            else:
                until = Clock(each, clock.gap, clock.memory, clock.cancelled)
                points.append(_point(most, warm.ask(Change(at_least={row: counted - most}), clock=until), counted, there))
    return ChangeCurve(counted, unavoidable, (*points, last))


RULE = "change_limit[price]"
"""The row that is moved."""


def _without_limit(problem: Problem) -> Problem:
    """The problem with a limit that nothing exceeds in the place of its own, and without the goal that speaks of the same."""
    policy = problem.policy
    constraints = [rule for rule in policy.constraints if not isinstance(rule, ChangeLimit)]
    goals = tuple(goal for goal in policy.goals or () if goal.kind != "stability")
    limit = ChangeLimit(label="price", at_most=len(problem.reference[0]))
    return Problem(problem.scenario, policy.model_copy(update={"constraints": (*constraints, limit), "goals": goals}), problem.seed)


def _held(opened: Opened, program: Program, clock: Clock) -> Warm:
    """The program without a limit, held: as the result has proved it where it had none, else solved anew."""
    alike = [(objective.kind, objective.label) for objective in program.objectives] == [(goal.kind, goal.label) for goal in opened.result.goals]
    limited = any(isinstance(rule, ChangeLimit) for rule in opened.policy.constraints)
    if not alike or limited or not opened.result.verified:
        return Warm(program, clock=clock, seed=opened.result.seed)
    goals = tuple(Reached(objective, goal.value, goal.bound) for objective, goal in zip(program.objectives, opened.outcome.goals, strict=True))
    return Warm.resumed(program, Outcome(opened.outcome.status, opened.outcome.stop_reason, opened.columns, goals), seed=opened.result.seed)


def _point(most: int | None, outcome: Outcome, counted: int, there: Integers) -> CurvePoint:
    moved = None if outcome.columns is None else counted - int(outcome.columns[there].sum())
    return CurvePoint(most, outcome.status, moved, tuple(GoalResult.of(goal) for goal in outcome.goals))


def _usual(most: int) -> list[int]:
    """0, 1, 2, 5, 10, 20, 50, ... below a number."""
    steps = [0, *(int(step * size) for size in 10 ** np.arange(9) for step in (1, 2, 5))]
    return [step for step in steps if step < most]
