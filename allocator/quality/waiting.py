"""How long the seeker has been in the pool.

    score = 100 * days since pool_entry_date / 180,  at most 100

Every day counts the same up to half a year; beyond that, waiting longer does not rank one person over another. Unknown where the
day of entry is not recorded or still ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.quality.base import FULL, UNKNOWN_FIT
from allocator.scenario import Integers, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

LONG = 180
"""Days after which waiting counts in full."""


def score(problem: Problem, seekers: Positions, slots: Positions) -> Integers:  # noqa: ARG001  (one shape for every component)
    """Each pair's waiting time, in hundredths of a point; the slot does not matter."""
    days = problem.days_since("seekers", "pool_entry_date")
    points = np.minimum(FULL, (FULL * days + LONG // 2) // LONG)
    return np.asarray(np.where(days < 0, UNKNOWN_FIT, points)[seekers])
