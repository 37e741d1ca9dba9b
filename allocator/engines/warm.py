"""A solved program that answers the next question from where it stands: other promises, other scores, pairs wanted in or out, slots closed, rows added.

Every answer is as exact as one from nothing: values are counted, rows judged in exact arithmetic, and bounds hold over all pairs. Only which of several
equally good plans comes out may depend on what was asked before.

Threads: questions from several threads wait for one another; there is one linear program behind them. Processes: it can be neither pickled nor used
after a fork, since HiGHS keeps its factors in memory; send the program, and hold it there anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NoReturn

import numpy as np

from allocator.engines.base import Clock, Hold, Outcome, Progress, Silent
from allocator.engines.renumbered import Renumbered
from allocator.engines.sifting import Sifting, State
from allocator.program import FREE, Objective, Program, Rows
from allocator.scenario import Floats, Integers


def _none() -> Integers:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Change:
    """What is different in a question. Rows, pairs and slots by their numbers in the program (`Program.row_number` finds a row by its name).

    `at_least` and `at_most` are new sides of rows, None for no such side; fractions only where the relaxation is asked (`Warm.limit`).
    `objectives` take the place of the program's. `forced` pairs are assigned in every answer, `forbidden` ones in none, and no pair of a `closed` slot is.
    """

    at_least: Mapping[int, float | None] = field(default_factory=dict)
    at_most: Mapping[int, float | None] = field(default_factory=dict)
    objectives: tuple[Objective, ...] | None = None
    forced: Integers = field(default_factory=_none)
    forbidden: Integers = field(default_factory=_none)
    closed: Integers = field(default_factory=_none)

    def of(self, program: Program) -> Program:
        """The program as changed, but for the forced pairs.

        Raises ValueError where a number is none of the program's.
        """
        for what, numbers, count in (
            ("row", [*self.at_least, *self.at_most], program.row_count),
            ("pair", [*self.forced, *self.forbidden], len(program.pairs)),
            ("slot", [*self.closed], int(program.pairs.slot.max(initial=-1)) + 1),
        ):
            wrong = [int(number) for number in numbers if not 0 <= number < count]
            if wrong:
                message = f"The program has {count:,} {what}s, numbered from 0; there is no {what} {wrong[0]}."
                raise ValueError(message)
        upper, out = program.upper, self.forbidden.astype(np.int64)
        if len(self.closed):
            out = np.union1d(out, np.flatnonzero(np.isin(program.pairs.slot, self.closed)))
        if len(out):
            upper = upper.copy()
            upper[out] = 0
        objectives = program.objectives if self.objectives is None else self.objectives
        return replace(program, upper=upper, rows=tuple(self._rows(program)), objectives=objectives)

    def _rows(self, program: Program) -> Iterator[Rows]:
        start = 0
        for block in program.rows:
            end, sides = start + len(block), {}
            for side, asked, absent in (("lower", self.at_least, -FREE), ("upper", self.at_most, FREE)):
                here = {number - start: value for number, value in asked.items() if start <= number < end}
                if here:
                    values = getattr(block, side)
                    told = np.array([absent if value is None else value for value in here.values()])
                    values = values.astype(np.result_type(values, told), copy=True)
                    values[list(here)] = told
                    sides[side] = values
            yield replace(block, **sides) if sides else block
            start = end

    def wanted(self, program: Program) -> tuple[Hold, ...]:
        """The forced pairs, as something to hold."""
        forced = np.unique(self.forced).astype(np.int64)
        if not len(forced):
            return ()
        coefficients = np.zeros(program.size, dtype=np.int64)
        coefficients[forced] = 1
        return (Hold(coefficients, len(forced)),)


@dataclass(frozen=True, eq=False)
class Limit:
    """What the linear relaxation says of one goal: the value that no plan exceeds (or, for one to be minimised, falls below), and by how much one more
    unit of each row's binding side would change it, `[row]`. Both in the objective's integers."""

    value: float
    prices: Floats


SAME = Change()


class Warm:
    """A program, solved, and kept warm."""

    def __init__(self, program: Program, *, clock: Clock | None = None, seed: int = 0, progress: Progress | None = None) -> None:
        self._begin(program, State(program), seed)
        self._finish(clock, progress)

    def _begin(self, program: Program, state: State, seed: int) -> None:
        self.program, self._state, self._seed = program, state, seed
        self._lock, self._process = threading.RLock(), os.getpid()

    def _finish(self, clock: Clock | None, progress: Progress | None) -> None:
        self.outcome = Sifting(self._state).solve(self.program, clock or Clock(), self._seed, progress or Silent())
        self._plan = self.outcome.columns

    def ask(self, change: Change = SAME, *, gap: Fraction = Fraction(0), clock: Clock | None = None, near: Integers | None = None) -> Outcome:
        """The best plan under a change. The program held stays as it is.

        `gap` is the relative gap that is good enough (0 asks for proof) where no whole `clock` is given; `near` is a plan to start from where it is
        not the program's own.
        """
        for side in (change.at_least, change.at_most):
            for row, value in side.items():
                if value is not None and value != int(value):
                    message = f"Row {row} is to be held at {value}; a plan's rows are whole numbers."
                    raise ValueError(message)
        with self._mine():
            return self._answer(self._under(change), clock or Clock(gap=gap), near)

    def under(self, program: Program, *, clock: Clock, near: Integers | None = None) -> Outcome:
        """The best plan of another program that differs from this one in sides of rows, in the room of columns and in goals, and in nothing else.
        The program held stays as it is.

        Raises ValueError where the other program has other pairs, rows or columns (as far as their numbers tell).
        """
        if (program.row_count, program.size, len(program.pairs)) != (self.program.row_count, self.program.size, len(self.program.pairs)):
            message = "The other program has other rows or columns; let it succeed this one."
            raise ValueError(message)
        with self._mine():
            return self._answer(self._state_of(program), clock, near)

    def _answer(self, state: State | None, clock: Clock, near: Integers | None) -> Outcome:
        if state is None:
            return Outcome("infeasible", "proved", None, ())
        state.last = self._plan if near is None else near
        return Sifting(state).solve(state.program, clock, self._seed, Silent())

    def keep(self, change: Change, *, clock: Clock | None = None) -> Outcome:
        """The best plan under a change; from now on the program is the changed one. Where no plan is found, all stays as it was.

        Raises ValueError for forced pairs: they are part of a question, not of a program; a rule (`pins`) says them.
        """
        if len(change.forced):
            message = "Forced pairs cannot be kept; put them into the program as pins, and let it succeed this one."
            raise ValueError(message)
        with self._mine():
            outcome = self.ask(change, clock=clock)
            if outcome.columns is not None:
                self.program, self.outcome, self._plan = change.of(self.program), outcome, outcome.columns
            return outcome

    def limit(self, change: Change = SAME, goal: int = -1) -> Limit | None:
        """What no plan exceeds under a change, by the linear relaxation alone; None where the rows cannot hold (proved).

        The goals before the one asked for are held at what the program's own plan has.

        Raises ArithmeticError where the program's numbers are too far apart for floating point.
        """
        with self._mine():
            state = self._under(change)
            if state is None:
                return None
            changed = state.program
            dense = [objective.dense(changed.size) for objective in changed.objectives]
            goal %= len(dense)
            holds = [] if self._plan is None else [Hold(earlier, int(earlier @ self._plan)) for earlier in dense[:goal]]
            asked = state.goal(dense[goal], [*holds, *state.wanted])
            relaxed = state.relax(asked, Clock(), 0.0)
            if relaxed == "infeasible":
                return None
            if isinstance(relaxed, str):
                message = "The linear relaxation could not be solved: the program's numbers are too far apart for floating point."
                raise ArithmeticError(message)
            unit = asked.level.unit * (1 if changed.objectives[goal].maximize else -1)
            return Limit(relaxed.limit * unit, relaxed.prices.rows * state.sieve.scale * unit)

    def succeed(
        self, program: Program, *, seekers: Integers | None = None, slots: Integers | None = None, clock: Clock | None = None, progress: Progress | None = None
    ) -> Warm:
        """Another program that has much in common with this one (seekers or slots added or gone, rules changed), solved from where this one stands.

        `seekers[i]` and `slots[j]` say which of this program's the new one's are, -1 for new ones; where absent, those that are in both kept their
        numbers. Rows are known by their rule, label and name. This one stays as it is.
        """
        later = Warm.__new__(Warm)
        with self._mine():
            later._begin(program, State(program), self._seed)
            renumbered = Renumbered.of(self.program, program, seekers, slots)
            stand = self._state.stand()
            if stand is not None:
                later._state.start_from(renumbered.basis(stand))
            later._state.last = None if self._plan is None else renumbered.columns(self._plan)
        later._finish(clock, progress)
        return later

    def _under(self, change: Change) -> State | None:
        """The state of the changed program; None where some row asks for more than it allows.

        It is the warm one, but where seekers who had one slot at most may have several: that is another kind of program, and starts from nothing.
        """
        changed = change.of(self.program)
        return self._state_of(changed, change.wanted(changed))

    def _state_of(self, changed: Program, wanted: tuple[Hold, ...] = ()) -> State | None:
        if any((block.lower > block.upper).any() for block in changed.rows):
            return None
        if self._state.go_under(changed, wanted):
            return self._state
        fresh = State(changed)
        fresh.wanted = wanted
        return fresh

    @contextmanager
    def _mine(self) -> Iterator[None]:
        if os.getpid() != self._process:
            message = "A program that is held in one process cannot be asked in another; hold it there anew."
            raise RuntimeError(message)
        with self._lock:
            yield

    def __reduce__(self) -> NoReturn:
        message = "A warm program stays in its process: HiGHS keeps its factors in memory. Send the program, and hold it there anew."
        raise TypeError(message)
