"""Nobody is trained for a job from which the same employer has people on layoff.

Refused: the slot's occupation is among the employer's `layoff_soc` (compared by the first `digits` digits) and the layoff lies at
most `days` days back. A layoff without a date counts as recent; one that is announced for a later day counts as well. An
unknown occupation or employer refuses nobody.

Why: a subsidized trainee must not take the place of a worker who waits to be recalled.
Source: 20 CFR 683.270 (no displacement; no OJT while someone is on layoff from the same or an equivalent job). The number of days
after which a layoff is past is local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class RecentLayoff(Eligibility):
    """Nobody is trained for a job from which the same employer has people on layoff."""

    kind: Literal["recent_layoff"] = "recent_layoff"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "slot"
    days: int = Field(120, ge=0, le=3650, description="Days after which a layoff no longer counts.")
    digits: int = Field(6, ge=2, le=8, description="Digits of the O*NET-SOC code that make two occupations the same.")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        laid_off, job = facts.lists("employers", "layoff_soc"), facts.coded("slots", "onet_soc")
        recent = problem.days_since("employers", "layoff_date") <= self.days
        listed = np.array([bool(codes) for codes in laid_off.sets], dtype=bool)[laid_off.codes]
        employer = facts.link("slots", "employer_id")
        # Few employers have a layoff: look only at their slots, one by one.
        touched = np.flatnonzero(np.append(recent & listed, False)[employer] & (job.codes >= 0))
        barred = np.zeros(len(employer), dtype=bool)
        barred[[slot for slot in touched if self._same(laid_off.at(employer[slot]), job.values[job.codes[slot]])]] = True
        return np.asarray(~barred[slots])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        employer = facts.link("slots", "employer_id")[slot]
        day = facts.days("employers", "layoff_date")[employer]
        since = "on a day not recorded" if np.isnat(day) else f"on {day}; such a layoff counts for {self.days} days"
        soc = facts.coded("slots", "onet_soc").text(slot)
        return f"{facts.ids('employers')[employer]} laid off people in {soc}, the occupation of {facts.ids('slots')[slot]}, {since}."

    def _same(self, laid_off: tuple[str, ...], job: str) -> bool:
        wanted = self._short(job)
        return len(wanted) == self.digits and any(self._short(code) == wanted for code in laid_off)

    def _short(self, code: str) -> str:
        return code.replace("-", "").replace(".", "")[: self.digits]
