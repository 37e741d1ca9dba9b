"""What is wrong with some of a column's distinct values, worded one at a time, because few will be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from allocator.scenario import Integers, Mask
from allocator.tables.cells import Cells
from allocator.tables.ledger import shown


class Wrong(NamedTuple):
    """A fault code, the positions of the distinct values that have it, and message and fix of one of them."""

    code: str
    where: Integers
    say: Callable[[int], tuple[str, str]]


def wrongs(cells: Cells, bad: Mask, judge: Callable[[str], tuple[str, str, str]]) -> list[Wrong]:
    """The bad values by code: `judge(text)` gives code, message and fix."""
    verdicts = {int(k): judge(shown(cells.value(int(k)))) for k in np.flatnonzero(bad)}
    by_code: dict[str, list[int]] = {}
    for k, (code, _, _) in verdicts.items():
        by_code.setdefault(code, []).append(k)
    return [Wrong(code, np.array(where, dtype=np.int64), lambda k: verdicts[k][1:]) for code, where in by_code.items()]
