"""What is left in every row that limits, kept up to date as pairs are taken one by one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from allocator.program import FREE, Program, Rows
from allocator.scenario import Integers, Mask

CHUNK = 1 << 15
"""Pairs that are looked at together: what has no room by then is left out at once."""


class Room:
    """Room in the rows of a program that have an upper side, and the pairs taken so far.

    A row that may be gone over at a price (a target's soft maximum) limits nothing.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.taken: list[int] = []
        self.blocks: list[tuple[int, Rows]] = []
        """Rows by seeker or by slot, each with the number of its first row in `left`."""
        sides, limiting, start = [np.empty(0, dtype=np.int64)], [np.zeros(0, dtype=bool)], 0
        rows, pairs, sizes = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        for block in program.rows:
            limits = block.upper < FREE
            limits[block.slack.row[block.slack.coefficient < 0]] = False
            if not limits.any():
                continue
            if block.pair is None:
                self.blocks.append((start, block))
            else:
                row, pair, size = block.entries(program.pairs)
                inside = limits[row]
                rows.append(row[inside] + start)
                pairs.append(pair[inside])
                sizes.append(size[inside])
            sides.append(block.upper)
            limiting.append(limits)
            start += len(block)
        self.left, self.limits = np.concatenate(sides), np.concatenate(limiting)
        self._index(np.concatenate(rows), np.concatenate(pairs), np.concatenate(sizes))

    def _index(self, row: Integers, pair: Integers, size: Integers) -> None:
        """Entries of rows that are said pair by pair, in the order of their pairs."""
        if (size < 0).any():
            # A pair may count in two ways in one row: as somebody placed, and as a member.
            key, entry = np.unique(pair * len(self.left) + row, return_inverse=True)
            pair, row, size = key // len(self.left), key % len(self.left), _total(entry, size, len(key))
        order = np.argsort(pair, kind="stable")
        self.row, self.size = row[order], size[order]
        self.begin = np.searchsorted(pair[order], np.arange(len(self.program.pairs) + 1))
        self.can_grow = bool((self.size < 0).any())
        """Whether taking a pair can make room for another: a cap on a share of what is filled."""

    def take(self, pairs: Integers) -> None:
        """Take these pairs, room or not: they have been decided."""
        row, size, _ = self._entries(pairs)
        np.subtract.at(self.left, row, size)
        self.taken += pairs.tolist()

    def fill(self, order: Integers) -> Integers:
        """Take each pair in this order that there is room for; the pairs that there was none for, in the same order."""
        refused = []
        for start in range(0, len(order), CHUNK):
            chunk = order[start : start + CHUNK]
            candidates = chunk[self.fits(chunk)]
            took = self._one_by_one(candidates)
            if self.can_grow:
                refused.append(chunk[~np.isin(chunk, candidates[took])])
        return np.concatenate([np.empty(0, dtype=np.int64), *refused])

    def fits(self, pairs: Integers) -> Mask:
        """Which of these pairs have room in every row as things stand."""
        row, size, begin = self._entries(pairs)
        full = np.append(0, np.cumsum((size > 0) & (size > self.left[row])))
        return np.asarray(full[begin[1:]] == full[begin[:-1]])

    def _one_by_one(self, pairs: Integers) -> Mask:
        """Take what has room, in this order; which were taken."""
        row, size, begin = self._entries(pairs)
        place, rows = np.unique(row, return_inverse=True)
        left, steps = self.left[place].tolist(), list(zip(rows.tolist(), size.tolist(), strict=True))
        took = np.zeros(len(pairs), dtype=bool)
        for k, (first, last) in enumerate(pairwise(begin.tolist())):
            for number, amount in steps[first:last]:
                if amount > 0 and amount > left[number]:
                    break
            else:
                took[k] = True
                for number, amount in steps[first:last]:
                    left[number] -= amount
        self.left[place] = left
        self.taken += pairs[took].tolist()
        return took

    def _entries(self, pairs: Integers) -> tuple[Integers, Integers, Integers]:
        """The limiting rows of these pairs with what each takes of them: entries of `pairs[k]` are those from `begin[k]` to `begin[k + 1]`."""
        rows, sizes, owners = [], [], []
        ones, everyone = np.ones(len(pairs), dtype=np.int64), np.arange(len(pairs))
        for start, block in self.blocks:
            group = block.of_seeker[self.program.pairs.seeker[pairs]] if block.of_seeker is not None else block.of_slot[self.program.pairs.slot[pairs]]  # type: ignore[index]
            inside = np.flatnonzero(group >= 0)
            rows.append(group[inside].astype(np.int64) + start)
            sizes.append(ones[inside])
            owners.append(everyone[inside])
        many = self.begin[pairs + 1] - self.begin[pairs]
        own = np.repeat(self.begin[pairs] - np.cumsum(many) + many, many) + np.arange(int(many.sum()))
        rows.append(self.row[own])
        sizes.append(self.size[own])
        owners.append(np.repeat(everyone, many))
        row, size, owner = np.concatenate(rows), np.concatenate(sizes), np.concatenate(owners)
        kept = np.flatnonzero(self.limits[row])
        kept = kept[np.argsort(owner[kept], kind="stable")]
        begin = np.append(0, np.cumsum(np.bincount(owner[kept], minlength=len(pairs))))
        return row[kept], size[kept], begin


def _total(group: Integers, values: Integers, groups: int) -> Integers:
    total = np.zeros(groups, dtype=np.int64)
    np.add.at(total, group, values)
    return total
