"""A plan on which moves are tried: which rows a move would break, and what it would change in each goal. Many moves at once, in a moment.

Rows are as they stand, exactly; a column of people short follows from its row. Only where promises compete for the credit of an assignment does a row say
too little about a move (`tangled`): what is told of it then leaves these rows out, and whoever wants to be sure completes the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from allocator.engines.completed import completed
from allocator.program import FREE, Program
from allocator.scenario import Integers, Mask

Table = np.ndarray[tuple[int, int], np.dtype[np.int64]]
NOBODY: Integers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Tries:
    """What some moves would do: the first row that each breaks (-1 for none), `[move]`, and by how much it betters each goal, `[move, goal]`, as
    something to be maximised."""

    broken: Integers
    gains: Table


class _Entries(NamedTuple):
    """What moves add to rows: `amount[k]` to row `row[k]` by move `move[k]`."""

    move: Integers
    row: Integers
    amount: Integers


@dataclass(frozen=True, eq=False)
class _Short:
    """Rows with one column beside the pairs that is in no other row: `column[r]` (-1 for other rows), its coefficient and its most, `[row]`."""

    column: Integers
    coefficient: Integers
    most: Integers


class Board:
    """A program's plan, which keeps every row, for trying moves. A move takes pairs of the plan out and puts others in; nobody may hold two slots after it."""

    def __init__(self, program: Program, columns: Integers) -> None:
        self.program, self.columns = program, columns
        self.chosen = np.flatnonzero(columns[: len(program.pairs)])
        people = program.people(columns)
        self._activity = np.concatenate([NOBODY, *(block.activity(program.pairs, columns, people) for block in program.rows)])
        self._lower = np.concatenate([NOBODY, *(block.lower for block in program.rows)])
        self._upper = np.concatenate([NOBODY, *(block.upper for block in program.rows)])
        self._short, self._tangled = _beside(program)
        self._worth = np.array([objective.dense(program.size) for objective in program.objectives], dtype=np.int64).reshape(-1, program.size)
        self._matrix = _matrix(program)
        self._used = self._entries(self.chosen)
        self.held = np.full(int(program.pairs.seeker.max(initial=-1)) + 1, -1, dtype=np.int64)
        """The pair that each seeker holds, `[seeker]`; -1 for none."""
        self.held[program.pairs.seeker[self.chosen]] = self.chosen

    @property
    def tangled(self) -> bool:
        """Whether some row says too little about a move."""
        return bool(self._tangled.any())

    def tries(self, into: Integers, out: Integers, base_into: Integers = NOBODY, base_out: Integers = NOBODY) -> Tries:
        """Many moves, each on top of the same base: pair `into[k]` comes in and `out[k]` (-1 for none) goes, besides what the base puts in and takes out."""
        standing, touched = self._standing(base_into, base_out)
        entries = self._change(into, out)
        broken = self._broken(standing, touched, entries, len(into))
        gains = self._gained_beside(standing, touched, entries, len(into))
        gains += (self._worth[:, into] - np.where(out >= 0, self._worth[:, np.maximum(out, 0)], 0)).T
        gains += self._worth[:, base_into].sum(axis=1) - self._worth[:, base_out].sum(axis=1)
        return Tries(broken, gains)

    def broken_by(self, into: Integers, out: Integers) -> list[int]:
        """Every row that one move breaks, all its pairs together."""
        standing, touched = self._standing(into, out)
        broken: list[int] = touched[self._breaks(standing[touched], touched)].tolist()
        return broken

    def users(self, row: int) -> Integers:
        """Pairs of the plan that add to a row."""
        return np.asarray(self.chosen[self._used.move[(self._used.row == row) & (self._used.amount > 0)]])

    def surely(self, into: Integers, out: Integers) -> Integers | None:
        """What one move betters in each goal, with every column beside the pairs at its best; None where these cannot keep their rows."""
        columns = completed(self.program, np.union1d(np.setdiff1d(self.chosen, out), into))
        return None if columns is None else np.asarray(self._worth @ columns - self._worth @ self.columns)

    def ruled_out(self) -> Mask:
        """Pairs that no plan has, because a row of one pair alone forbids them or fixes another pair of their seeker (a pin, what has begun), `[pair]`."""
        pairs, matrix = self.program.pairs, self._matrix
        row, pair = matrix.indices, np.repeat(np.arange(len(pairs)), np.diff(matrix.indptr))
        alone = (np.bincount(row, minlength=len(self._lower))[row] == 1) & (self._short.column[row] < 0) & ~self._tangled[row]
        forced, forbidden = pair[alone & (self._lower[row] > 0)], pair[alone & (matrix.data > self._upper[row])]
        settled = np.zeros(len(self.held), dtype=bool)
        settled[pairs.seeker[forced]] = True
        out = settled[pairs.seeker]
        out[forced] = False
        out[forbidden] = True
        return out

    # -- rows -----------------------------------------------------------------------------------------------------------

    def _entries(self, pairs: Integers) -> _Entries:
        """Entries of pairs, none for -1; a pair's place is its move."""
        starts, ends = self._matrix.indptr[pairs], self._matrix.indptr[pairs + 1]
        count = np.where(pairs >= 0, ends - starts, 0)
        move = np.repeat(np.arange(len(pairs)), count)
        place = np.arange(len(move)) + np.repeat(starts - np.cumsum(count) + count, count)
        return _Entries(move, self._matrix.indices[place].astype(np.int64), self._matrix.data[place])

    def _change(self, into: Integers, out: Integers) -> _Entries:
        """What each move adds to each row, told once for each of both."""
        (move, row, amount), (others, theirs, less) = self._entries(into), self._entries(out)
        if not len(others):
            return _Entries(move, row, amount)
        rows = max(1, len(self._activity))
        key, place = np.unique(np.concatenate([move, others]) * rows + np.concatenate([row, theirs]), return_inverse=True)
        total = np.zeros(len(key), dtype=np.int64)
        np.add.at(total, place, np.concatenate([amount, -less]))
        key, total = key[total != 0], total[total != 0]
        return _Entries(key // rows, key % rows, total)

    def _standing(self, into: Integers, out: Integers) -> tuple[Integers, Integers]:
        """What each row adds up to after a move, and the rows that it touches: no other can be broken, for the plan keeps them all."""
        standing, touched = self._activity.copy(), [NOBODY]
        for pairs, sign in ((into, 1), (out, -1)):
            if len(pairs):
                entries = self._entries(pairs)
                np.add.at(standing, entries.row, sign * entries.amount)
                touched.append(entries.row)
        return standing, np.unique(np.concatenate(touched))

    def _breaks(self, standing: Integers, row: Integers) -> Mask:
        """Which rows are broken at these standings, whatever their column makes up for; tangled ones are not looked at."""
        over, under = standing > self._upper[row], standing < self._lower[row]
        if not (over.any() or under.any()):
            return np.asarray(over)
        made_up = (self._short.column[row] >= 0) & (self._missing(standing, row) <= self._short.most[row])
        sign = self._short.coefficient[row]
        return np.asarray(((over & ~(made_up & (sign < 0))) | (under & ~(made_up & (sign > 0)))) & ~self._tangled[row])

    def _broken(self, standing: Integers, touched: Integers, entries: _Entries, moves: int) -> Integers:
        """The first row that each move breaks: its own rows, and those that the base breaks and the move does not mend."""
        found = np.full(moves, FREE, dtype=np.int64)
        breaks = self._breaks(standing[entries.row] + entries.amount, entries.row)
        np.minimum.at(found, entries.move[breaks], entries.row[breaks])
        for row in touched[self._breaks(standing[touched], touched)].tolist():
            unmended = np.ones(moves, dtype=bool)
            unmended[entries.move[(entries.row == row) & ~breaks]] = False
            found[unmended] = np.minimum(found[unmended], row)
        return np.where(found == FREE, -1, found)

    # -- columns beside the pairs -----------------------------------------------------------------------------------------

    def _gained_beside(self, standing: Integers, touched: Integers, entries: _Entries, moves: int) -> Table:
        """What fewer or more people short are worth in each goal, of the base and of each move."""
        gains = np.zeros((moves, len(self._worth)), dtype=np.int64)
        moved = touched[self._short.column[touched] >= 0]
        if len(moved):
            more = self._missing(standing[moved], moved) - self._missing(self._activity[moved], moved)
            gains += self._worth[:, self._short.column[moved]] @ more
        told = np.flatnonzero(self._short.column[entries.row] >= 0)
        if len(told):
            row, move = entries.row[told], entries.move[told]
            more = self._missing(standing[row] + entries.amount[told], row) - self._missing(standing[row], row)
            np.add.at(gains, move, (self._worth[:, self._short.column[row]] * more).T)
        return gains

    def _missing(self, standing: Integers, row: Integers) -> Integers:
        """What the column of each row has to be: people short, or too many."""
        coefficient = self._short.coefficient[row]
        missing = np.where(coefficient > 0, self._lower[row] - standing, standing - self._upper[row])
        return np.asarray(np.maximum(-(-missing // np.maximum(np.abs(coefficient), 1)), 0))


def _matrix(program: Program) -> csr_matrix:
    """Entries of the pairs in the rows, `[pair, row]`; none in the seekers' own rows, which a move keeps by itself."""
    pair, row, coefficient, start = [NOBODY], [NOBODY], [NOBODY], 0
    for block in program.rows:
        if block.kind != "one_slot_each":
            r, p, a = block.entries(program.pairs)
            pair.append(p)
            row.append(r + start)
            coefficient.append(a)
        start += len(block)
    entries = (np.concatenate(coefficient), (np.concatenate(pair), np.concatenate(row)))
    return csr_matrix(entries, shape=(len(program.pairs), program.row_count), dtype=np.int64)


def _beside(program: Program) -> tuple[_Short, Mask]:
    """The columns beside the pairs that follow from one row each, and the rows of all others."""
    pairs, rows = len(program.pairs), program.row_count
    row, column, coefficient, start = [NOBODY], [NOBODY], [NOBODY], 0
    for block in program.rows:
        row.append(block.slack.row + start)
        column.append(block.slack.column)
        coefficient.append(block.slack.coefficient)
        start += len(block)
    r, c, a = np.concatenate(row), np.concatenate(column), np.concatenate(coefficient)
    alone = (np.bincount(r, minlength=rows)[r] == 1) & (np.bincount(c - pairs, minlength=program.size - pairs)[c - pairs] == 1)
    tangled = np.zeros(rows, dtype=bool)
    tangled[r[~alone]] = True
    short = _Short(np.full(rows, -1, dtype=np.int64), np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64))
    short.column[r[alone]], short.coefficient[r[alone]], short.most[r[alone]] = c[alone], a[alone], program.upper[c[alone]]
    return short, tangled
