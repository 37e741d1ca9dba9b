"""An employer that relocated at the cost of jobs elsewhere waits 120 days.

Refused: slots of an employer whose `relocated_on`, the day operations began at the new site, lies fewer than `days` days back or
still ahead. Not recorded means that there was no such relocation.

Why: training money must not pay for moving a job from one American town to another.
Source: 20 CFR 683.260 (120 days of operation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Relocation(Eligibility):
    """An employer that relocated at the cost of jobs elsewhere waits 120 days."""

    kind: Literal["relocation"] = "relocation"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "slot"
    days: int = Field(120, ge=0, le=3650, description="Days of operation at the new site before trainees are paid for.")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        waits = facts.days("employers", "relocated_on") > problem.as_of - np.timedelta64(self.days, "D")
        # The element at the end answers for position -1, a slot without a known employer.
        return np.asarray(~np.append(waits, False)[facts.link("slots", "employer_id")[slots]])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        employer = facts.link("slots", "employer_id")[slot]
        day = facts.days("employers", "relocated_on")[employer]
        open_from = day + np.timedelta64(self.days, "D")
        who = f"{facts.ids('employers')[employer]}, the employer of {facts.ids('slots')[slot]},"
        return f"{who} relocated on {day}; no trainees before {open_from}, {self.days} days later."
