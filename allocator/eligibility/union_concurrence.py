"""Where a union contract asks for the union's concurrence, nobody is referred before it is written.

Refused: slots of an employer with `union_concurrence_required` whose `union_concurrence_date` is missing or after the day of the
run. Not recorded means that none is required.

Why: a training plan that runs against a collective agreement is void, and the trainee pays for it.
Source: 20 CFR 683.270 (written concurrence of the labor organization).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import YES, Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class UnionConcurrence(Eligibility):
    """Where a union contract asks for the union's concurrence, nobody is referred before it is written."""

    kind: Literal["union_concurrence"] = "union_concurrence"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "slot"

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        required = facts.flags("employers", "union_concurrence_required") == YES
        # A comparison with an unknown day is false: a missing concurrence is not a concurrence.
        waits = required & ~(facts.days("employers", "union_concurrence_date") <= problem.as_of)
        return np.asarray(~np.append(waits, False)[facts.link("slots", "employer_id")[slots]])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        employer = facts.link("slots", "employer_id")[slot]
        day = facts.days("employers", "union_concurrence_date")[employer]
        state = "has none on record" if np.isnat(day) else f"has it from {day} on, after {problem.as_of}"
        return f"{facts.ids('employers')[employer]}, the employer of {facts.ids('slots')[slot]}, needs the union's written concurrence and {state}."
