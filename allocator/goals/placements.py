"""More people placed.

    maximise  X(all, slots that are not reverse referrals)

Why: an empty slot helps nobody. People whom the employer had named himself are not placements by the program.
Source: 20 CFR 651.10 (definition of placement).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from allocator.goals.base import Goal
from allocator.program import Draft, Objective


class Placements(Goal):
    """Number of people placed."""

    kind: Literal["placements"] = "placements"
    count_reverse_referrals: bool = Field(False, description="true: people named by the employer count as well.")

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        counted = np.ones(len(draft.pairs), dtype=bool)
        if not self.count_reverse_referrals:
            counted = ~draft.problem.reverse_referrals[draft.pairs.slot]
        columns = np.flatnonzero(counted)
        yield Objective(self.kind, self.label, columns, np.ones(len(columns), dtype=np.int64))
