"""How much the slot pays above the lowest wage the seeker accepts.

    gain  = (wage - wage floor) / wage floor
    score = 100 * gain / 50 %,  between 0 and 100

0 at the floor and below it, 100 from half as much again. A floor of zero is met in full by any wage. Unknown where the wage or
the floor is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.quality.base import FULL, UNKNOWN_FIT, by_signature
from allocator.scenario import Integers, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


@by_signature("seekers.wage_floor", "slots.wage")
def score(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
    """Fit of each pair's wage, in hundredths of a point."""
    wages, floors = problem.scenario.numbers("slots", "wage"), problem.scenario.numbers("seekers", "wage_floor")
    unknown = np.isnan(wages)[slots] | np.isnan(floors)[seekers]
    wage, floor = _cents(wages)[slots], _cents(floors)[seekers]
    # Twice the gain, because the scale is full at one half; the half of the divisor rounds to the nearest.
    scaled = (2 * FULL * (wage - floor) + floor // 2) // np.maximum(floor, 1)
    return np.where(unknown, UNKNOWN_FIT, np.clip(scaled, 0, FULL))


def _cents(dollars: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Integers:
    return np.rint(np.nan_to_num(dollars) * 100).astype(np.int64)
