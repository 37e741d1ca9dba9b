"""A seeker completes the OJT workshop before any job match.

Counted: `seekers.ojt_workshop_date` on or before the day of the run. A blank date means that the workshop was not completed;
where the table has no such column at all, workshops are not recorded here and nobody is refused. With `valid_days` a workshop
that lies further back has to be repeated.

Why: a trainee should know what the contract asks before an employer's time and an opening are spent on the match.
Source: local practice (the Portland region's OJT process, step 1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Workshop(Eligibility):
    """A seeker completes the OJT workshop before any job match."""

    kind: Literal["workshop"] = "workshop"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "seeker"
    valid_days: int | None = Field(None, ge=0, description="Days for which a completed workshop counts; for good where absent.")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        if not problem.scenario.has("seekers", "ojt_workshop_date"):
            return np.ones(len(seekers), dtype=bool)
        since = problem.days_since("seekers", "ojt_workshop_date")[seekers]
        return np.asarray((since >= 0) & (since <= self.valid_days) if self.valid_days is not None else since >= 0)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        who = problem.scenario.ids("seekers")[seeker]
        day = problem.scenario.days("seekers", "ojt_workshop_date")[seeker]
        if np.isnat(day):
            return f"{who} has not completed the OJT workshop."
        if day > problem.as_of:
            return f"{who} completes the OJT workshop on {day}, after {problem.as_of}."
        since = int((problem.as_of - day).astype(int))
        return f"{who} completed the OJT workshop on {day}, {since} days ago; it counts for {self.valid_days}."
