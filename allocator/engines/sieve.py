"""All pairs of a program, seen through prices: what each would add beyond what it uses up, and what no solution can exceed.

A program may have ten million pairs; a linear program needs to hold only the few that could matter. The sieve keeps all of them as arrays and answers two
questions about prices of rows (dual values): which pairs are worth more than they cost, and what bound do these prices prove over all pairs. The rows
"a seeker has one slot at most" have no price here: the best price for a seeker is what the seeker's best pair is worth beyond its cost,
so that leaving such a row out of a linear program never weakens the bound.

Source: Lagrangian bound, Geoffrion 1974; pricing all columns against few rows ("sifting"), Bixby, Gregory, Lustig, Marsten and Shanno 1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from allocator.engines.exact import own_block as own_block_of
from allocator.program import FREE, Program
from allocator.scenario import Floats, Integers, Mask, Positions

FULL = 100.0
"""The largest coefficient of a goal after scaling; solvers work with absolute tolerances."""


@dataclass(frozen=True, eq=False)
class Level:
    """Coefficients of one goal, to be maximised: of the pairs, and of the columns beside them. Divided by `unit`.

    `may_fail` where nobody knows yet whether what is asked of it can be held, as for pairs that somebody wants in.
    """

    pairs: Floats
    beside: Floats
    unit: float
    may_fail: bool = False

    @classmethod
    def of(cls, dense: Integers, pairs: int, *, may_fail: bool = False) -> Level:
        """From coefficients over all columns of a program with so many pairs."""
        unit = max(1.0, float(np.abs(dense).max(initial=0))) / FULL
        return cls(dense[:pairs] / unit, dense[pairs:] / unit, unit, may_fail)


@dataclass(frozen=True, eq=False)
class Goal:
    """What to maximise, and what to hold: each level that must keep a value, with that value in the level's scale."""

    level: Level
    held: tuple[tuple[Level, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Prices:
    """What a unit of each row costs, `[row]`, and of each held goal, `[hold]`; positive where the row's upper side binds, for a maximum."""

    rows: Floats
    holds: Floats


@dataclass(frozen=True, eq=False)
class Sieve:
    """Pairs and rows of a program, or of a part of one, for pricing. Rows are divided by their largest coefficient (`scale` is its inverse).

    An entry of a row is told through the seeker, through the slot, or pair by pair: `[seeker, row]`, `[slot, row]`, `[pair, row]`; `beside`
    holds the columns beside the pairs. `once` marks seekers who have one slot at most; their own rows have no entries here.
    """

    seeker: Positions
    slot: Positions
    once: Mask
    by_seeker: Any
    by_slot: Any
    by_pair: Any
    beside: Any
    beside_upper: Floats
    scale: Floats
    lower: Floats
    upper: Floats
    priced: Integers
    """Numbers of the rows that have a price: all but the seekers' own."""
    closed: Integers
    """Pairs that may not be assigned; they are worth less than anything."""
    own_block: int | None
    """The program's block that says so of seekers."""

    @classmethod
    def of(cls, program: Program) -> Sieve:
        """The sieve of a program; rows are numbered as in `Program.matrix()`."""
        pairs, people, places = len(program.pairs), int(program.pairs.seeker.max(initial=-1)) + 1, int(program.pairs.slot.max(initial=-1)) + 1
        rows = program.row_count
        sides: dict[str, list[tuple[Integers, Integers, Integers]]] = {"seeker": [], "slot": [], "pair": [], "beside": []}
        own_block = own_block_of(program)
        once, priced, start = np.full(people, own_block is not None), np.ones(rows, dtype=bool), 0
        for number, block in enumerate(program.rows):
            if len(block.slack.row):
                sides["beside"].append((block.slack.column - pairs, block.slack.row + start, block.slack.coefficient))
            if number == own_block:
                priced[start : start + len(block)] = False
            elif block.pair is not None:
                row, pair, coefficient = block.entries(program.pairs)
                sides["pair"].append((pair, row + start, coefficient))
            else:
                side, group, size = ("seeker", block.of_seeker, people) if block.of_seeker is not None else ("slot", block.of_slot, places)
                assert group is not None
                inside = np.flatnonzero(group[:size] >= 0)
                sides[side].append((inside, group[inside].astype(np.int64) + start, np.ones(len(inside), dtype=np.int64)))
            start += len(block)
        sizes = {"seeker": people, "slot": places, "pair": pairs, "beside": program.size - pairs}
        whole = {side: _sparse(entries, sizes[side], rows) for side, entries in sides.items()}
        largest = np.ones(rows)
        for matrix in whole.values():
            np.maximum.at(largest, matrix.indices, np.abs(matrix.data))
        for matrix in whole.values():
            matrix.data /= largest[matrix.indices]
        return cls(
            program.pairs.seeker, program.pairs.slot, once, whole["seeker"], whole["slot"], whole["pair"], whole["beside"],
            bounds(program.upper[pairs:]), 1.0 / largest, *_sides(program, 1.0 / largest), np.flatnonzero(priced), _closed(program, own_block), own_block,
        )  # fmt: skip

    def under(self, program: Program) -> Sieve | None:
        """The same pairs and rows with the bounds that a program of the same make has for them; None where seekers may have several slots only there."""
        if own_block_of(program) != self.own_block:
            return None
        lower, upper = _sides(program, self.scale)
        return replace(self, beside_upper=bounds(program.upper[len(self) :]), lower=lower, upper=upper, closed=_closed(program, self.own_block))

    def __len__(self) -> int:
        return len(self.seeker)

    def part(self, pairs: Integers, rows: Integers, lower: Floats, upper: Floats) -> Sieve:
        """Some pairs against some rows with these bounds (one for each row); seekers and rows are numbered anew, in order."""
        people, seeker = np.unique(self.seeker[pairs], return_inverse=True)
        nothing = csr_matrix((0, len(rows)))
        entries = self.columns(pairs)[:, rows].tocsr()
        return Sieve(
            seeker.astype(np.int32), np.zeros(len(pairs), dtype=np.int32), self.once[people],
            csr_matrix((len(people), len(rows))), csr_matrix((1, len(rows))), entries, nothing, np.empty(0),
            self.scale[rows], lower, upper, np.arange(len(rows)), np.flatnonzero(np.isin(pairs, self.closed)), None,
        )  # fmt: skip

    @cached_property
    def _first(self) -> Integers:
        """Where each seeker's pairs begin; pairs come seeker by seeker."""
        return np.flatnonzero(np.r_[True, self.seeker[1:] != self.seeker[:-1]]) if len(self) else np.empty(0, dtype=np.int64)

    def worth(self, goal: Goal, prices: Prices) -> Floats:
        """What each pair adds to the goal, less what it uses at these prices; the seeker's own row is not charged."""
        total = np.array(goal.level.pairs, dtype=np.float64)
        for side, who in ((self.by_seeker, self.seeker), (self.by_slot, self.slot)):
            if side.nnz:
                total -= (side @ prices.rows)[who]
        if self.by_pair.nnz:
            total -= self.by_pair @ prices.rows
        for price, (level, _) in zip(prices.holds, goal.held, strict=True):
            if price:
                total -= price * level.pairs
        total[self.closed] = -np.inf
        return total

    def worth_beside(self, goal: Goal, prices: Prices) -> Floats:
        """The same for the columns beside the pairs."""
        total = goal.level.beside - self.beside @ prices.rows
        for price, (level, _) in zip(prices.holds, goal.held, strict=True):
            total = total - price * level.beside
        return np.asarray(total)

    def best_of_seeker(self, worth: Floats) -> Floats:
        """The best worth among each seeker's pairs, at least 0; `[seeker]`."""
        best = np.zeros(len(self.once))
        if len(self):
            best[self.seeker[self._first]] = np.maximum(np.maximum.reduceat(worth, self._first), 0.0)
        return best

    def bound(self, goal: Goal, prices: Prices, worth: Floats, best: Floats) -> float:
        """What no solution can exceed, by these prices, in the goal's scale; infinite where a price asks for the side of a row that has no bound.

        `worth` and `best` (of each seeker) are at these prices.
        """
        total = float(best[self.once].sum()) + self.priced_sides(goal, prices)
        if not self.once.all():
            total += float(np.maximum(worth[~self.once[self.seeker]], 0.0).sum())
        return total

    def priced_sides(self, goal: Goal, prices: Prices) -> float:
        """The part of a bound that no pair has to do with: the sides of rows and of what is held, at their prices, and the columns beside."""
        used = np.flatnonzero(prices.rows)
        total = float(np.where(prices.rows[used] > 0, self.upper[used], self.lower[used]) @ prices.rows[used])
        for price, (_, at_least) in zip(prices.holds, goal.held, strict=True):
            total += at_least * price if price <= 0 else np.inf
        gain = self.worth_beside(goal, prices)
        at = np.flatnonzero(gain > 0)
        return total + float(gain[at] @ self.beside_upper[at])

    def columns(self, pairs: Integers) -> Any:
        """Entries of some pairs in the rows, `[pair, row]`, sparse; without the seekers' own rows."""
        entries = self.by_pair[pairs]
        for side, who in ((self.by_seeker, self.seeker), (self.by_slot, self.slot)):
            if side.nnz:
                entries = entries + side[who[pairs]]
        return entries.tocsr()


def _sides(program: Program, scale: Floats) -> tuple[Floats, Floats]:
    """Lower and upper bounds of all rows, scaled."""
    lower, upper = (np.concatenate([np.empty(0), *(bounds(getattr(block, side)) for block in program.rows)]) * scale for side in ("lower", "upper"))
    return lower, upper


def _closed(program: Program, own_block: int | None) -> Integers:
    """Pairs that may not be assigned, by themselves or because their seeker may have none."""
    shut = program.upper[: len(program.pairs)] == 0
    if own_block is not None:
        block = program.rows[own_block]
        assert block.of_seeker is not None
        if (block.upper == 0).any():
            shut |= block.upper[block.of_seeker[program.pairs.seeker]] == 0
    return np.flatnonzero(shut)


def bounds(values: Integers | Floats) -> Floats:
    """Bounds as floats, infinite where they do not bind."""
    floats = values.astype(np.float64)
    floats[values >= FREE] = np.inf
    floats[values <= -FREE] = -np.inf
    return floats


def _sparse(entries: Sequence[tuple[Integers, Integers, Integers]], size: int, rows: int) -> Any:
    """Entries (element, row, coefficient) as a sparse matrix `[element, row]`; an element may count in a row twice."""
    if not entries:
        return csr_matrix((size, rows))
    element, row, coefficient = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = csr_matrix((coefficient.astype(np.float64), (element.astype(np.int32), row.astype(np.int32))), shape=(size, rows))
    matrix.sum_duplicates()
    return matrix
