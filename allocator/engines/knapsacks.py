"""Sharper bounds where room differs from pair to pair: staff points that depend on who goes where, in rows that all bind.

Each such row is a knapsack. The linear relaxation fills it with parts of people; here it is filled with whole ones, by dynamic programming, while every
other row has a price. Prices are bettered by subgradients. What is left is a bound over all pairs that no relaxation in parts can give, and for each
pair what a solution loses at least that has it: pairs that lose more than the distance to a known solution are in no better one.

Source: Fisher, Jaikumar and Van Wassenhove 1986 (multiplier adjustment, knapsack relaxation of generalized assignment); Polyak 1969 (steps); Camerini,
Fratta and Maffioli 1975 (deflection); Dembo and Hammer 1980 (reduction by forward and backward filling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.engines.base import Clock
from allocator.engines.relaxation import Relaxation
from allocator.engines.sieve import Goal, Prices, Sieve
from allocator.program import FREE, Program, Rows
from allocator.scenario import Floats, Integers, Mask

WORK = 20_000_000
"""Cells of all tables together, at most: pairs times room."""
FEW = 1_000
"""Programs with fewer pairs are proved without."""
STEPS = 600
"""Times that prices are moved."""
PATIENCE = 12
"""Moves without a better bound after which steps become shorter, and start from the best prices."""
SHORTER, TOO_SHORT = 0.7, 1e-4
"""How much shorter; and when to stop."""
DEFLECTION = 0.4
"""How much of the last direction goes into the next."""


@dataclass(frozen=True, eq=False)
class Knapsacks:
    """Rows with room of their own, no two of which share a pair: `of_pair[k]` is the knapsack of pair k, -1 for none, and `size[k]` what it takes up there.

    `row[j]` is a knapsack's row in the sieve and `room[j]` what it holds.
    """

    of_pair: Integers
    size: Integers
    row: Integers
    room: Integers

    @classmethod
    def of(cls, program: Program) -> Knapsacks | None:
        """The knapsacks of a program; None where it has none, is small, or where filling them would take too long.

        They only say more than the relaxation where seekers have a choice between several, whose sizes differ.
        """
        if len(program.pairs) < FEW:
            return None
        of_pair, size = np.full(len(program.pairs), -1, dtype=np.int64), np.zeros(len(program.pairs), dtype=np.int64)
        rows: list[Integers] = []
        room: list[Integers] = []
        start = count = 0
        for block in program.rows:
            if _is_knapsacks(block) and block.pair is not None and block.row is not None and block.coefficient is not None and (of_pair[block.pair] < 0).all():
                of_pair[block.pair], size[block.pair] = block.row + count, block.coefficient
                rows.append(start + np.arange(len(block)))
                room.append(block.upper)
                count += len(block)
            start += len(block)
        if not rows:
            return None
        found = cls(of_pair, size, np.concatenate(rows), np.concatenate(room).astype(np.int64))
        return found if found._matters(program) else None

    def _matters(self, program: Program) -> bool:
        inside = np.flatnonzero(self.of_pair >= 0)
        if _work(self.room[self.of_pair[inside]]) > WORK or len(inside) < 0.9 * len(program.pairs):
            return False
        choices = np.unique(np.stack([program.pairs.seeker[inside], self.of_pair[inside]]), axis=1)
        return bool(choices.shape[1] > 2 * len(np.unique(program.pairs.seeker)))

    def __len__(self) -> int:
        return len(self.room)


def _is_knapsacks(block: Rows) -> bool:
    """Whether every row of a block is an upper limit on sizes that differ, with no pair twice."""
    if block.pair is None or block.coefficient is None or len(block.slack.row) or (block.lower > -FREE).any() or (block.upper >= FREE).any():
        return False
    if (block.upper < 0).any() or (block.coefficient <= 0).any() or _work(block.upper[block.row]) > WORK:
        return False
    return len(np.unique(block.pair)) == len(block.pair) and len(np.unique(block.coefficient)) > 1


def _work(room: Integers) -> float:
    """Cells of the tables of pairs that have so much room in their knapsacks."""
    return float(room.astype(np.float64).sum())


def sharpened(knapsacks: Knapsacks, sieve: Sieve, goal: Goal, relaxed: Relaxation, known: float, clock: Clock) -> Relaxation:
    """The relaxation with a bound that is no worse, and with what a solution loses with each pair. `known` is a value that is reached, in the goal's scale."""
    dual = _Dual(knapsacks, sieve, goal)
    prices = relaxed.prices.rows.copy()
    prices[knapsacks.row] = 0.0
    # What its seeker's own row would cost: of the relaxation's optimum, the best that is left of any pair.
    own = np.where(sieve.once, relaxed.best, 0.0)
    best = dual.at(prices, own, relaxed.prices.holds)
    at, length, since, direction = best, 1.0, 0, (np.zeros(len(prices)), np.zeros(len(own)))
    for _ in range(STEPS):
        if clock.over or length < TOO_SHORT or best.limit <= known + 1e-9:
            break
        rows, people = dual.direction(at)
        direction = tuple(new + DEFLECTION * (old - new) for new, old in zip((rows, people), direction, strict=True))  # type: ignore[assignment]
        square = float(direction[0] @ direction[0] + direction[1] @ direction[1])
        if square < 1e-12:
            break
        step = length * max(at.limit - known, 1e-6) / square
        moved = dual.within(at.prices - step * direction[0])
        at = dual.at(moved, np.maximum(at.own - step * direction[1], 0.0) * sieve.once, relaxed.prices.holds)
        if at.limit < best.limit - 1e-9 * abs(best.limit):
            best, since = at, 0
        else:
            since += 1
            if since >= PATIENCE:
                at, length, since = best, length * SHORTER, 0
    limit = min(best.limit, relaxed.limit)
    return replace(relaxed, limit=limit, loss=dual.losses(best) - (best.limit - limit), filled=(best.prices, best.own))


def filled_exactly(knapsacks: Knapsacks, gain: Integers) -> int | None:
    """What the best fillings of all knapsacks gain together, in integers; None where their sums could overflow.

    Parameters
    ----------
    gain
        What each pair gains at the prices; `[pair]`.
    """
    if gain.dtype == object or float(np.maximum(gain, 0).astype(np.float64).sum()) >= 2.0**62:
        return None
    total = 0
    for number, room in enumerate(knapsacks.room.tolist()):
        best = np.zeros(room + 1, dtype=np.int64)
        pairs = np.flatnonzero((knapsacks.of_pair == number) & (gain > 0) & (knapsacks.size <= room))
        for size, worth in zip(knapsacks.size[pairs].tolist(), gain[pairs].tolist(), strict=True):
            best[size:] = np.maximum(best[size:], best[: room + 1 - size] + worth)
        total += int(best[room])
    loose = gain[knapsacks.of_pair < 0]
    return total + int(np.maximum(loose, 0).sum())


@dataclass(frozen=True, eq=False)
class _Filled:
    """Prices of rows and of seekers, what each pair gains at them, the pairs that fill the knapsacks best, and the bound that follows."""

    prices: Floats
    own: Floats
    gain: Floats
    chosen: Integers
    limit: float


class _Dual:
    """The bound as a function of prices."""

    def __init__(self, knapsacks: Knapsacks, sieve: Sieve, goal: Goal) -> None:
        self.knapsacks, self.sieve, self.goal = knapsacks, sieve, goal
        order = np.argsort(knapsacks.of_pair, kind="stable")
        ends = np.searchsorted(knapsacks.of_pair[order], np.arange(len(knapsacks) + 1))
        self.inside: Sequence[Integers] = [order[ends[j] : ends[j + 1]] for j in range(len(knapsacks))]
        self.loose = order[: ends[0]]
        # Prices that a column beside depends on stay as they are.
        self.moves: Mask = np.zeros(len(sieve.lower), dtype=bool)
        self.moves[sieve.priced] = True
        self.moves[knapsacks.row] = False
        self.moves[sieve.beside.indices] = False

    def within(self, prices: Floats) -> Floats:
        """The prices as far as rows have the sides that they ask for."""
        prices = np.where(np.isinf(self.sieve.upper), np.minimum(prices, 0.0), prices)
        return np.where(np.isinf(self.sieve.lower), np.maximum(prices, 0.0), prices)

    def at(self, prices: Floats, own: Floats, holds: Floats) -> _Filled:
        """Fill every knapsack at these prices."""
        told = Prices(prices, holds)
        gain = self.sieve.worth(self.goal, told) - own[self.sieve.seeker]
        chosen, value = self._fill(gain)
        alone = self.loose[gain[self.loose] > 0]
        limit = self.sieve.priced_sides(self.goal, told) + float(own.sum()) + value + float(gain[alone].sum())
        return _Filled(prices, own, gain, np.concatenate([chosen, alone]), limit)

    def _fill(self, gain: Floats) -> tuple[Integers, float]:
        """The pairs that fill all knapsacks best, and what they gain; all knapsacks at once, the best pairs first."""
        knapsacks = self.knapsacks
        able = [inside[(gain[inside] > 0) & (knapsacks.size[inside] <= room)] for inside, room in zip(self.inside, knapsacks.room.tolist(), strict=True)]
        deep, wide, numbers = max(map(len, able), default=0), int(knapsacks.room.max(initial=0)), np.arange(len(knapsacks))
        pair = np.full((deep, len(knapsacks)), -1, dtype=np.int64)
        for number, pairs in enumerate(able):
            pair[: len(pairs), number] = pairs
        there = pair >= 0
        worth = np.where(there, gain[pair], 0.0)
        size = np.where(there, knapsacks.size[pair], 0)
        best, takes = np.zeros((len(knapsacks), wide + 1)), np.zeros((deep, len(knapsacks), wide + 1), dtype=bool)
        spot = np.arange(wide + 1)
        for depth in range(deep):
            before = spot - size[depth][:, None]
            with_it = np.take_along_axis(best, np.maximum(before, 0), axis=1) + worth[depth][:, None]
            takes[depth] = (before >= 0) & there[depth][:, None] & (with_it > best)
            best = np.where(takes[depth], with_it, best)
        left, chosen = knapsacks.room.copy(), []
        for depth in range(deep - 1, -1, -1):
            taken = takes[depth, numbers, left]
            chosen.append(pair[depth, taken])
            left = left - np.where(taken, size[depth], 0)
        return np.concatenate([np.empty(0, dtype=np.int64), *chosen]), float(best[numbers, knapsacks.room].sum())

    def direction(self, at: _Filled) -> tuple[Floats, Floats]:
        """Which way the bound grows with each price: the side that is paid for, less what the chosen pairs use."""
        sieve = self.sieve
        used = np.asarray(sieve.columns(at.chosen).T @ np.ones(len(at.chosen)))
        side = np.where((at.prices > 0) | ((at.prices == 0) & (used > sieve.upper)), sieve.upper, sieve.lower)
        rows = np.where(self.moves & np.isfinite(side), np.where(np.isfinite(side), side, 0.0) - used, 0.0)
        rows[(at.prices == 0) & (used <= sieve.upper) & (used >= sieve.lower)] = 0.0
        people = np.where(sieve.once, 1.0 - np.bincount(sieve.seeker[at.chosen], minlength=len(sieve.once)), 0.0)
        people[(at.own == 0) & (people > 0)] = 0.0
        return rows, people

    def losses(self, at: _Filled) -> Floats:
        """What a solution with each pair is short of the bound, at least, `[pair]`; the seeker's other pairs are then out of their knapsacks."""
        knapsacks, gain = self.knapsacks, at.gain
        with_it, without = np.maximum(-gain, 0.0), np.zeros(len(gain))
        without[self.loose] = np.maximum(gain[self.loose], 0.0)
        for pairs, room in zip(self.inside, knapsacks.room.tolist(), strict=True):
            with_it[pairs], without[pairs] = _in_and_out(gain[pairs], knapsacks.size[pairs], room)
        seeker = self.sieve.seeker
        others = np.bincount(seeker, weights=without, minlength=len(self.sieve.once))[seeker] - without
        return with_it + np.where(self.sieve.once[seeker], others, 0.0)


def _in_and_out(gain: Floats, size: Integers, room: int) -> tuple[Floats, Floats]:
    """What a knapsack's best filling loses where each thing has to be in, and where it has to be out; infinite where it has no room for it or may not."""
    count = len(gain)
    before, after = np.zeros((count + 1, room + 1)), np.zeros((count + 1, room + 1))
    usable = np.flatnonzero((gain > 0) & (size <= room))
    for table, steps in ((before, range(count)), (after, range(count - 1, -1, -1))):
        useful = np.zeros(count, dtype=bool)
        useful[usable] = True
        for thing in steps:
            source, target = (thing, thing + 1) if table is before else (thing + 1, thing)
            table[target] = table[source]
            if useful[thing]:
                np.maximum(table[source][size[thing] :], table[source][: room + 1 - size[thing]] + gain[thing], out=table[target][size[thing] :])
    best = before[count, room]
    lost_in, lost_out = np.full(count, np.inf), np.zeros(count)
    for thing in range(count):
        if size[thing] <= room and np.isfinite(gain[thing]):
            rest = room - int(size[thing])
            lost_in[thing] = best - gain[thing] - float((before[thing, : rest + 1] + after[thing + 1, rest::-1]).max())
        if gain[thing] > 0:
            lost_out[thing] = best - float((before[thing] + after[thing + 1, ::-1]).max())
    return np.maximum(lost_in, 0.0), np.maximum(lost_out, 0.0)
