"""How near the work site is.

    by minutes:  score = 100 up to 15 minutes, falling evenly to 0 at 60 minutes, or at the seeker's own limit if that is longer
    by county:   score = 100 in the same county, 50 in an adjacent one, 0 elsewhere

Minutes come from the `commutes` table and go before counties. Which counties are adjacent is what the policy's commute rule says.
Unknown where there are no minutes and either county is not recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.geography import ADJACENT, OTHER, SAME, adjacent_counties, minutes, nearness
from allocator.quality.base import FULL, UNKNOWN_FIT, by_signature
from allocator.scenario import UNKNOWN, Integers, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

SHORT, LONG = 15, 60
"""Minutes that are no burden, and minutes that are too many for a seeker who has set no longer limit."""


@by_signature("seekers.county_fips", "seekers.zip", "seekers.max_commute_min", "slots.county_fips", "slots.zip")
def score(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
    """Fit of each pair's commute, in hundredths of a point."""
    journey = minutes(problem, seekers, slots)
    limit = np.maximum(LONG, problem.scenario.integers("seekers", "max_commute_min")[seekers])
    span = limit - SHORT
    by_minutes = np.clip((FULL * (limit - journey) + span // 2) // span, 0, FULL)
    worth = np.empty(4, dtype=np.int64)
    worth[[OTHER, ADJACENT, SAME, UNKNOWN]] = 0, FULL // 2, FULL, UNKNOWN_FIT
    by_county = worth[nearness(problem, seekers, slots, adjacent_counties(problem))]
    return np.where(journey == UNKNOWN, by_county, by_minutes)
