"""Programs of the same make side by side: which of them leaves the other's plans less room."""

from __future__ import annotations

import numpy as np

from allocator.program import FREE, Program
from allocator.scenario import Mask


def within(inner: Program, outer: Program) -> bool:
    """Whether for every solution of the one the other, of the same make, has one that is worth as much in every goal, or more.

    A column of the inner program may take more than in the outer one where that is to no avail there: what is short of a promise can be no more than the
    promise, and a larger promise lets more be short.
    """
    rows = zip(inner.rows, outer.rows, strict=True)
    narrower = all((own.lower >= other.lower).all() and (own.upper <= other.upper).all() for own, other in rows)
    return narrower and same_goals(inner, outer) and bool(((inner.upper <= outer.upper) | _to_spare(outer)).all())


def _to_spare(program: Program) -> Mask:
    """Columns for which more room would be to no avail: in full they fill each of their rows by themselves, and they are worth nothing in any goal, or less."""
    spare = np.zeros(program.size, dtype=bool)
    spare[len(program.pairs) :] = True
    for objective in program.objectives:
        spare &= objective.dense(program.size) <= 0
    for block in program.rows:
        slack, open_above = block.slack, block.upper >= FREE
        if not len(slack.row):
            continue
        if block.row is not None and block.coefficient is not None:
            open_above[block.row[block.coefficient < 0]] = False
        open_above[slack.row[slack.coefficient < 0]] = False
        fills = open_above[slack.row] & (slack.coefficient * program.upper[slack.column] >= block.lower[slack.row])
        spare[slack.column[~fills]] = False
    return spare


def same_goals(one: Program, other: Program) -> bool:
    """Whether two programs of the same make have the same goals."""
    return len(one.objectives) == len(other.objectives) and all(
        (a.kind, a.label, a.maximize, a.scale) == (b.kind, b.label, b.maximize, b.scale)
        and np.array_equal(a.column, b.column)
        and np.array_equal(a.coefficient, b.coefficient)
        for a, b in zip(one.objectives, other.objectives, strict=True)
    )
