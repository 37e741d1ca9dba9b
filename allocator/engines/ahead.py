"""What the goals to come would like, as one goal: columns that they like are few, and usually hold a solution that the goal before them cannot beat either."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from allocator.program import Objective
from allocator.scenario import Integers

HEAVIEST, RATIO = 1_000_000, 8
"""The heaviest weight of a column, for the first goal; each goal is brought to the same scale and weighs so much more than the next. Those of less than one
are too far ahead to matter. With the last of nine goals at a thousand the first weighed 10^10, and floating-point programs over such weights took seconds,
found nothing and did not end when asked."""


def wish_of(later: Iterable[Objective], size: int) -> Integers:
    """The goals in their order as weights of `size` columns; made for a first look, and good for nothing exact."""
    wish, weight = np.zeros(size, dtype=np.int64), HEAVIEST
    for objective in later:
        dense = objective.dense(size)
        wish += np.trunc(dense * (weight / max(1, int(np.abs(dense).max(initial=0))))).astype(np.int64)
        weight //= RATIO
        if not weight:
            break
    return wish
