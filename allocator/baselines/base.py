"""What a baseline is: an order in which pairs are tried. A pair is taken where every rule has room for it, and is never given up again.

Commitments and pins come first, whatever the order. From then on no limit is broken: one slot each, openings, staff points, budgets, caps, employer limits,
seats set aside. Minimums (promises, targets, a change limit) are whatever the order happens to reach; where they are missed, `check()` says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from allocator.baselines.room import Room
from allocator.pairs import Pairs
from allocator.problem import Problem
from allocator.program import Program
from allocator.scenario import Integers

DECIDED = ("commitments", "pins")
"""Rules that fix pairs."""


class Baseline(ABC):
    """A way of filling slots without optimizing."""

    name: ClassVar[str]
    words: ClassVar[str]
    """What it is called in tables."""

    @abstractmethod
    def order(self, problem: Problem, pairs: Pairs) -> Integers:
        """Numbers of all pairs in the order in which they are tried."""

    def plan(self, problem: Problem, pairs: Pairs, program: Program) -> Integers:
        """Numbers of the pairs chosen, ascending.

        Where a share of what is filled stands in the way of a pair, others may make room for it: such pairs are tried again after all others.
        """
        room = Room(program)
        room.take(decided(program))
        waiting = self.order(problem, pairs)
        while True:
            before = len(room.taken)
            waiting = room.fill(waiting)
            if len(room.taken) == before or not room.can_grow:
                return np.unique(np.array(room.taken, dtype=np.int64))


def decided(program: Program) -> Integers:
    """Pairs that a commitment or a pin fixes."""
    found = [np.empty(0, dtype=np.int64)]
    for block in program.rows:
        if block.kind in DECIDED:
            row, pair, _ = block.entries(program.pairs)
            found.append(pair[block.lower[row] > 0])
    return np.unique(np.concatenate(found))
