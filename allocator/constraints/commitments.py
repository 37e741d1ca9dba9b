"""What has begun goes on; what was declined is not proposed again.

    x[i, j] = 1   for every pair that is accepted or started
    x[i, j] = 0   for every pair that is declined or completed   (such pairs do not exist at all)

Pairs that are proposed, referred or offered are not held here: `change_limit` and the goal `stability` speak about those.

Why: a job seeker who has started training is not moved by a computer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.pairs import listed
from allocator.plan import Plan
from allocator.problem import CLOSED_STATUSES, FROZEN_STATUSES, Problem
from allocator.program import Draft, Rows

BEGUN = 20 * SEAT
"""The price of ending what has begun: of twenty seats that nobody holds yet."""


class Commitments(Constraint):
    """In force as soon as the scenario has a commitments table."""

    kind: Literal["commitments"] = "commitments"

    def faults(self, problem: Problem) -> Iterator[Fault]:
        facts, begun = problem.scenario, problem.commitments(FROZEN_STATUSES)
        if not facts.has("pairs"):
            return
        missing = ~listed(problem, begun.seeker, begun.slot)
        for one, other in zip(facts.ids("seekers")[begun.seeker[missing]], facts.ids("slots")[begun.slot[missing]], strict=True):
            message = f"{one} has begun at {other}, but that pair is not in pairs."
            yield self.fault("commitment_without_pair", message, "Add the pair with its score.")

    def rows(self, draft: Draft) -> Iterator[Rows]:
        begun = draft.problem.commitments(FROZEN_STATUSES)
        number = draft.pairs.find(begun.seeker, begun.slot)
        there = np.flatnonzero(number >= 0)
        ones = np.ones(len(number), dtype=np.int64)
        yield Rows(self.kind, self.label, _names(draft.problem), ones, ones, pair=number[there], row=there, bend=BEGUN)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        planned = set(zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True))
        facts = plan.problem.scenario
        for statuses, wanted in ((FROZEN_STATUSES, True), (CLOSED_STATUSES, False)):
            committed = plan.problem.commitments(statuses)
            for seeker, slot in zip(committed.seeker.tolist(), committed.slot.tolist(), strict=True):
                if ((seeker, slot) in planned) is not wanted:
                    one, other = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
                    said = "has begun and must stay" if wanted else "has ended and cannot be proposed again"
                    yield self.violation(f"{one} at {other}", f"{one} at {other} {said}.", 1)

    def standings(self, plan: Plan) -> Iterator[Standing]:
        begun = plan.problem.commitments(FROZEN_STATUSES)
        planned = set(zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True))
        kept = sum(pair in planned for pair in zip(begun.seeker.tolist(), begun.slot.tolist(), strict=True))
        yield self.standing("begun pairs kept", kept, at_least=len(begun.seeker))

    def in_words(self, problem: Problem, key: str) -> str:
        return key

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"{key} has begun"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"{give.key} has begun and could not go on"

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        facts = plan.problem.scenario
        begun = plan.problem.commitments(FROZEN_STATUSES)
        ids = dict(zip(_names(plan.problem), zip(facts.ids("seekers")[begun.seeker], facts.ids("slots")[begun.slot], strict=True), strict=True))
        for give in gives:
            seeker, slot = ids[give.key]
            yield Mend("remove", f"commitments[{seeker},{slot}]", note=f"Somebody has to tell {seeker} and the employer.")


def _names(problem: Problem) -> list[str]:
    """What has begun, in words."""
    begun, facts = problem.commitments(FROZEN_STATUSES), problem.scenario
    return [f"{one} at {other}" for one, other in zip(facts.ids("seekers")[begun.seeker], facts.ids("slots")[begun.slot], strict=True)]
