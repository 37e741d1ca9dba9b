"""Bounds in exact integers: what prices of rows prove about every solution, whatever a solver claims.

Floating-point prices are rounded to integers over a common denominator (a power of two), and the bound that they
prove is added up without any rounding: for every choice of prices y,

    goal @ x  <=  sum of y[r] * side[r]  +  sum over columns of max over their range of (goal - y @ matrix)[k] * x[k]

holds for every solution x, where side[r] is the upper side of a row with a positive price and the lower side of one
with a negative price. Poor prices give a weak bound, never a wrong one.

Source: Neumaier and Shcherbina 2004, "Safe bounds in linear and mixed-integer linear programming".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.engines.base import Hold
from allocator.program import FREE, WORD, Program, Rows, dot, total_of
from allocator.scenario import Floats, Integers

FINEST = 44
"""Largest power of two that prices are multiplied by: finer than any difference that matters."""
SLOW_ENTRIES = 3_000_000
"""Entries of the rows up to which integers of any length are used where machine integers are too coarse."""


def denominator_bits(largest: float, sides: float, entries: int, spare: int = 0) -> tuple[int, bool]:
    """The power of two to multiply prices by, and whether integers longer than a machine word are needed.

    Parameters
    ----------
    largest
        The largest sum of absolute terms of one column, in the goal's units.
    sides
        The sum of the sides of all rows with a price: rounding errors grow with it.
    entries
        Entries of the rows; with too many of them, long integers would take too much time.
    spare
        Bits to leave free, for whoever adds columns up in machine integers.
    """
    fits = min(FINEST, WORD - 1 - spare - math.ceil(math.log2(max(largest, 1.0)) + 1))
    needed = min(FINEST, math.ceil(math.log2(max(sides, 1.0))) + 3)
    if fits >= needed or spare or entries > SLOW_ENTRIES:
        return max(fits, 0), False
    return FINEST, True


def whole(prices: Floats, bits: int, *, long: bool) -> Integers:
    """Prices times two to the power of `bits`, rounded to integers."""
    if not long:
        return np.rint(np.ldexp(prices, bits)).astype(np.int64)
    shifted = np.empty(len(prices), dtype=object)
    for number, price in enumerate(prices.tolist()):
        numerator, denominator = float(price).as_integer_ratio()
        shifted[number] = ((numerator << (bits + 1)) // denominator + 1) >> 1
    return shifted


def allowed(prices: Floats, lower: Integers, upper: Integers) -> Floats:
    """The prices without those that ask for the side of a row that it does not have."""
    prices = np.where(np.isfinite(prices), prices, 0.0)
    absent = ((prices > 0) & (upper >= FREE)) | ((prices < 0) & (lower <= -FREE))
    return np.where(absent, 0.0, prices)


@dataclass(frozen=True, eq=False)
class ProgramPrices:
    """Prices of all rows of a program, and of what it holds, as integers over the denominator 2**bits.

    Rows that give every seeker one slot at most have no price: the best for a seeker is what the seeker's best pair
    is worth beyond its cost.
    """

    rows: Integers
    holds: tuple[int, ...]
    bits: int

    @classmethod
    def of(cls, program: Program, goal: Integers, holds: Sequence[Hold], rows: Floats, held: Floats, spare: int = 0) -> ProgramPrices:
        """Round floating-point prices, in the goal's units per unit of each row and of each held goal."""
        lower, upper = sides_of(program)
        rows = allowed(rows, lower, upper)
        own = own_block(program)
        if own is not None:
            start = int(program.starts[own])
            rows[start : start + len(program.rows[own])] = 0.0
        held = np.minimum(np.where(np.isfinite(held), held, 0.0), 0.0)
        largest, entries = _largest(program, goal, holds, rows, held)
        side = np.where(rows > 0, upper, np.where(rows < 0, lower, 0)).astype(np.float64)
        reach = float(np.abs(side).sum()) + sum(abs(float(hold.at_least)) for price, hold in zip(held, holds, strict=True) if price)
        bits, long = denominator_bits(largest, reach, entries, spare)
        told = whole(rows, bits, long=long)
        return cls(told, tuple(int(p) for p in whole(held, bits, long=True)), bits)


def _largest(program: Program, goal: Integers | Floats, holds: Sequence[Hold], rows: Floats, held: Floats) -> tuple[float, int]:
    """What the terms of one column could add up to at these prices, at most, and how many entries have a part in it."""
    largest, entries = float(np.abs(goal).max(initial=0)), 0
    for block, start in zip(program.rows, program.starts.tolist(), strict=False):
        price = rows[start : start + len(block)]
        if not price.any():
            continue
        weight = 1.0 if block.coefficient is None else float(np.abs(block.coefficient).max(initial=0))
        weight = max(weight, float(np.abs(block.slack.coefficient).max(initial=0)))
        largest += float(np.abs(price).max(initial=0)) * weight * _most_rows_of_a_column(block)
        entries += len(program.pairs)
    for cost, hold in zip(held.tolist(), holds, strict=True):
        largest += abs(cost) * float(np.abs(hold.coefficients).max(initial=0))
    return largest, entries


@dataclass(frozen=True, eq=False)
class Valuation:
    """What prices say of a program: every solution's goal times 2**bits is at most `total`.

    `worth[k]` is what pair k adds beyond its cost, `best[i]` the best of seeker i's pairs, at least 0 (0 where a
    seeker may have several slots). A solution with pair k falls `margin[k]` short of the total at least.
    """

    total: int
    bits: int
    worth: Integers
    best: Integers
    margin: Integers
    once: bool

    @property
    def bound(self) -> int:
        """The largest value that a solution can have."""
        return self.total >> self.bits

    def short_of(self, value: int) -> int:
        """How far the total is above the least total of a solution with this value."""
        return self.total - (value << self.bits)


def valued(program: Program, goal: Integers, holds: Sequence[Hold], prices: ProgramPrices) -> Valuation | None:
    """The bound and margins that prices prove, exactly; None where a column without a limit gains at them.

    Parameters
    ----------
    goal
        Coefficients over all columns, to be maximised; `[column]`.
    holds
        Goals that must keep a value.
    """
    # Whoever made the prices chose their size so that sums fit a machine integer. A proof is not believed in that either.
    told, held = prices.rows.astype(np.float64), np.array(prices.holds, dtype=np.float64)
    fits = _largest(program, goal.astype(np.float64) * 2.0**prices.bits, holds, told, held)[0] < 2.0 ** (WORD - 1)
    pairs, long = len(program.pairs), prices.rows.dtype == object or not fits
    kind: Any = object if long else np.int64
    own, rows = own_block(program), prices.rows.astype(kind)
    if own is not None:
        rows[int(program.starts[own]) : int(program.starts[own + 1])] = 0
    total = _of_sides(rows, *sides_of(program))
    if total is None:
        return None
    worth = goal.astype(object) * (1 << prices.bits) if long else goal << prices.bits
    seeker, slot = program.pairs.seeker, program.pairs.slot
    for block, start in zip(program.rows, program.starts.tolist(), strict=False):
        price = rows[start : start + len(block)]
        if not price.any():
            continue
        if block.pair is not None and block.row is not None:
            charge = price[block.row]
            if block.coefficient is not None:
                charge = charge * block.coefficient
            np.subtract.at(worth, block.pair, charge)
        elif block.of_seeker is not None:
            worth[:pairs] -= _of_group(price, block.of_seeker)[seeker]
        elif block.of_slot is not None:
            worth[:pairs] -= _of_group(price, block.of_slot)[slot]
        if len(block.slack.row):
            np.subtract.at(worth, block.slack.column, price[block.slack.row] * block.slack.coefficient)
    for cost, hold in zip(prices.holds, holds, strict=True):
        if cost > 0:
            return None
        if cost:
            total += cost * hold.at_least
            worth -= hold.coefficients.astype(kind) * cost
    gaining = pairs + np.flatnonzero(worth[pairs:] > 0)
    if (program.upper[gaining] >= FREE).any():
        return None
    total += dot(worth[gaining], program.upper[gaining])
    worth = worth[:pairs]
    lowest = -(1 << 62) if not long else -(1 << (prices.bits + 128))
    closed = program.upper[:pairs] == 0
    if own is None:
        best = np.zeros(int(seeker.max(initial=-1)) + 1, dtype=kind)
        gain = np.where(closed, 0, np.maximum(worth, 0))
        margin = np.maximum(-worth, 0)
        margin[closed] = -lowest
        return Valuation(total + total_of(gain), prices.bits, worth, best, margin, once=False)
    block = program.rows[own]
    assert block.of_seeker is not None
    people = int(seeker.max(initial=-1)) + 1
    closed = closed | (block.upper[block.of_seeker[:people]] == 0)[seeker]
    open_worth = np.where(closed, lowest, worth)
    best = np.zeros(people, dtype=kind)
    if pairs:
        first = np.flatnonzero(np.r_[True, seeker[1:] != seeker[:-1]])
        best[seeker[first]] = np.maximum(np.maximum.reduceat(open_worth, first), 0)
    margin = best[seeker] - worth
    margin[closed] = -lowest
    return Valuation(total + total_of(best), prices.bits, open_worth, best, margin, once=True)


def _of_sides(prices: Integers, lower: Integers, upper: Integers) -> int | None:
    """What the sides of rows come to at prices; None where a price asks for a side that is absent."""
    used = np.flatnonzero(prices)
    side = np.where(prices[used] > 0, upper[used], lower[used])
    return None if (np.abs(side) >= FREE).any() else dot(prices[used], side)


def _of_group(price: Integers, row_of: Integers | Any) -> Integers:
    """The price of each seeker's (or slot's) row; 0 for those without one."""
    return np.where(row_of >= 0, price[np.maximum(row_of, 0)], 0)


def _most_rows_of_a_column(block: Rows) -> int:
    """In how many rows of a block one pair counts, at most."""
    if block.pair is None or not len(block.pair):
        return 1
    return int(np.bincount(block.pair).max())


def sides_of(program: Program) -> tuple[Integers, Integers]:
    """Lower and upper sides of all rows, as `Program.matrix()` numbers them."""
    nothing = np.empty(0, dtype=np.int64)
    lower = np.concatenate([nothing, *(block.lower for block in program.rows)])
    return lower, np.concatenate([nothing, *(block.upper for block in program.rows)])


def own_block(program: Program) -> int | None:
    """The first block that says of every seeker "one slot at most" (or none), and nothing else."""
    people = int(program.pairs.seeker.max(initial=-1)) + 1
    for number, block in enumerate(program.rows):
        if block.of_seeker is None or len(block.slack.row) or (block.lower > 0).any():
            continue
        if not np.isin(block.upper, (0, 1)).all():
            continue
        mine = block.of_seeker[:people]
        if people and len(mine) == people and (mine >= 0).all() and len(np.unique(mine)) == people:
            return number
    return None


@dataclass(frozen=True, eq=False)
class RowPrices:
    """Prices of the rows of a model, as integers over the denominator 2**bits."""

    numbers: Integers
    bits: int

    @classmethod
    def of(cls, matrix: Any, lower: Integers, upper: Integers, goal: Integers, prices: Floats) -> RowPrices:
        """Round floating-point prices, in the goal's units per unit of each row."""
        prices = allowed(prices, lower, upper)
        charged = np.abs(matrix).T @ np.abs(prices) if prices.any() else np.zeros(matrix.shape[1])
        largest = float(np.abs(goal).max(initial=0)) + float(charged.max(initial=0.0))
        sides = np.where(prices > 0, upper, np.where(prices < 0, lower, 0)).astype(np.float64)
        bits, long = denominator_bits(largest, float(np.abs(sides).sum()), matrix.nnz)
        return cls(whole(prices, bits, long=long), bits)


def evaluated(matrix: Any, lower: Integers, upper: Integers, goal: Integers, low: Integers, high: Integers, prices: RowPrices) -> tuple[int, Integers] | None:
    """What prices prove of a model whose columns run from `low` to `high`: a total, and each column's worth.

    Every solution's goal times 2**bits is at most the total; one in which column k is `t` away from the end of its
    range that its worth asks for (the upper one if positive) falls `t * abs(worth[k])` short of it at least.
    None where the prices prove nothing: they ask for a side that is absent, or a column without a limit gains.
    """
    numbers = prices.numbers
    total = _of_sides(numbers, lower, upper)
    if total is None:
        return None
    used = np.flatnonzero(numbers)
    entries = matrix[used]
    charged = abs(entries).T @ np.abs(numbers[used].astype(np.float64))
    largest = float(np.abs(goal).max(initial=0)) * 2.0**prices.bits + float(np.max(charged, initial=0.0))
    # Whoever made the prices chose their size so that sums fit a machine integer. A proof is not believed in that either.
    if numbers.dtype == object or largest >= 2.0 ** (WORD - 1):
        worth = goal.astype(object) * (1 << prices.bits)
        told = entries.tocoo()
        np.subtract.at(worth, told.col, numbers[used].astype(object)[told.row] * told.data.astype(object))
    else:
        worth = (goal << prices.bits) - np.asarray(entries.T @ numbers[used])
    end = np.where(worth > 0, high, low)
    if (np.abs(end[worth != 0]) >= FREE).any():
        return None
    return total + dot(worth, end), worth
