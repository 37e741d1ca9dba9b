"""Plans that differ from the one at hand by a few assignments, judged all at once: does every row still hold, and what does each goal win or lose?

A plan that is found so is a witness: it shows what somebody's place costs at most. Columns beside the pairs follow where they are in one row only (people
short); elsewhere they stay as they are, so that a plan judged possible always is, at the values said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from allocator.explanations.room import Room
from allocator.scenario import Integers

AT_ONCE = 200_000
"""Swaps that are judged together."""


@dataclass(frozen=True, eq=False)
class Swapped:
    """For each swap the first row that it breaks, -1 where every row holds, and what it does to each goal, `[swap, goal]`, positive for better."""

    row: Integers
    change: Integers

    @property
    def first(self) -> tuple[Integers, Integers]:
        """The first goal that changes, -1 for none, and by how much."""
        change: Any = self.change
        differs = change != 0
        goal = np.where(differs.any(axis=1), differs.argmax(axis=1), -1) if change.shape[1] else np.full(len(self.row), -1)
        amount = np.where(goal >= 0, change[np.arange(len(goal)), np.maximum(goal, 0)], 0) if change.shape[1] else np.zeros(len(goal), dtype=np.int64)
        return goal.astype(np.int64), amount

    def best(self, among: Integers) -> int:
        """Of some swaps that break nothing the one that costs least, in the order of the goals; -1 where all break something."""
        fine = among[self.row[among] < 0]
        if not len(fine):
            return -1
        change: Any = self.change
        keys = [fine, *(-change[fine, goal] for goal in reversed(range(change.shape[1])))]
        return int(fine[np.lexsort(keys)[0]])


def swapped(room: Room, come: Sequence[Integers], go: Sequence[Integers]) -> Swapped:
    """Judge swaps: swap k adds the pairs `come[0][k], come[1][k], ...` and takes away `go[0][k], ...`; -1 stands for none."""
    size = len((come or go)[0])
    parts = [_judged(room, [pairs[k : k + AT_ONCE] for pairs in come], [pairs[k : k + AT_ONCE] for pairs in go]) for k in range(0, max(size, 1), AT_ONCE)]
    return Swapped(np.concatenate([part.row for part in parts]), np.concatenate([part.change for part in parts]))


def _judged(room: Room, come: Sequence[Integers], go: Sequence[Integers]) -> Swapped:
    size = len((come or go)[0])
    table = _Table.of(room)
    which = [*((pairs, 1) for pairs in come), *((pairs, -1) for pairs in go)]
    there = [(np.flatnonzero(pairs >= 0), pairs, sign) for pairs, sign in which]
    swap = np.concatenate([index for index, _, _ in there])
    pair = np.concatenate([pairs[index] for index, pairs, _ in there])
    sign = np.concatenate([np.full(len(index), sign, dtype=np.int64) for index, _, sign in there])
    select = csr_matrix((sign, (swap, pair)), shape=(size, len(room.program.pairs)), dtype=np.int64)
    change = np.asarray((select @ table.goals).todense(), dtype=np.int64) if table.goals.shape[1] else np.zeros((size, 0), dtype=np.int64)
    moved = (select @ table.entries).tocsr()
    moved.eliminate_zeros()
    number = np.repeat(np.arange(size), np.diff(moved.indptr))
    row, after = moved.indices.astype(np.int64), room.activity[moved.indices] + moved.data
    short, over = room.lower[row] - after, after - room.upper[row]
    broken = np.flatnonzero((short > 0) | (over > 0))
    # A row with a column of its own for people short (or over) makes up for what is missing, or gives back what is no longer needed.
    paid, beside = np.zeros(len(row), dtype=bool), np.zeros(len(row), dtype=np.int64)
    for side, missing in ((1, short), (-1, over)):
        column, each = table.own[side]
        mine = np.flatnonzero(column[row] >= 0)
        if len(mine):
            units = -(-missing[mine] // each[row[mine]])
            now = room.columns[column[row[mine]]]
            units = np.maximum(units, -now)
            fits = now + units <= room.program.upper[column[row[mine]]]
            units = np.where(fits, units, 0)
            paid[mine] |= fits & (missing[mine] > 0)
            beside[mine] = units
            for goal in range(change.shape[1]):
                weight = table.beside[goal][column[row[mine]]]
                np.add.at(change[:, goal], number[mine], weight * units)
    broken = broken[~paid[broken]]
    first = np.full(size, -1, dtype=np.int64)
    order = broken[np.lexsort((row[broken], number[broken]))][::-1]
    first[number[order]] = row[order]
    return Swapped(first, change)


@dataclass(frozen=True, eq=False)
class _Table:
    """Rows and goals, pair by pair, and the columns that make up for what a row misses, under its lower side (`own[1]`) or over its upper (`own[-1]`)."""

    entries: csr_matrix
    goals: csr_matrix
    beside: list[Integers]
    own: dict[int, tuple[Integers, Integers]]

    @classmethod
    def of(cls, room: Room) -> _Table:
        if room.memory is None:
            room.memory = cls._made(room)
        assert isinstance(room.memory, cls)
        return room.memory

    @classmethod
    def _made(cls, room: Room) -> _Table:
        program, pairs = room.program, len(room.program.pairs)
        dense = [objective.dense(program.size) for objective in program.objectives]
        goals = csr_matrix(np.array([goal[:pairs] for goal in dense], dtype=np.int64).T) if dense else csr_matrix((pairs, 0), dtype=np.int64)
        rows = len(room.lower)
        own = {}
        for side in (1, -1):
            column, each = np.full(rows, -1, dtype=np.int64), np.ones(rows, dtype=np.int64)
            for row, number, coefficient in room.columns_of_one_row():
                if coefficient * side > 0:
                    column[row], each[row] = number, abs(coefficient)
            own[side] = column, each
        return cls(room.by_pair, goals, dense, own)
