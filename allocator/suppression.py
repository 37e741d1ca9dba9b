"""Small numbers about people are not shown, and cannot be worked out from what is shown.

A table of disjoint counts: one row a group, one column a part of it (say: not eligible, eligible and not placed, placed). The totals of the
columns are known to everybody: a run says how many people were placed. A row is shown whole or hidden whole:

1. a row with a count of 1 to 9 anywhere is hidden (a zero is shown: that nobody of a group was placed is what a report is for);
2. one hidden row is the total less the rest. So at least two rows with people in them are hidden, and at least 10 people together: the smallest row
   still shown is hidden until that is so.

Then each count of a hidden row may be anything from nothing to what the hidden rows have of that column together, which for a small count is at
least two values. Sums of neighbouring columns need no rule of their own: the sum of counts that are zero or at least 10 is so too. What the
hidden rows have together can be worked out; it is about several groups at once.

Source: 29 CFR 38.41 (such data are confidential); the least count of 10 is the common practice of federal statistics, and a parameter.
"""

from __future__ import annotations

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
    while hidden.any() and not hidden[order].all() and (hidden[order].sum() < 2 or people[hidden].sum() < least):
        hidden[order[~hidden[order]][0]] = True
    return hidden


def small(counts: Integers | Counts, least: int = LEAST) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which counts are too small to be shown."""
    return np.asarray((counts > 0) & (counts < least))
