"""At most so many people move against the reference.

    sum over reference pairs (i, j) of x[i, j]  >=  people in the reference - at_most

Somebody has moved who holds a slot in the reference and not the same slot in the plan, also where that slot is gone or may not be theirs any more. The
reference is the scenario's `reference` table (or `--reference`). What people have decided since is no move: who has left the pool, who has declined or
completed the slot, and who has begun at another do not count.

Why: staff have already spoken to people; a plan that turns over every night cannot be worked with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows
from allocator.rule import Count


class ChangeLimit(Constraint):
    """How many people may lose the slot they hold in the reference."""

    kind: Literal["change_limit"] = "change_limit"
    at_most: Count = Field(description="Most people who may move.")

    def faults(self, problem: Problem) -> Iterator[Fault]:
        if not problem.scenario.has("reference"):
            yield self.fault(
                "no_reference", "change_limit needs a reference to compare with.", "Add the table reference(seeker_id, slot_id), or give --reference."
            )

    def rows(self, draft: Draft) -> Iterator[Rows]:
        seeker, slot = draft.problem.reference
        number = draft.pairs.find(seeker, slot)
        there = number[number >= 0]
        keep = max(0, len(seeker) - self.at_most)
        yield Rows(self.kind, self.label, [""], np.array([keep]), np.array([FREE]), pair=there, row=np.zeros(len(there), dtype=np.int64), bend=SEAT)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.at_most is not None and line.achieved > line.at_most:
                yield self.violation("", f"{line.achieved} people move against the reference; {line.at_most} at most.", line.achieved - line.at_most)

    def standings(self, plan: Plan) -> Iterator[Standing]:
        planned = set(zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True))
        seeker, slot = plan.problem.reference
        moved = sum(pair not in planned for pair in zip(seeker.tolist(), slot.tolist(), strict=True))
        yield self.standing("people moved", moved, at_most=self.at_most)

    def in_words(self, problem: Problem, key: str) -> str:
        return "the limit on how many people may move"

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"at most {self.at_most} people may move against the reference"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"{self._moving(problem, give)} people would have to move against the reference, where {self.at_most} may"

    def terms(self, plan: Plan, give: Give) -> tuple[int, int]:
        return self.at_most, self._moving(plan.problem, give)

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        yield from (Mend("set", self.place("at_most"), self._moving(plan.problem, give)) for give in gives)

    @staticmethod
    def _moving(problem: Problem, give: Give) -> int:
        return len(problem.reference[0]) - give.possible
