"""A slot for which the employer named the person admits that person only.

Counted: a slot with `designated_seeker_id`, or whose `origin` is `reverse_referral`. If it names nobody, or somebody who is not
among the seekers, it admits nobody. How many such slots may be filled is the business of `reverse_referral_cap`.

Why: a reverse referral is the employer's own candidate; giving the seat to somebody else breaks the agreement with the employer.
Source: 20 CFR 651.10 (a placement is a referral of someone the employer had not designated, so such seats are kept apart);
allowing some of them is local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from allocator.eligibility.base import Eligibility, Exceptions
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class ReverseReferral(Eligibility):
    """A slot for which the employer named the person admits that person only."""

    kind: Literal["reverse_referral"] = "reverse_referral"

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        named = problem.scenario.link("slots", "designated_seeker_id")
        return np.asarray(~problem.reverse_referrals[slots] | (named[slots] == seekers))

    def exceptions(self, problem: Problem) -> Exceptions:
        named = problem.scenario.link("slots", "designated_seeker_id")
        whose = np.flatnonzero(problem.reverse_referrals & (named >= 0)).astype(np.int32)
        return Exceptions(~problem.reverse_referrals, named[whose], whose)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        what, named = facts.ids("slots")[slot], facts.coded("slots", "designated_seeker_id").text(slot)
        if named is None:
            return f"{what} is a reverse referral but names no seeker, so it admits nobody."
        if facts.position("seekers", named) < 0:
            return f"{what} is a reverse referral for {named}, who is not among the seekers, so it admits nobody."
        return f"{what} is a reverse referral for {named}, not for {facts.ids('seekers')[seeker]}."
