"""Reverse referrals stay the exception.

    sum over slots j whose trainee the employer named of x[i, j]  <=  at_most, or share x all openings rounded down

Why: a person whom the employer had already chosen is not a placement by the program; a few are allowed, as a courtesy.
Source: 20 CFR 651.10 (a placement needs a referral of somebody not specifically designated by the employer); the number is local.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation, furthest, shortest
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows
from allocator.rule import Count


class ReverseReferralCap(Constraint):
    """At most so many assignments to slots whose trainee the employer named."""

    kind: Literal["reverse_referral_cap"] = "reverse_referral_cap"
    at_most: Count | None = Field(None, description="Most reverse referrals.")
    share: Decimal | None = Field(None, ge=0, le=1, decimal_places=6, description="Most reverse referrals as a share of all openings.")

    @model_validator(mode="after")
    def _one_cap(self) -> ReverseReferralCap:
        if (self.at_most is None) == (self.share is None):
            raise ValueError("give either at_most or share")
        return self

    def rows(self, draft: Draft) -> Iterator[Rows]:
        of_slot = np.where(draft.problem.reverse_referrals, 0, -1).astype(np.int32)
        yield Rows(self.kind, self.label, [""], np.array([-FREE]), np.array([self._cap(draft.problem)]), of_slot=of_slot, bend=SEAT)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.at_most is not None and line.achieved > line.at_most:
                yield self.violation("", f"{line.achieved} reverse referrals; {line.at_most} at most.", line.achieved - line.at_most)

    def standings(self, plan: Plan) -> Iterator[Standing]:
        made = int(plan.problem.reverse_referrals[plan.slot].sum())
        yield self.standing("reverse referrals", made, at_most=self._cap(plan.problem))

    def in_words(self, problem: Problem, key: str) -> str:
        return "the limit on reverse referrals"

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"at most {value} reverse referrals are allowed"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"{give.possible} reverse referrals would have to be allowed rather than {give.asked}"

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        (give,) = gives

        def cap(share: Decimal) -> int:
            return self.model_copy(update={"share": share})._cap(plan.problem)

        share = furthest(lambda share: cap(share) >= give.possible, largest=False)
        if self.at_most is not None or share is None:
            yield Mend("set", self.place("at_most"), give.possible)
        else:
            yield Mend("set", self.place("share"), shortest(share, lambda cut: cap(cut) == cap(share), down=False))

    def _cap(self, problem: Problem) -> int:
        if self.at_most is not None:
            return self.at_most
        assert self.share is not None
        parts, whole = self.share.as_integer_ratio()
        return int(problem.openings.sum()) * parts // whole
