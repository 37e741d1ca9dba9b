"""A solved program that answers the next question from where it stands: other promises, other scores, pairs wanted in or out, slots closed, rows added.

Every answer is as exact as one from nothing: values are counted, rows judged in exact arithmetic, and bounds hold over all pairs. Only which of several
plans that are good enough comes out may depend on what was asked before: plans found lately are remembered, and the likeliest is where a question starts.

Threads: questions from several threads wait for one another; there is one linear program behind them. Processes: it can be neither pickled nor used
after a fork, since HiGHS keeps its factors in memory; send the program, and hold it there anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NoReturn

import numpy as np

from allocator.engines.base import Clock, Hold, Outcome, Progress, Silent, Watch
from allocator.engines.exact import valued
from allocator.engines.goal_by_goal import Step, ceiling, looked_at
from allocator.engines.proofs import PriceProof, proved_empty
from allocator.engines.renumbered import Renumbered
from allocator.engines.sifting import Sifting, State, keeps
from allocator.program import FREE, Objective, Program, Rows, dot
from allocator.scenario import Floats, Integers

REMEMBERED = 12
"""Answers' plans that are kept to start the next question from."""


def _surely_empty(state: State, holds: Sequence[Hold]) -> bool:
    """Whether the relaxation's prices prove, in exact integers, that nothing keeps the rows and holds."""
    against = state.prices_against(holds)
    return against is not None and proved_empty(state.program, holds, [PriceProof(against)])


def _none() -> Integers:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Change:
    """What is different in a question. Rows, pairs and slots by their numbers in the program (`Program.row_number` finds a row by its name).

    `at_least` and `at_most` are new sides of rows, None for no such side; fractions only where the relaxation is asked (`Warm.limit`).
    `objectives` take the place of the program's. `forced` pairs are assigned in every answer, `forbidden` ones in none, and no pair of a `closed` slot is.
    Of each group of pairs in `any_of` one is assigned at least.
    """

    at_least: Mapping[int, float | None] = field(default_factory=dict)
    at_most: Mapping[int, float | None] = field(default_factory=dict)
    objectives: tuple[Objective, ...] | None = None
    forced: Integers = field(default_factory=_none)
    forbidden: Integers = field(default_factory=_none)
    closed: Integers = field(default_factory=_none)
    any_of: tuple[Integers, ...] = ()

    def of(self, program: Program) -> Program:
        """The program as changed, but for the forced pairs.

        Raises ValueError where a number is none of the program's.
        """
        for what, numbers, count in (
            ("row", [*self.at_least, *self.at_most], program.row_count),
            ("pair", [*self.forced, *self.forbidden, *(pair for group in self.any_of for pair in group)], len(program.pairs)),
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
        """The forced pairs, and one of each group, as something to hold."""
        forced = np.unique(self.forced).astype(np.int64)
        asked = [(forced, len(forced)), *((group, 1) for group in self.any_of)]
        return tuple(Hold(_ones(pairs, program.size), at_least) for pairs, at_least in asked if at_least)


def _ones(columns: Integers, size: int) -> Integers:
    whole = np.zeros(size, dtype=np.int64)
    whole[columns] = 1
    return whole


@dataclass(frozen=True, eq=False)
class Limit:
    """What the linear relaxation says of one goal: the value that no plan exceeds (or, for one to be minimised, falls below), and by how much one more
    unit of each row's binding side would change it, `[row]`. Both in the objective's integers.

    `bound` is what the prices prove in exact integers; None where sides of rows are not whole.
    """

    value: float
    prices: Floats
    bound: int | None = None


@dataclass(frozen=True, eq=False)
class Ceilings:
    """What the linear relaxation says of one goal, to be maximised: the value that no plan exceeds, and the one that no plan with a pair exceeds, `[pair]`.

    `prices` as in `Limit`, for the goal to be maximised. All among the plans that keep the goals before it.
    """

    most: int
    most_with: Integers
    prices: Floats


SAME = Change()


@dataclass(frozen=True, eq=False)
class Kept:
    """A plan in little room: the pairs assigned, the columns beside them, and what each row adds up to, `[row]`."""

    chosen: Integers
    beside: Integers
    activity: Integers

    @classmethod
    def of(cls, columns: Integers, program: Program) -> Kept:
        """A plan of a program."""
        people, pairs = program.people(columns), len(program.pairs)
        activity = [np.empty(0, dtype=np.int64)]
        for block in program.rows:
            activity.append(block.activity(program.pairs, columns, people))
            np.add.at(activity[-1], block.slack.row, block.slack.coefficient * columns[block.slack.column])
        return cls(np.flatnonzero(columns[:pairs]), columns[pairs:].copy(), np.concatenate(activity))

    def columns(self, program: Program) -> Integers:
        """The plan as columns of the program."""
        return np.concatenate([np.bincount(self.chosen, minlength=len(program.pairs)), self.beside])

    def is_plan(self, columns: Integers) -> bool:
        """Whether these columns are this plan."""
        pairs = len(columns) - len(self.beside)
        return int(columns[:pairs].sum()) == len(self.chosen) and bool(columns[self.chosen].all()) and np.array_equal(columns[pairs:], self.beside)

    def missing(self, program: Program, sides: tuple[Integers, Integers], wanted: tuple[Hold, ...]) -> int:
        """By how much the plan misses the program's bounds, its rows between these `sides`, and what is wanted, all added up: how much would have to change."""
        lower, upper = sides
        rows = np.maximum(lower - self.activity, 0).sum() + np.maximum(self.activity - upper, 0).sum()
        absent = sum(max(0, hold.at_least - int(hold.coefficients[self.chosen].sum())) for hold in wanted)
        return int(rows) + absent + int((program.upper[self.chosen] == 0).sum())

    def value(self, goal: Integers) -> int:
        """A goal's value, by its coefficients over all columns."""
        return int(goal[self.chosen].sum() + goal[len(goal) - len(self.beside) :] @ self.beside)


class Warm:
    """A program, solved, and kept warm."""

    def __init__(self, program: Program, *, clock: Clock | None = None, seed: int = 0, progress: Progress | None = None) -> None:
        self._begin(program, State(program), seed)
        self._finish(clock, progress)

    @classmethod
    def where(cls, state: State, seed: int = 0) -> Warm:
        """A program that was found impossible, where the proof of that left it; what follows starts from there."""
        warm = cls.__new__(cls)
        warm._begin(state.program, state, seed)
        warm._hold(Outcome("infeasible", "proved", None, ()))
        return warm

    @classmethod
    def resumed(cls, program: Program, outcome: Outcome, *, seed: int = 0) -> Warm:
        """A program whose answer is known already, held without solving it again. The outcome's columns keep its rows."""
        warm = cls.__new__(cls)
        warm._begin(program, State(program), seed)
        warm._hold(outcome)
        return warm

    def _begin(self, program: Program, state: State, seed: int) -> None:
        self.program, self._state, self._seed = program, state, seed
        self._lock, self._process = threading.RLock(), os.getpid()
        self._lately: list[Kept] = []

    def _finish(self, clock: Clock | None, progress: Progress | None) -> None:
        self._hold(Sifting(self._state).solve(self.program, clock or Clock(), self._seed, progress or Silent()))

    def _hold(self, outcome: Outcome) -> None:
        self.outcome, self._plan = outcome, outcome.columns
        self._remember(self._plan)

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
        state.last = self._likeliest(state) if near is None else near
        outcome = Sifting(state).solve(state.program, clock, self._seed, Silent())
        self._remember(outcome.columns)
        return outcome

    def keep(self, change: Change, *, clock: Clock | None = None) -> Outcome:
        """The best plan under a change; from now on the program is the changed one. Where no plan is found, all stays as it was.

        Raises ValueError for forced pairs: they are part of a question, not of a program; a rule (`pins`) says them.
        """
        if len(change.forced) or change.any_of:
            message = "Forced pairs cannot be kept; put them into the program as pins, and let it succeed this one."
            raise ValueError(message)
        with self._mine():
            outcome = self.ask(change, clock=clock)
            if outcome.columns is not None:
                self.program = change.of(self.program)
                self._hold(outcome)
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
            holds = [] if self._plan is None else [Hold(earlier, dot(earlier, self._plan)) for earlier in dense[:goal]]
            asked = state.goal(dense[goal], [*holds, *state.wanted])
            relaxed = state.relax(asked, Clock(), 0.0)
            held = [*holds, *state.wanted]
            if relaxed == "infeasible" and _surely_empty(state, held):
                return None
            if isinstance(relaxed, str):
                message = "The linear relaxation could not be solved: the program's numbers are too far apart for floating point."
                raise ArithmeticError(message)
            sign = 1 if changed.objectives[goal].maximize else -1
            unit, bound = asked.level.unit * sign, None
            if all(np.issubdtype(side.dtype, np.integer) for block in changed.rows for side in (block.lower, block.upper)):
                found = valued(changed, dense[goal], held, state.exact_prices(dense[goal], held, asked, relaxed.prices))
                bound = None if found is None else sign * found.bound
            return Limit(relaxed.limit * unit, relaxed.prices.rows * state.sieve.scale * unit, bound)

    def ceilings(self, goal: int, *, clock: Clock | None = None) -> Ceilings | None:
        """What no plan exceeds in one goal, and none with each pair, by the linear relaxation alone; None where time ran out or numbers went astray.

        The goals before it are held at what the program's own plan has.
        """
        with self._mine():
            state = self._under(SAME)
            assert state is not None
            assert self._plan is not None
            dense = [objective.dense(self.program.size) for objective in self.program.objectives[: goal + 1]]
            holds = [Hold(earlier, dot(earlier, self._plan)) for earlier in dense[:goal]]
            asked = state.goal(dense[goal], holds)
            relaxed = state.relax(asked, clock or Clock(), 0.0)
            if isinstance(relaxed, str) or not np.isfinite(relaxed.limit):
                return None
            found = valued(self.program, dense[goal], holds, state.exact_prices(dense[goal], holds, asked, relaxed.prices))
            if found is None:
                return None
            most_with = np.asarray((found.total - found.margin) >> found.bits, dtype=np.int64)
            return Ceilings(found.bound, most_with, relaxed.prices.rows * state.sieve.scale * asked.level.unit)

    def reach(self, goal: int, change: Change = SAME, *, clock: Clock | None = None, near: Integers | None = None) -> Step:
        """One goal alone, to be maximised, under a change: its best plan among those that keep the goals before it at what the program's own plan has.

        `near` is a plan to start from where it is not the program's own.
        """
        with self._mine():
            state = self._under(change)
            if state is None:
                return Step("infeasible", None, None)
            assert self._plan is not None
            dense = [objective.dense(state.program.size) for objective in state.program.objectives[: goal + 1]]
            holds = [Hold(earlier, dot(earlier, self._plan)) for earlier in dense[:goal]]
            state.last = self._plan if near is None else near
            known = state.last if keeps(state.program, (*holds, *state.wanted), state.last) else None
            watch = Watch(Silent(), state.program.objectives[goal])
            step = Sifting(state).maximize(state.program, dense[goal], holds, known, clock or Clock(), self._seed, watch)
            shown = looked_at(state.program, dense[goal], [*holds, *state.wanted], step)
            if step.columns is None and not shown.empty:
                return Step("no_solution", None, shown.bound)
            bounds = [bound for bound in (shown.bound, ceiling(state.program, dense[goal])) if bound is not None]
            bound = None if step.columns is None else min(bounds)
            proved = bound is not None and step.columns is not None and dot(dense[goal], step.columns) >= bound
            return Step("infeasible" if step.columns is None else "optimal" if proved else "feasible", step.columns, bound)

    def succeed(
        self,
        program: Program,
        *,
        seekers: Integers | None = None,
        slots: Integers | None = None,
        near: Integers | None = None,
        clock: Clock | None = None,
        progress: Progress | None = None,
    ) -> Warm:
        """Another program that has much in common with this one (seekers or slots added or gone, rules changed), solved from where this one stands.

        `seekers[i]` and `slots[j]` say which of this program's the new one's are, -1 for new ones; where absent, those that are in both kept their
        numbers. Rows are known by their rule, label and name. `near` is a plan of the new one to start from in place of this one's. This one stays as it is.
        """
        later = Warm.__new__(Warm)
        with self._mine():
            later._begin(program, State(program), self._seed)
            renumbered = Renumbered.of(self.program, program, seekers, slots)
            stand = self._state.stand()
            if stand is not None:
                later._state.start_from(renumbered.basis(stand))
            later._state.last = near if near is not None or self._plan is None else renumbered.columns(self._plan)
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

    def _remember(self, columns: Integers | None) -> None:
        """Keep an answer's plan as the newest, the oldest going where there are many."""
        if columns is None:
            return
        same = next((kept for kept in self._lately if kept.is_plan(columns)), None)
        fresh = same or Kept.of(columns, self.program)
        self._lately = [*(kept for kept in self._lately if kept is not same), fresh][-REMEMBERED:]

    def _likeliest(self, state: State) -> Integers | None:
        """The plan to start from: of those that keep the changed program the best, else the one that misses least; the newest of equals."""
        lower, upper = (np.concatenate([np.empty(0, dtype=np.int64), *(getattr(block, side) for block in state.program.rows)]) for side in ("lower", "upper"))
        missing = [kept.missing(state.program, (lower, upper), state.wanted) for kept in self._lately]
        likely = [kept for kept, lacks in zip(self._lately, missing, strict=True) if lacks == min(missing)]
        if len(likely) > 1:
            goals = [objective.dense(state.program.size) for objective in state.program.objectives]
            likely = [max(reversed(likely), key=lambda kept: [kept.value(goal) for goal in goals])]
        return likely[0].columns(state.program) if likely else None

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
