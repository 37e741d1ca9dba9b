"""Nobody holds more than one slot.

    sum over slots j of x[i, j]  <=  1,   for every seeker i

Why: slots are few; a second one would be somebody else's first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from allocator.constraints.base import Constraint, Standing, Violation
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows


class OneSlotEach(Constraint):
    """Always in force."""

    kind: Literal["one_slot_each"] = "one_slot_each"

    def rows(self, draft: Draft) -> Iterator[Rows]:
        ids = draft.problem.scenario.ids("seekers")
        everyone = np.arange(len(ids), dtype=np.int32)
        yield Rows(self.kind, self.label, ids, np.full(len(ids), -FREE), np.ones(len(ids), dtype=np.int64), of_seeker=everyone)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for seeker, held in sorted(plan.per_seeker.items()):
            if held > 1:
                name = str(plan.problem.scenario.ids("seekers")[seeker])
                yield self.violation(name, f"{name} holds {held} slots; 1 at most.", held - 1)

    def in_words(self, problem: Problem, key: str) -> str:
        return f"one slot at most for {key}" if problem.scenario.position("seekers", key) >= 0 else "one slot at most for each"

    def standings(self, plan: Plan) -> Iterator[Standing]:
        yield self.standing("most slots held by one seeker", max(plan.per_seeker.values(), default=0), at_most=1, unit="slots")
