"""When nothing fits: by how much each rule would have to give way, in the cheapest set of bends that leaves a solution.

The rows are those that were found impossible, each that may bend with a column for falling short and one for going over; a row's `bend` says what a unit
costs. Two phases: first the least total price; then, at that price, the fewest rows that bend, the largest bend as small as can be, and of equals those
that the policy lists later.

Source: elastic programs, Chinneck 2008, chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from allocator.engines.base import Clock, Engine, Outcome, Progress, Silent
from allocator.engines.choose import choose
from allocator.program import FREE, Objective, Program, Rows, Slack
from allocator.scenario import Integers, Mask

if TYPE_CHECKING:
    from allocator.engines.warm import Warm

CHOOSING, MOST_PAIRS = 0.5, 20_000
"""Part of the time left that the second phase may take, and pairs of a program that is too large for it; without it the bends are as cheap, but perhaps
there are more of them."""
MOST_CANDIDATES = 400
"""Sides of rows among which the second phase chooses, at most."""


@dataclass(frozen=True, eq=False)
class Bent:
    """One side of one row that gives way: row `number` of a block, `row` of the program, by `amount` of the row's units."""

    block: Rows
    number: int
    row: int
    lower: bool
    amount: int

    @property
    def key(self) -> str:
        """The row's own name within its rule."""
        return str(self.block.names[self.number]) if len(self.block.names) else ""

    @property
    def name(self) -> str:
        """The row's full name."""
        return self.block.row_name(self.number)

    @property
    def required(self) -> int:
        """The side as the rule has it."""
        return int((self.block.lower if self.lower else self.block.upper)[self.number])

    @property
    def possible(self) -> int:
        """The side that leaves a solution."""
        return self.required - self.amount if self.lower else self.required + self.amount

    @property
    def price(self) -> int:
        """What the bend costs, in millionths of a seat."""
        return self.block.bend * self.amount


@dataclass(frozen=True, eq=False)
class Bending:
    """A set of bends that leaves a solution, `columns` of the program among them; `proved` where no cheaper set does. `warm` holds a program like it."""

    bent: tuple[Bent, ...]
    columns: Integers
    proved: bool
    warm: Warm | None = None


def _furthest(block: Rows, program: Program) -> tuple[Integers, Integers]:
    """By how much each row can fall short and go over at most, whatever is assigned: what bends has a bound, or no bound on the whole would hold."""
    row, _, coefficient = block.entries(program.pairs)
    row, coefficient = np.r_[row, block.slack.row], np.r_[coefficient, block.slack.coefficient * np.minimum(program.upper[block.slack.column], FREE >> 20)]
    most, least = np.zeros(len(block), dtype=np.int64), np.zeros(len(block), dtype=np.int64)
    np.add.at(most, row, np.maximum(coefficient, 0))
    np.add.at(least, row, np.minimum(coefficient, 0))
    return np.maximum(block.lower - least, 0), np.maximum(most - block.upper, 0)


@dataclass(frozen=True, eq=False)
class Elastic:
    """A program whose rows give way at a price: row r's columns `short[r]` and `over[r]`, -1 where it has none; a unit of either costs `price[r]`."""

    program: Program
    short: Integers
    over: Integers
    price: Integers

    @classmethod
    def of(cls, program: Program, may: tuple[Mask, Mask] | None = None, most: int = FREE) -> Elastic:
        """`may` says which rows may fall short and which go over (all that have a price where absent), for at most the total price `most`."""
        start, upper, rows = program.size, [program.upper], []
        short, over, price, first = np.full(program.row_count, -1), np.full(program.row_count, -1), _prices(program), 0
        for block in program.rows:
            here = slice(first, first + len(block))
            first += len(block)
            slack = block.slack
            if block.bend:
                room = _furthest(block, program)
                for side, there, sign in ((short, block.lower > -FREE, 1), (over, block.upper < FREE, -1)):
                    at = np.flatnonzero(there if may is None else there & may[sign < 0][here])
                    columns = np.arange(start, start + len(at))
                    side[here][at] = columns
                    slack = slack.and_also(at, columns, sign)
                    upper.append(np.minimum(room[sign < 0][at], most // block.bend))
                    start += len(at)
            rows.append(replace(block, slack=slack))
        columns = np.concatenate([short[short >= 0], over[over >= 0]])
        prices = np.concatenate([price[short >= 0], price[over >= 0]])
        cheapest = Objective("bending", "bending", columns, prices, maximize=False)
        return cls(Program(program.pairs, np.concatenate(upper), tuple(rows), (cheapest,)), short, over, price)

    def few_and_fair(self, total: int) -> Program:
        """The program of the second phase: no dearer than `total`, then few rows, then no bend larger than it must be, then later rows before earlier ones."""
        row = np.concatenate([np.flatnonzero(self.short >= 0), np.flatnonzero(self.over >= 0)])
        column, price = np.concatenate([self.short[self.short >= 0], self.over[self.over >= 0]]), self.price[row]
        count, start = len(row), self.program.size
        touched, largest, each, ones = np.arange(start, start + count), np.array([start + count]), np.arange(count), np.ones(count, dtype=np.int64)
        upper = self.program.upper[column]
        rows = (
            _beside("price", np.array([total]), Slack(np.zeros(count, dtype=np.int64), column, price)),
            _beside("touched", np.zeros(count, dtype=np.int64), Slack(np.r_[each, each], np.r_[column, touched], np.r_[ones, -upper])),
            _beside("largest", np.zeros(count, dtype=np.int64), Slack(each, column, price).and_also(each, np.repeat(largest, count), -1)),
        )
        _, rank = np.unique(-row, return_inverse=True)
        objectives = (
            Objective("bending", "rows that bend", touched, ones, maximize=False),
            Objective("bending", "largest bend", largest, np.ones(1, dtype=np.int64), maximize=False),
            Objective("bending", "earlier rows", touched, rank.astype(np.int64) + 1, maximize=False),
        )
        more = np.concatenate([self.program.upper, ones, np.array([total])])
        return Program(self.program.pairs, more, (*self.program.rows, *rows), objectives)

    def bent(self, program: Program, columns: Integers) -> Iterator[Bent]:
        """What gives way in a solution, in the order of the rows."""
        first = 0
        for block in program.rows:
            for number in range(len(block)):
                for column, lower in ((self.short[first + number], True), (self.over[first + number], False)):
                    amount = int(columns[column]) if column >= 0 else 0
                    if amount:
                        yield Bent(block, number, first + number, lower, amount)
            first += len(block)


def cheapest_bends(program: Program, clock: Clock, seed: int, progress: Progress, proof: Engine | None = None) -> Bending | None:
    """The bends that make an impossible program possible at the least total price.

    `proof` is the engine that found it impossible; where it can, the search starts from there. None means that no bending helps (rules that cannot bend are in
    conflict), or that time ran out before any was found.
    """
    elastic = Elastic.of(program)
    choice = choose(elastic.program).engine
    if choice.name == "network":
        outcome, warm = choice.solve(elastic.program, clock, seed, progress), None
    else:
        warm = _held(program, clock, seed, proof).succeed(elastic.program, clock=clock, progress=progress)
        outcome = warm.outcome
    if outcome.columns is None:
        return None
    columns, proved, found = outcome.columns, outcome.status == "optimal", elastic
    if proved and len(program.pairs) <= MOST_PAIRS:
        second = _second_phase(program, elastic, outcome, warm, clock, seed)
        if second is not None:
            found, columns = second
    return Bending(tuple(found.bent(program, columns)), columns[: program.size], proved, warm)


def _second_phase(program: Program, elastic: Elastic, outcome: Outcome, warm: Warm | None, clock: Clock, seed: int) -> tuple[Elastic, Integers] | None:
    """As cheap, with the fewest rows and fairly spread; None where time is up or there is nothing to choose."""
    assert outcome.columns is not None
    total = int(outcome.goals[0].value or 0)
    may = _candidates(elastic, warm, total)
    if not 1 < int(may[0].sum() + may[1].sum()) <= MOST_CANDIDATES:
        return None
    narrow = Elastic.of(program, may, total)
    second = narrow.few_and_fair(total)
    # Exact integers: a cent and a seat stand beside one another here, which is much to ask of floating point.
    found = choose(second, "cp_sat").engine.solve(second, clock.part(CHOOSING), seed, Silent())
    return None if found.columns is None else (narrow, found.columns)


def _candidates(elastic: Elastic, warm: Warm | None, total: int) -> tuple[Mask, Mask]:
    """Which rows may fall short, and which go over, in a set of bends that is as cheap: those whose price the relaxation does not find too high."""
    short, over = elastic.short >= 0, elastic.over >= 0
    limit = None if warm is None else warm.limit()
    if limit is not None:
        apart = total - limit.value + 1e-6 * max(1.0, total)
        short &= elastic.price - limit.prices <= apart
        over &= elastic.price + limit.prices <= apart
    return short, over


def _held(program: Program, clock: Clock, seed: int, proof: Engine | None) -> Warm:
    from allocator.engines.sifting import Sifting
    from allocator.engines.warm import Warm

    if isinstance(proof, Sifting) and proof.state is not None and proof.state.program is program:
        return Warm.where(proof.state, seed)
    return Warm(replace(program, objectives=()), clock=clock, seed=seed)


def _prices(program: Program) -> Integers:
    return np.concatenate([np.empty(0, dtype=np.int64), *(np.full(len(block), block.bend, dtype=np.int64) for block in program.rows)])


def _beside(label: str, upper: Integers, slack: Slack) -> Rows:
    """Rows without a pair."""
    none = np.empty(0, dtype=np.int64)
    return Rows("bending", label, [], np.full(len(upper), -FREE), upper, pair=none, row=none, slack=slack)
