"""A slot pays at least the lowest wage that the seeker accepts.

Counted: `slots.wage` must not be below `seekers.wage_floor`, dollars an hour. With `minimum` no slot below that wage is filled by
anybody. An unknown wage or an unknown floor refuses nobody.

Why: a placement below what a household needs does not last, and public money should not train for it.
Source: local practice (boards set a wage floor for OJT, for example the minimum wage plus two dollars).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class WageFloor(Eligibility):
    """A slot pays at least the lowest wage that the seeker accepts."""

    kind: Literal["wage_floor"] = "wage_floor"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.wage_floor", "slots.wage")
    minimum: float | None = Field(None, ge=0, description="Lowest wage of any slot, dollars an hour; none where absent.")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        wage = problem.scenario.numbers("slots", "wage")[slots]
        # Comparisons with an unknown number are false: only a wage that is known to be too low refuses.
        refused = wage < problem.scenario.numbers("seekers", "wage_floor")[seekers]
        if self.minimum is not None:
            refused |= wage < self.minimum
        return np.asarray(~refused)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        wage, floor = facts.numbers("slots", "wage")[slot], facts.numbers("seekers", "wage_floor")[seeker]
        what = facts.ids("slots")[slot]
        if wage < floor:
            return f"{what} pays ${wage:.2f} an hour; {facts.ids('seekers')[seeker]} needs ${floor:.2f}."
        return f"{what} pays ${wage:.2f} an hour; ${self.minimum:.2f} is the least for any slot."
