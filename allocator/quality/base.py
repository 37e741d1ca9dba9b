"""What a component of match quality answers: how well does this pair fit, from 0 to 100, in one respect?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from allocator.scenario import Integers, Positions
from allocator.signatures import firsts, signatures

if TYPE_CHECKING:
    from allocator.problem import Problem

FULL = 10_000
"""100 points, in hundredths."""
UNKNOWN_FIT = np.int64(-1)
"""The facts that this component needs are not recorded; it is left out of the pair's mean."""


class Component(Protocol):
    """A module of this folder: its name is the component's name, its docstring says what it measures."""

    def score(self, problem: Problem, seekers: Positions, slots: Positions) -> Integers:
        """Fit of each pair (seekers[k], slots[k]) in hundredths of a point, 0..10,000, or UNKNOWN_FIT."""
        ...


Score = Callable[["Problem", Positions, Positions], Integers]
Fits = np.ndarray[tuple[int], np.dtype[np.int16]]
"""A table of fits, row by row: a fit never exceeds FULL."""

MANY = 1 << 14
"""Pairs for which a table is worth making."""
TABLE = 1 << 22
"""Cells of the largest table that is kept."""


def by_signature(*reads: str) -> Callable[[Score], Score]:
    """For a component whose fit follows from a few columns (`seekers.column`, `slots.column`): many pairs are looked up in a table.

    The table has a row for each signature of the seekers and a column for each of the slots. Where it would be too large to keep, one is made
    for the seekers at hand; where even that has more cells than there are pairs, the pairs are scored one by one.
    """

    def deciding(score: Score) -> Score:
        @wraps(score)
        def looked_up(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
            if len(seekers) < MANY:
                return score(problem, seekers, slots)
            ours, theirs = signatures(problem, "seekers", reads), signatures(problem, "slots", reads)
            examples, others = (problem.once(("examples", table, reads), partial(firsts, of)) for table, of in (("seekers", ours), ("slots", theirs)))
            width = len(others)

            def tabulated(rows: Integers) -> Fits:
                one, other = examples[rows].astype(np.int32), others.astype(np.int32)
                return score(problem, np.repeat(one, width), np.tile(other, len(rows))).astype(np.int16)

            row = ours[seekers]
            if len(examples) * width <= TABLE:
                table = problem.once(("fits", score.__module__), lambda: tabulated(np.arange(len(examples))))
            else:
                row, here = pd.factorize(row)
                if len(here) * width > len(seekers):
                    return score(problem, seekers, slots)
                table = tabulated(here)
            return np.asarray(table[row * width + theirs[slots]], dtype=np.int64)

        return looked_up

    return deciding
