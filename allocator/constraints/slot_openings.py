"""No slot takes more people than it has openings.

    sum over seekers i of x[i, j]  <=  openings[j],   for every slot j

Why: the employer hires for real jobs, and only for those.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from allocator.constraints.base import Constraint, Standing, Violation
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows


class SlotOpenings(Constraint):
    """Always in force."""

    kind: Literal["slot_openings"] = "slot_openings"

    def rows(self, draft: Draft) -> Iterator[Rows]:
        ids = draft.problem.scenario.ids("slots")
        every = np.arange(len(ids), dtype=np.int32)
        yield Rows(self.kind, self.label, ids, np.full(len(ids), -FREE), draft.problem.openings, of_slot=every)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for slot, taken in sorted(plan.per_slot.items()):
            openings = int(plan.problem.openings[slot])
            if taken > openings:
                name = str(plan.problem.scenario.ids("slots")[slot])
                yield self.violation(name, f"{name} takes {taken} people; it has {openings} opening{'' if openings == 1 else 's'}.", taken - openings)

    def in_words(self, problem: Problem, key: str) -> str:
        return "the number of openings" + (f" at {key}" if problem.scenario.position("slots", key) >= 0 else "")

    def standings(self, plan: Plan) -> Iterator[Standing]:
        yield self.standing("all openings", len(plan), at_most=int(plan.problem.openings.sum()))
