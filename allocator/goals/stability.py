"""Fewer people move against the reference.

    maximise  sum over reference pairs (i, j) of x[i, j]

The pairs of the reference are those that `change_limit` counts.

Why: without it a plan turns over every night for gains that are mostly noise in the scores.
Source: Müller, Rudová and Barták 2005 (minimal perturbation).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from allocator.errors import Fault
from allocator.goals.base import Goal
from allocator.problem import Problem
from allocator.program import Draft, Objective


class Stability(Goal):
    """Number of people who keep the slot they hold in the reference."""

    kind: Literal["stability"] = "stability"

    def faults(self, problem: Problem) -> Iterator[Fault]:
        if not problem.scenario.has("reference"):
            yield self.fault(
                "missing_table", "stability needs a reference to compare with.", "Add the table reference(seeker_id, slot_id), or give --reference."
            )

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        seeker, slot = draft.problem.reference
        number = draft.pairs.find(seeker, slot)
        kept = number[(number >= 0) & (slot >= 0)]
        yield Objective(self.kind, self.label, kept, np.ones(len(kept), dtype=np.int64))
