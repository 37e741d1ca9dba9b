"""A seeker is referred only while their consent to referral is in force.

Counted: `seekers.consent_until`, the last day of the consent; on that day it still holds. A blank date means that there is no
consent; where the table has no such column at all, consent is kept elsewhere and nobody is refused.

Why: a referral hands a person's data to an employer, and that takes a written consent that has not run out.
Source: TEGL 39-11 (handling of personal information); the confidentiality rules of VAWA, FVPSA and VOCA ask for consent that is
written, informed and limited in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Consent(Eligibility):
    """A seeker is referred only while their consent to referral is in force."""

    kind: Literal["consent"] = "consent"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "seeker"

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        if not problem.scenario.has("seekers", "consent_until"):
            return np.ones(len(seekers), dtype=bool)
        # A comparison with an unknown day is false, which is what a blank consent has to be.
        return np.asarray(problem.scenario.days("seekers", "consent_until")[seekers] >= problem.as_of)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        who = problem.scenario.ids("seekers")[seeker]
        until = problem.scenario.days("seekers", "consent_until")[seeker]
        if np.isnat(until):
            return f"{who} has given no consent to referral."
        return f"{who}'s consent to referral ended on {until}, before {problem.as_of}."
