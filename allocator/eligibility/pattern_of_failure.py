"""An employer that repeatedly fails to keep its trainees gets no new ones.

Refused: slots of an employer marked `pattern_of_failure`, until the end of `pattern_of_failure_until`; without that date, for as
long as the mark stands. Not recorded means no.

Why: OJT is to end in regular employment; who lets trainees go when the money ends has used the program as cheap labor.
Source: 20 CFR 680.700(b). How long the mark stands is local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import YES, Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class PatternOfFailure(Eligibility):
    """An employer that repeatedly fails to keep its trainees gets no new ones."""

    kind: Literal["pattern_of_failure"] = "pattern_of_failure"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "slot"

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        until = facts.days("employers", "pattern_of_failure_until")
        barred = (facts.flags("employers", "pattern_of_failure") == YES) & (np.isnat(until) | (until >= problem.as_of))
        # The element at the end answers for position -1, a slot without a known employer.
        return np.asarray(~np.append(barred, False)[facts.link("slots", "employer_id")[slots]])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        employer = facts.link("slots", "employer_id")[slot]
        until = facts.days("employers", "pattern_of_failure_until")[employer]
        end = "" if np.isnat(until) else f" until {until}"
        return f"{facts.ids('employers')[employer]}, the employer of {facts.ids('slots')[slot]}, is barred{end} for a pattern of failure to keep trainees."
