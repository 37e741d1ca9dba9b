"""How much stands between the seeker and work: the number of recorded barriers.

    score = 25 for each barrier, at most 100

A barrier is a code in `seekers.populations`, or a yes in public_assistance, low_income or basic_skills_deficient; a flag that is
also listed as a population (`low_income`) is one barrier. A "no" and a blank count nothing. Unknown where the table has no
populations and none of the three flags is recorded for the seeker. Veterans are served first by priority of service, not here,
and demographics are never read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.quality.base import FULL, UNKNOWN_FIT
from allocator.scenario import UNKNOWN, YES, Integers, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

EACH = FULL // 4
"""What one barrier counts."""
FLAGS = ("public_assistance", "low_income", "basic_skills_deficient")


def score(problem: Problem, seekers: Positions, slots: Positions) -> Integers:  # noqa: ARG001  (one shape for every component)
    """Each pair's need, in hundredths of a point; the slot does not matter."""
    facts = problem.scenario
    populations = facts.lists("seekers", "populations")
    barriers = np.array([len(set(codes)) for codes in populations.sets], dtype=np.int64)[populations.codes]
    recorded = np.full(facts.size("seekers"), facts.has("seekers", "populations"))
    for flag in FLAGS:
        answer = facts.flags("seekers", flag)
        barriers += (answer == YES) & ~populations.any_of(frozenset({flag}))
        recorded |= answer != UNKNOWN
    return np.asarray(np.where(recorded, np.minimum(FULL, EACH * barriers), UNKNOWN_FIT)[seekers])
