"""Small numbers about people are not shown, and cannot be worked out from what is shown.

A table of disjoint counts: one row a group, one column a part of it (say: not eligible, eligible and not placed, placed). The totals of the
columns are known to everybody: a run says how many people were placed. A row is shown whole or hidden whole:

1. a row with a count of 1 to 9 anywhere is hidden (a zero is shown: that nobody of a group was placed is what a report is for);
2. one hidden row could be worked out as the total less the rest, and so could a small count that the hidden rows have together:
   the smallest row still shown is hidden too, until at least two rows are hidden and each column of theirs adds up to nothing or to 10 and more.

Every count of a hidden row may then be anything from nothing to its column's sum over the hidden rows: 11 values or more, or a plain zero.
Sums of neighbouring columns need no rule of their own, because the sum of counts that are zero or at least 10 is so too.

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
    hidden: Mask = np.asarray(small(parts, least).any(axis=1), dtype=bool)
    order = np.argsort(parts.sum(axis=1), kind="stable")
    while hidden.any() and not hidden.all() and (hidden.sum() == 1 or small(parts[hidden].sum(axis=0), least).any()):
        hidden[order[~hidden[order]][0]] = True
    return hidden


def small(counts: Integers | Counts, least: int = LEAST) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which counts are too small to be shown."""
    return np.asarray((counts > 0) & (counts < least))
