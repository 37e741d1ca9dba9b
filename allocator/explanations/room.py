"""The rows of a program at a plan: what each has left, and what would have to give way for one more assignment. Exact integers; solves nothing.

A plan with one more pair, whose broken rows are widened by just what is missing, is a witness: whoever names that widening as a fix has the plan at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from allocator.engines.regret import values
from allocator.program import FREE, Program, Rows
from allocator.scenario import Integers, Mask


@dataclass(frozen=True, eq=False)
class Added:
    """The plan with one more pair. `gives` says by how much which rows give way for it: positive over the upper side, negative under the lower one."""

    columns: Integers
    gives: dict[int, int]
    values: list[int]


class Room:
    """Rows by their numbers in the program, at a plan."""

    def __init__(self, program: Program, columns: Integers) -> None:
        self.program, self.columns = program, columns
        row, column, coefficient, self.lower, self.upper = program.matrix()
        self._by_row = csr_matrix((coefficient, (row, column)), shape=(len(self.lower), program.size), dtype=np.int64)
        self._by_row.sum_duplicates()
        self._by_column = csc_matrix(self._by_row)
        self.activity: Integers = self._by_row @ columns
        self.values = values(program, columns)
        self.memory: object = None
        """What was worked out from the rows once (`swaps`)."""

    @cached_property
    def by_pair(self) -> csr_matrix:
        """Coefficients of the pairs in the rows, `[pair, row]`."""
        return csr_matrix(self._by_column[:, : len(self.program.pairs)].T)

    def columns_of_one_row(self) -> Iterator[tuple[int, int, int]]:
        """The columns beside the pairs that are in one row only: (row, column, coefficient)."""
        for column in range(len(self.program.pairs), self.program.size):
            where = slice(self._by_column.indptr[column], self._by_column.indptr[column + 1])
            if where.stop - where.start == 1:
                yield int(self._by_column.indices[where][0]), column, int(self._by_column.data[where][0])

    @cached_property
    def soft(self) -> Mask:
        """Rows that have columns beside the pairs: they can always give way, at a price."""
        return np.asarray(np.diff(self._by_row[:, len(self.program.pairs) :].indptr) > 0)

    def activity_of(self, columns: Integers) -> Integers:
        """What each row adds up to in a solution."""
        return np.asarray(self._by_row @ columns)

    def block(self, row: int) -> tuple[Rows, int]:
        """The block of a row, and its place in it."""
        return self.program.block_of(row)

    def name(self, row: int) -> str:
        """A row's full name."""
        block, place = self.block(row)
        return block.row_name(place)

    def rows_of(self, pair: int) -> tuple[Integers, Integers]:
        """The rows that a pair is in, and its coefficients."""
        where = slice(self._by_column.indptr[pair], self._by_column.indptr[pair + 1])
        return self._by_column.indices[where].astype(np.int64), self._by_column.data[where]

    def pairs_of(self, row: int) -> Integers:
        """The pairs that are in a row."""
        where = slice(self._by_row.indptr[row], self._by_row.indptr[row + 1])
        column = self._by_row.indices[where].astype(np.int64)
        return np.sort(column[column < len(self.program.pairs)])

    def broken(self) -> tuple[Integers, Integers]:
        """Of each pair that is not in the plan: how many firm rows adding it breaks, `[pair]`, and what bending them costs, all told.

        A row that no bending helps costs `FREE`; an opening costs a seat's bend.
        """
        count = np.zeros(len(self.program.pairs), dtype=np.int64)
        price = np.zeros(len(self.program.pairs), dtype=np.int64)
        bends = self._bends
        entries = self._by_row[:, : len(self.program.pairs)].tocoo()
        row, pair = entries.row.astype(np.int64), entries.col.astype(np.int64)
        over = self.activity[row] + entries.data - self.upper[row]
        under = self.lower[row] - self.activity[row] - entries.data
        excess = np.maximum(over, under)
        breaks = np.flatnonzero((excess > 0) & ~self.soft[row])
        np.add.at(count, pair[breaks], 1)
        np.add.at(price, pair[breaks], np.minimum(bends[row[breaks]] * np.minimum(excess[breaks], 1 << 20), FREE // 64))
        return count, price

    @cached_property
    def _bends(self) -> Integers:
        """What a unit of each row costs to bend: the rule's own price, a seat's for an opening, more than anything for one slot each."""
        each = [
            np.full(len(block), {"slot_openings": 1_000_000, "one_slot_each": FREE >> 24}.get(block.kind, block.bend or FREE >> 24))
            for block in self.program.rows
        ]
        return np.concatenate([np.empty(0, dtype=np.int64), *each])

    def with_pair(self, pair: int) -> Added | None:
        """The plan with one more pair, soft rows paid for as they are; None where a soft row cannot be paid for."""
        rows, coefficients = self.rows_of(pair)
        columns = self.columns.copy()
        columns[pair] = 1
        gives = {}
        for row, coefficient in zip(rows.tolist(), coefficients.tolist(), strict=True):
            after = int(self.activity[row]) + coefficient
            missing = min(0, after - int(self.lower[row])) or max(0, after - int(self.upper[row]))
            if missing and not (self.soft[row] and self._paid(columns, row, missing)):
                if self.soft[row]:
                    return None
                gives[row] = missing
        return Added(columns, gives, values(self.program, columns))

    def _paid(self, columns: Integers, row: int, missing: int) -> bool:
        """Let a column beside the pairs that is in no other row make up for what is missing."""
        where = slice(self._by_row.indptr[row], self._by_row.indptr[row + 1])
        for column, coefficient in zip(self._by_row.indices[where].tolist(), self._by_row.data[where].tolist(), strict=True):
            alone = column >= len(self.program.pairs) and self._by_column.indptr[column + 1] - self._by_column.indptr[column] == 1
            if alone and coefficient * missing < 0:
                units = -(-abs(missing) // abs(coefficient))
                if columns[column] + units <= self.program.upper[column]:
                    columns[column] += units
                    return True
        return False
