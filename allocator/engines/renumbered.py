"""Where the pairs, seekers and rows of one program are in another that has much in common with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from allocator.engines.master import AT_LOWER, BASIC, Basis
from allocator.program import Program, Rows
from allocator.scenario import Integers, Positions


@dataclass(frozen=True, eq=False)
class Renumbered:
    """The new numbers of one program's pairs, seekers and rows, `[old]`, -1 for those that are gone; and how many the new one has."""

    pair: Integers
    seeker: Integers
    row: Integers
    pairs: int
    beside: int
    rows: int

    @classmethod
    def of(cls, old: Program, new: Program, seekers: Integers | None, slots: Integers | None) -> Renumbered:
        """`seekers[i]` and `slots[j]` are the old numbers of the new program's, -1 for new ones; where absent, those in both kept theirs."""
        seeker_of, slot_of = _backwards(seekers, old.pairs.seeker, new.pairs.seeker), _backwards(slots, old.pairs.slot, new.pairs.slot)
        width = _count(new.pairs.slot) + 1
        keys = new.pairs.seeker.astype(np.int64) * width + new.pairs.slot
        seeker, slot = seeker_of[old.pairs.seeker], slot_of[old.pairs.slot]
        sought = np.where((seeker < 0) | (slot < 0), -1, seeker * width + slot)
        order = np.argsort(keys, kind="stable")
        at = np.searchsorted(keys, sought, sorter=order)
        there = at < len(keys)
        there[there] = keys[order[at[there]]] == sought[there]
        pair = np.full(len(sought), -1, dtype=np.int64)
        pair[there] = order[at[there]]
        return cls(pair, seeker_of, _rows(old, new), len(new.pairs), new.size - len(new.pairs), new.row_count)

    def basis(self, old: Basis) -> Basis:
        """The basis with what is still there."""
        pair, seeker, row = self.pair[old.pairs], self.seeker[old.seekers], self.row
        rows = np.full(self.rows, BASIC, dtype=object)
        rows[row[row >= 0]] = old.rows[row >= 0]
        beside = old.beside if len(old.beside) == self.beside else np.full(self.beside, AT_LOWER, dtype=object)
        return Basis(pair[pair >= 0], old.status[pair >= 0], beside, rows, seeker[seeker >= 0], old.own[seeker >= 0])

    def columns(self, old: Integers) -> Integers:
        """A solution with what is still there. It need not keep the new rows."""
        columns = np.zeros(self.pairs + self.beside, dtype=np.int64)
        chosen = self.pair[np.flatnonzero(old[: len(self.pair)])]
        columns[chosen[chosen >= 0]] = 1
        if len(old) - len(self.pair) == self.beside:
            columns[self.pairs :] = old[len(self.pair) :]
        return columns


def _count(numbers: Positions) -> int:
    return int(numbers.max(initial=-1)) + 1


def _backwards(old_of_new: Integers | None, old: Positions, new: Positions) -> Integers:
    """The new number of each old one, -1 for those that are gone."""
    if old_of_new is None:
        return np.where(np.arange(_count(old)) < _count(new), np.arange(_count(old)), -1)
    new_of_old = np.full(_count(old), -1, dtype=np.int64)
    known = np.flatnonzero((old_of_new >= 0) & (old_of_new < len(new_of_old)))
    new_of_old[old_of_new[known]] = known
    return new_of_old


def _rows(old: Program, new: Program) -> Integers:
    """The new number of each old row: by rule and label of its block, then by its own name, or its place where rows have none."""
    starts = np.cumsum([0, *(len(block) for block in new.rows)])
    there: dict[tuple[str, str], list[int]] = {}
    for number, block in enumerate(new.rows):
        there.setdefault((block.kind, block.label), []).append(number)
    found, start = np.full(old.row_count, -1, dtype=np.int64), 0
    for block in old.rows:
        same = there.get((block.kind, block.label))
        if same:
            number = same.pop(0)
            at = _within(block, new.rows[number])
            found[start : start + len(block)] = np.where(at >= 0, at + starts[number], -1)
        start += len(block)
    return found


def _within(old: Rows, new: Rows) -> Integers:
    """Where the rows of a block are in another."""
    if len(old.names) == len(old) and len(new.names) == len(new):
        names = pd.Index(list(new.names))
        if names.is_unique:
            return np.asarray(names.get_indexer(pd.Index(list(old.names))), dtype=np.int64)
    return np.arange(len(old)) if len(old) == len(new) else np.full(len(old), -1)
