"""Fewer people move against the reference.

    maximise  sum over reference pairs (i, j) of x[i, j]

The pairs of the reference are those that `change_limit` counts. With `keeps` the sum goes over commitments in those statuses instead, and no
reference is looked at: what a person was referred to or offered weighs more than what a plan once proposed.

Why: without it a plan turns over every night for gains that are mostly noise in the scores.
Source: Müller, Rudová and Barták 2005 (minimal perturbation).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from allocator.errors import Fault
from allocator.goals.base import Goal
from allocator.problem import Problem
from allocator.program import Draft, Objective
from allocator.scenario import Positions


class Stability(Goal):
    """Number of people who keep the slot they hold in the reference."""

    kind: Literal["stability"] = "stability"
    keeps: tuple[Literal["proposed", "referred", "offered"], ...] = Field(
        (), description="Statuses of commitments to keep; the pairs of the reference where absent."
    )

    @property
    def aim(self) -> str:
        return f"{self.kind} of {', '.join(self.keeps)}" if self.keeps else self.kind

    def faults(self, problem: Problem) -> Iterator[Fault]:
        if not self.keeps and not problem.scenario.has("reference"):
            yield self.fault(
                "no_reference", "stability needs a reference to compare with.", "Add the table reference(seeker_id, slot_id), or give --reference."
            )

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        seeker, slot = self._held(draft.problem)
        number = draft.pairs.find(seeker, slot)
        kept = number[(number >= 0) & (slot >= 0)]
        yield Objective(self.kind, self.label, kept, np.ones(len(kept), dtype=np.int64))

    def _held(self, problem: Problem) -> tuple[Positions, Positions]:
        if not self.keeps:
            return problem.reference
        said = problem.commitments(self.keeps)
        return said.seeker, said.slot
