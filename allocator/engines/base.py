"""What an engine answers: values and bounds for each objective, and the columns that reach them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, Protocol

import psutil

from allocator.program import Objective, Program
from allocator.scenario import Integers

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


@dataclass
class Watch:
    """Passes a solver's values on to whoever watches, in the policy's units."""

    progress: Progress
    objective: Objective

    def saw(self, value: float | None, bound: float | None) -> None:
        """A value and a bound, to be maximised, in the program's integers."""
        scale = self.objective.scale if self.objective.maximize else -self.objective.scale
        self.progress.incumbent(self.objective.label, None if value is None else value / scale, None if bound is None else bound / scale)
