"""A plan on which single moves are tried: which rows a move would break, and what it would change in each goal. Many moves at once, in a moment.

Rows are as they stand, exactly; a column of people short follows from its row. Only where promises compete for the credit of an assignment does a row say
too little about a move (`tangled`): what is told of it then leaves these rows out, and whoever wants to be sure completes the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allocator.engines.completed import completed
from allocator.engines.sieve import Sieve
from allocator.program import FREE, Program
from allocator.scenario import Integers, Mask
from allocator.unplaced import row_names

NOBODY: Integers = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Tries:
    """What some moves would do: the first row that each breaks (-1 for none), `[move]`, and by how much it betters each goal, `[move, goal]`, as
    something to be maximised."""

    broken: Integers
    gains: Integers


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
        self.sieve = Sieve.of(program)
        pairs = len(program.pairs)
        self.chosen = np.flatnonzero(columns[:pairs])
        people = program.people(columns)
        nothing = np.empty(0, dtype=np.int64)
        self.activity = np.concatenate([nothing, *(block.activity(program.pairs, columns, people) for block in program.rows)])
        self.lower = np.concatenate([nothing, *(block.lower for block in program.rows)])
        self.upper = np.concatenate([nothing, *(block.upper for block in program.rows)])
        self.short, self.tangled = _beside(program)
        self.worth = np.stack([objective.dense(program.size) for objective in program.objectives]) if program.objectives else np.zeros((0, program.size), int)
        self.held = np.full(int(program.pairs.seeker.max(initial=-1)) + 1, -1, dtype=np.int64)
        self.held[program.pairs.seeker[self.chosen]] = self.chosen

    @cached_property
    def row_name(self) -> Any:
        """The full name of a row, by its number."""
        return row_names(self.program)

    @cached_property
    def values(self) -> Integers:
        """Each goal of the plan, as something to be maximised."""
        return np.asarray(self.worth @ self.columns)

    def tries(self, into: Integers, out: Integers, base_into: Integers = NOBODY, base_out: Integers = NOBODY) -> Tries:
        """Many moves, each on top of the same base: pair `into[k]` comes in and `out[k]` (-1 for none) goes, besides what the base puts in and takes out."""
        standing = self.activity + self._added(base_into) - self._added(base_out)
        change = self._entries(into) - self._entries(out)
        change.eliminate_zeros()
        move, row = np.repeat(np.arange(len(into)), np.diff(change.indptr)), change.indices
        amount = np.rint(change.data / self.sieve.scale[row]).astype(np.int64)
        return Tries(self._broken(standing, move, row, amount, len(into)), self._gains(standing, move, row, amount, (into, out), (base_into, base_out)))

    def broken_by(self, into: Integers, out: Integers) -> list[int]:
        """Every row that one move breaks, all its pairs together."""
        standing = self.activity + self._added(into) - self._added(out)
        return np.flatnonzero(self._breaks(standing, np.arange(len(standing)))).tolist()

    def users(self, row: int) -> Integers:
        """Pairs of the plan that add to a row."""
        column = self._entries(self.chosen)[:, [row]].toarray().ravel()
        return np.asarray(self.chosen[column > 0])

    def surely(self, into: Integers, out: Integers) -> Integers | None:
        """What one move betters in each goal, with every column beside the pairs at its best; None where these cannot keep their rows."""
        chosen = np.union1d(np.setdiff1d(self.chosen, out), into)
        columns = completed(self.program, chosen)
        return None if columns is None else np.asarray(self.worth @ columns - self.values)

    def _entries(self, pairs: Integers) -> Any:
        """Entries of pairs in the rows, `[pair, row]`, scaled as the sieve has them; an empty row for -1."""
        there = pairs >= 0
        entries = self.sieve.columns(np.maximum(pairs, 0)) if len(self.program.pairs) else None
        assert entries is not None, "a program without pairs has nobody to move"
        if not there.all():
            entries.data *= np.repeat(there, np.diff(entries.indptr))
        return entries

    def _added(self, pairs: Integers) -> Integers:
        """What some pairs add to each row."""
        if not len(pairs):
            return np.zeros(len(self.activity), dtype=np.int64)
        scaled = np.asarray(self._entries(pairs).sum(axis=0)).ravel()
        return np.rint(scaled / self.sieve.scale).astype(np.int64)

    def _breaks(self, standing: Integers, row: Integers) -> Mask:
        """Which rows are broken at these standings, whatever their column makes up for; tangled ones are not looked at."""
        over, under = standing > self.upper[row], standing < self.lower[row]
        made_up = (self.short.column[row] >= 0) & (self._missing(standing, row) <= self.short.most[row])
        sign = self.short.coefficient[row]
        return np.asarray(((over & ~(made_up & (sign < 0))) | (under & ~(made_up & (sign > 0)))) & ~self.tangled[row])

    def _broken(self, standing: Integers, move: Integers, row: Integers, amount: Integers, moves: int) -> Integers:
        """The first row that each move breaks: its own rows, and those that the base breaks and the move does not mend."""
        base = np.flatnonzero(self._breaks(standing, np.arange(len(standing))))
        found = np.full(moves, FREE, dtype=np.int64)
        breaks = self._breaks(standing[row] + amount, row)
        np.minimum.at(found, move[breaks], row[breaks])
        for broken in base.tolist():
            mends = np.zeros(moves, dtype=bool)
            mends[move[(row == broken) & ~breaks]] = True
            found[~mends] = np.minimum(found[~mends], broken)
        return np.where(found == FREE, -1, found)

    def _gains(
        self, standing: Integers, move: Integers, row: Integers, amount: Integers, pairs: tuple[Integers, Integers], base: tuple[Integers, Integers]
    ) -> Integers:
        """By how much each move betters each goal, the base included."""
        (into, out), (base_into, base_out) = pairs, base
        gains = self.worth[:, into] - np.where(out >= 0, self.worth[:, np.maximum(out, 0)], 0)
        gains = gains.T + (self.worth[:, base_into].sum(axis=1) - self.worth[:, base_out].sum(axis=1))
        moved = np.flatnonzero((standing != self.activity) & (self.short.column >= 0))
        if len(moved):
            more = self._missing(standing[moved], moved) - self._missing(self.activity[moved], moved)
            gains = gains + self.worth[:, self.short.column[moved]] @ more
        told = np.flatnonzero(self.short.column[row] >= 0)
        if len(told):
            row, amount, move = row[told], amount[told], move[told]
            more = self._missing(standing[row] + amount, row) - self._missing(standing[row], row)
            np.add.at(gains, move, (self.worth[:, self.short.column[row]] * more).T)
        return np.asarray(gains)

    def _missing(self, standing: Integers, row: Integers) -> Integers:
        """What the column of each row has to be: people short, or too many."""
        coefficient = self.short.coefficient[row]
        missing = np.where(coefficient > 0, self.lower[row] - standing, standing - self.upper[row])
        return np.asarray(np.maximum(-(-missing // np.maximum(np.abs(coefficient), 1)), 0))


def _beside(program: Program) -> tuple[_Short, Mask]:
    """The columns beside the pairs that follow from one row each, and the rows of all others."""
    pairs, rows = len(program.pairs), program.row_count
    row, column, coefficient = ([np.empty(0, dtype=np.int64)] for _ in range(3))
    start = 0
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
