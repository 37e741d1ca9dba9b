"""What an engine answers: values and bounds for each objective, and the columns that reach them."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, Protocol

import numpy as np
import psutil

from allocator.program import FREE, Objective, Program
from allocator.scenario import Integers, Positions

Status = Literal["optimal", "feasible", "infeasible", "no_solution"]
StopReason = Literal["proved", "gap_limit", "time_limit", "memory_limit", "work_limit", "cancelled", "error"]


class Progress(Protocol):
    """Who wants to know how a run is doing."""

    def phase(self, name: str) -> None:
        """A new phase has begun: read, pairs, build, solve, check, explain, write."""

    def incumbent(self, goal: str, value: float | None, bound: float | None) -> None:
        """A better solution or a better bound for the goal being worked on, in the policy's units."""


class Silent:
    """Nobody wants to know."""

    def phase(self, name: str) -> None:
        """Said to nobody."""

    def incumbent(self, goal: str, value: float | None, bound: float | None) -> None:
        """Said to nobody."""


@dataclass
class Clock:
    """What may end a run before its end: seconds, bytes of memory that this process may hold, somebody's word; and the gap that is good enough.

    Engines ask `over` as they go. Once it is over it stays over, whatever comes free again.
    """

    seconds: float | None = None
    gap: Fraction = Fraction(0)
    memory: int | None = None
    cancelled: Callable[[], bool] | None = None
    started: float = field(default_factory=time.monotonic)
    _ended: StopReason | None = None

    @property
    def left(self) -> float | None:
        """Seconds left; None where there is no limit."""
        return None if self.seconds is None else max(0.0, self.seconds - (time.monotonic() - self.started))

    @property
    def ended(self) -> StopReason | None:
        """What has ended the run; None while it may go on."""
        if self._ended is None:
            if self.cancelled is not None and self.cancelled():
                self._ended = "cancelled"
            elif self.memory is not None and psutil.Process().memory_info().rss > self.memory:
                self._ended = "memory_limit"
            elif self.left is not None and self.left <= 0:
                self._ended = "time_limit"
        return self._ended

    @property
    def over(self) -> bool:
        """Whether the run has to end."""
        return self.ended is not None

    def within(self, gap: Fraction) -> Clock:
        """The same limits with another gap."""
        return replace(self, gap=gap)

    def part(self, share: float) -> Clock:
        """The same limits with a part of the time that is left."""
        return self if self.left is None else replace(self, seconds=time.monotonic() - self.started + share * self.left)

    def again(self) -> Clock:
        """As much time again, down to the proof; memory and cancelling as before."""
        return Clock(self.seconds, memory=self.memory, cancelled=self.cancelled)

    def close_enough(self, value: int, bound: int) -> bool:
        """Whether a value is proved, or within the gap that the user asked for."""
        return value == bound or Fraction(abs(bound - value)) <= self.gap * max(abs(bound), 1)


@dataclass(frozen=True)
class Reached:
    """An objective's value and proven bound, exact, in the program's integers; None where not known."""

    objective: Objective
    value: int | None
    bound: int | None

    @property
    def proved(self) -> bool:
        """Whether nothing better is possible, given the goals before it."""
        return self.value is not None and self.value == self.bound


@dataclass(frozen=True, eq=False)
class Outcome:
    """How an engine ended."""

    status: Status
    stop_reason: StopReason
    columns: Integers | None
    goals: tuple[Reached, ...]


class Engine(Protocol):
    """A way of solving a program."""

    name: str

    def solve(self, program: Program, clock: Clock, seed: int, progress: Progress) -> Outcome:
        """The lexicographic best, or the best known when time is up."""


@dataclass(frozen=True)
class Hold:
    """An earlier goal that must not get worse: coefficients (to be maximised) and the value to keep."""

    coefficients: Integers
    at_least: int


@dataclass(frozen=True, eq=False)
class Step:
    """One objective's answer. `bound` is in the program's integers, for a maximum; None where none is known."""

    status: Status
    columns: Integers | None
    bound: int | None


class GoalByGoal(ABC):
    """Engines that know one objective at a time: each is proved or bounded, then held while the next is improved."""

    name = ""

    @abstractmethod
    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        """The best columns for one objective under the holds."""

    def known(self, program: Program) -> Integers | None:
        """A solution to start from, which keeps every row; None where there is none."""
        return None

    def solve(self, program: Program, clock: Clock, seed: int, progress: Progress) -> Outcome:
        """Goal by goal, in order."""
        best = self.known(program)
        goals: list[tuple[Objective, Integers]] = []
        bounds: list[int] = []
        for objective in program.objectives or (_nothing_to_improve(),):
            goal = objective.dense(program.size)
            bound = ceiling(program, goal)
            if best is None or int(goal @ best) < bound:
                # A later goal's solution may better an earlier goal that was not proved: what is held is what is reached now.
                holds = [Hold(earlier, int(earlier @ best)) for _, earlier in goals if best is not None]
                step = self.maximize(program, goal, holds, best, clock, seed, Watch(progress, objective))
                if step.status == "infeasible" and best is None:
                    return Outcome("infeasible", "proved", None, ())
                if step.columns is not None and (best is None or int(goal @ step.columns) > int(goal @ best)):
                    best = step.columns
                if best is None:
                    return Outcome("no_solution", _ended(clock) or "error", None, ())
                bound = min(bound, step.bound) if step.bound is not None else bound
            goals.append((objective, goal))
            bounds.append(bound)
            sign = 1 if objective.maximize else -1
            value = int(goal @ best)
            progress.incumbent(objective.label, sign * value / objective.scale, sign * max(bound, value) / objective.scale)
        return _outcome(program, best, goals, bounds, clock)


def _outcome(program: Program, best: Integers | None, goals: Sequence[tuple[Objective, Integers]], bounds: Sequence[int], clock: Clock) -> Outcome:
    """The outcome as the final solution has it: every goal's value is read off it, whenever its bound was found."""
    assert best is not None
    reached = []
    for (objective, goal), bound in zip(goals, bounds, strict=True):
        value, sign = int(goal @ best), 1 if objective.maximize else -1
        reached.append(Reached(objective, sign * value, sign * max(bound, value)))
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


@dataclass
class Watch:
    """Passes a solver's values on to whoever watches, in the policy's units."""

    progress: Progress
    objective: Objective

    def saw(self, value: float | None, bound: float | None) -> None:
        """A value and a bound, to be maximised, in the program's integers."""
        scale = self.objective.scale if self.objective.maximize else -self.objective.scale
        self.progress.incumbent(self.objective.label, None if value is None else value / scale, None if bound is None else bound / scale)


def ceiling(program: Program, goal: Integers) -> int:
    """A bound that needs no solver: each seeker, and each opening, at its best pair; penalties at none."""
    best = np.maximum(goal[: len(program.pairs)], 0)
    most = int(best.sum())
    for kind, group in (("one_slot_each", program.pairs.seeker), ("slot_openings", program.pairs.slot)):
        block = next((block for block in program.rows if block.kind == kind), None)
        if len(best) and block is not None:
            top = _best_of(best, group)
            row = block.of_seeker if kind == "one_slot_each" else block.of_slot
            assert row is not None
            row = row[: len(top)]
            if (row >= 0).all() and (block.upper < FREE).all():
                most = min(most, int((top * block.upper[row]).sum()))
    extra = goal[len(program.pairs) :]
    return most + int((np.maximum(extra, 0) * program.upper[len(program.pairs) :]).sum())


def _best_of(values: Integers, group: Positions) -> Integers:
    top = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(top, group, values)
    return top


def _nothing_to_improve() -> Objective:
    empty = np.empty(0, dtype=np.int64)
    return Objective("feasibility", "feasibility", empty, empty)
