"""Small numbers about people are not shown, and cannot be worked out from what is shown.

A table of disjoint counts: one row a group, one column a part of it (say: not eligible, eligible and not placed, placed). The totals of the
columns are known to everybody: a run says how many people were placed. A row is shown whole or hidden whole:

1. a row with a count of 1 to 9 anywhere is hidden (a zero is shown: that nobody of a group was placed is what a report is for);
2. what the hidden rows have together is the total less the rest. So at least two rows with people in them are hidden, and of no column do they have
   1 to 9 together: the smallest row still shown is hidden until that is so, or none is shown.

Then each count of a hidden row may be anything from nothing to what the hidden rows have of that column together, which for a small count is at
least two values. Sums of neighbouring columns need no rule of their own: the sum of counts that are zero or at least 10 is so too. What the
hidden rows have together can be worked out; it is about several groups at once.

Where stages lie within each other (pool, eligible, placed), the first and the last are a table of their own, and a row may keep its middle to itself:
`hidden_stages` hides the middle of rows of which only that is small, and of further rows until it may be any of 10 values or more.

Source: 29 CFR 38.41 (such data are confidential); the least count of 10 is the common practice of federal statistics, and a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from allocator.scenario import Integers, Mask

LEAST = 10
"""The smallest count that is shown, other than zero."""

Counts = np.ndarray[tuple[int, int], np.dtype[np.int64]]


def hidden_rows(parts: Counts, least: int = LEAST) -> Mask:
    """Which rows of a table of disjoint counts must not be shown.

    Tables of several plans over the same groups are hidden together when they are given side by side, as further columns: a row that
    one of them shows would otherwise give away what another hides.
    """
    people = parts.sum(axis=1)
    hidden: Mask = np.asarray(small(parts, least).any(axis=1), dtype=bool)
    order = np.argsort(people, kind="stable")
    order = order[people[order] > 0]
    while hidden.any() and not hidden[order].all() and (hidden[order].sum() < 2 or small(parts[hidden].sum(axis=0), least).any()):
        hidden[order[~hidden[order]][0]] = True
    return hidden


def parts_of(nested: Counts) -> Counts:
    """Stages that lie within each other, one a column, as counts of people who are in no two of them."""
    return nested - np.hstack([nested[:, 1:], np.zeros((len(nested), 1), dtype=np.int64)])


def hidden_stages(plans: Sequence[Counts], least: int = LEAST) -> tuple[Mask, Mask]:
    """Of three stages that lie within each other: which rows show nothing, and which must not show the middle one either.

    `plans` are the stages of each plan that is given side by side. Who adds up what is shown knows the middles of the rows that hide it together, and
    that each lies between its row's last and first stage; where plans share their eligible people, each plan tells about the others' middles.
    Where no more rows can help, the rows with small parts are hidden whole.
    """
    few: Mask = np.asarray(np.any([small(parts_of(nested), least).any(axis=1) for nested in plans], axis=0), dtype=bool)
    hidden = hidden_rows(np.hstack([parts_of(nested[:, [0, 2]]) for nested in plans]), least)
    inside = hidden | few
    people = np.sum([nested[:, 0] for nested in plans], axis=0)
    order = np.argsort(people, kind="stable")
    order = order[people[order] > 0]
    while any(_values(row, inside, plans) < least for row in np.flatnonzero(few & ~hidden).tolist()):
        if inside[order].all():
            hidden = hidden_rows(np.hstack([parts_of(nested) for nested in plans]), least)
            return hidden, hidden
        inside[order[~inside[order]][0]] = True
    return hidden, inside


def _values(row: int, inside: Mask, plans: Sequence[Counts]) -> int:
    """How many values the middle of a row may have, for all that can be worked out."""
    others = inside.copy()
    others[row] = False
    least_of, most_of = [], []
    for nested in plans:
        together = int(nested[inside, 1].sum())
        least_of.append(max(int(nested[row, 2]), together - int(nested[others, 0].sum())))
        most_of.append(min(int(nested[row, 0]), together - int(nested[others, 2].sum())))
    return min(most_of) - max(least_of) + 1


def small(counts: Integers | Counts, least: int = LEAST) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which counts are too small to be shown."""
    return np.asarray((counts > 0) & (counts < least))
