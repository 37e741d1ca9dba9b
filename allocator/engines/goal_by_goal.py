"""Engines that know one goal at a time, and what is looked at on the way out of each goal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.engines.base import Clock, Hold, Outcome, Progress, Reached, Status, StopReason, Watch
from allocator.engines.proofs import Proof, proved_bound, proved_empty
from allocator.errors import InternalError
from allocator.program import FREE, Objective, Program, dot, total_of
from allocator.scenario import Integers, Positions


@dataclass(frozen=True, eq=False)
class Step:
    """One objective's answer. `bound` is what the engine claims, in the program's integers, for a maximum; None where it claims none.

    Claims decide nothing: what the `proofs` show does (`proofs.proved_bound`).
    """

    status: Status
    columns: Integers | None
    bound: int | None
    proofs: tuple[Proof, ...] = ()


class GoalByGoal(ABC):
    """Engines that know one objective at a time: each is proved or bounded, then held while the next is improved."""

    name = ""

    @abstractmethod
    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        """The best columns for one objective under the holds."""

    def known(self, program: Program) -> Integers | None:
        """A solution to start from, which keeps every row; None where there is none."""
        return None

    def wanted(self) -> Sequence[Hold]:
        """What is held besides the goals."""
        return ()

    def solve(self, program: Program, clock: Clock, seed: int, progress: Progress) -> Outcome:
        """Goal by goal, in order."""
        best = self.known(program)
        goals: list[tuple[Objective, Integers]] = []
        bounds: list[int] = []
        for objective in program.objectives or (_nothing_to_improve(),):
            goal = objective.dense(program.size)
            bound = ceiling(program, goal)
            if best is None or dot(goal, best) < bound:
                # A later goal's solution may better an earlier goal that was not proved: what is held is what is reached now.
                holds = [Hold(earlier, dot(earlier, best)) for _, earlier in goals if best is not None]
                step = self.maximize(program, goal, holds, best, clock, seed, Watch(progress, objective))
                if step.columns is not None and (best is None or dot(goal, step.columns) > dot(goal, best)):
                    best = step.columns
                shown = looked_at(program, goal, [*holds, *self.wanted()], step)
                if shown.empty and best is None:
                    return Outcome("infeasible", "proved", None, ())
                if best is None:
                    return Outcome("no_solution", _ended(clock) or "error", None, ())
                bound = bound if shown.bound is None else min(bound, shown.bound)
            goals.append((objective, goal))
            bounds.append(bound)
            sign = 1 if objective.maximize else -1
            value = dot(goal, best)
            progress.incumbent(objective.label, sign * value / objective.scale, sign * bound / objective.scale)
        return _outcome(program, best, goals, bounds, clock)


@dataclass(frozen=True)
class Shown:
    """What the proofs of a step show, exactly: a bound on the goal, or that there is no solution."""

    bound: int | None
    empty: bool


def looked_at(program: Program, goal: Integers, holds: Sequence[Hold], step: Step) -> Shown:
    """What is proved of a step that an engine took. Every step is looked at on its way out, whatever its engine claims."""
    if step.columns is None and step.status == "infeasible":
        return Shown(None, proved_empty(program, holds, step.proofs))
    return Shown(proved_bound(program, goal, holds, step.proofs), empty=False)


def _outcome(program: Program, best: Integers | None, goals: Sequence[tuple[Objective, Integers]], bounds: Sequence[int], clock: Clock) -> Outcome:
    """The outcome as the final solution has it: every goal's value is read off it, whenever its bound was found."""
    assert best is not None
    reached = []
    for (objective, goal), bound in zip(goals, bounds, strict=True):
        value, sign = dot(goal, best), 1 if objective.maximize else -1
        if value > bound:
            message = f"{objective.label} has {sign * value}, beyond its proved bound {sign * bound}"
            raise InternalError(message)
        reached.append(Reached(objective, sign * value, sign * bound))
    told = tuple(reached) if program.objectives else ()
    if all(goal.proved for goal in reached):
        return Outcome("optimal", "proved", best, told)
    return Outcome("feasible", _why_stopped(reached, clock), best, told)


def _why_stopped(reached: Sequence[Reached], clock: Clock) -> StopReason:
    """Why not every goal is proved: the gap that was asked for, the time, or numbers too large to be proved in floating point."""
    if clock.gap and all(goal.value is not None and goal.bound is not None and clock.close_enough(goal.value, goal.bound) for goal in reached):
        return "gap_limit"
    return _ended(clock) or ("gap_limit" if clock.gap else "work_limit")


def _ended(clock: Clock) -> StopReason | None:
    """What ended a run; a solver that keeps a time limit by itself may end a hair before it."""
    return clock.ended or (None if clock.seconds is None else "time_limit")


def ceiling(program: Program, goal: Integers) -> int:
    """A bound that needs no solver: each seeker, and each opening, at its best pair; penalties at none."""
    best = np.maximum(goal[: len(program.pairs)], 0)
    most = total_of(best)
    for kind, group in (("one_slot_each", program.pairs.seeker), ("slot_openings", program.pairs.slot)):
        block = next((block for block in program.rows if block.kind == kind), None)
        if len(best) and block is not None:
            top = _best_of(best, group)
            row = block.of_seeker if kind == "one_slot_each" else block.of_slot
            assert row is not None
            row = row[: len(top)]
            if (row >= 0).all() and (block.upper < FREE).all():
                most = min(most, dot(top, block.upper[row]))
    extra = goal[len(program.pairs) :]
    return most + dot(np.maximum(extra, 0), program.upper[len(program.pairs) :])


def _best_of(values: Integers, group: Positions) -> Integers:
    top = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(top, group, values)
    return top


def _nothing_to_improve() -> Objective:
    empty = np.empty(0, dtype=np.int64)
    return Objective("feasibility", "feasibility", empty, empty)
