"""Only seekers who are in the pool are referred.

A seeker is in the pool while `seekers.status` is `active`; any other status (placed, withdrawn, on hold) is a reason to wait.
A seeker without a status counts as active.

Why: a person who has started work or has left cannot take a referral, and a seat offered to them stands empty.
Source: local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class InPool(Eligibility):
    """Only seekers who are in the pool are referred."""

    kind: Literal["in_pool"] = "in_pool"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "seeker"

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        return np.asarray(problem.in_pool[seekers])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        return f"{facts.ids('seekers')[seeker]} is not in the pool: the status is {facts.coded('seekers', 'status').text(seeker)}, not active."
