"""A seeker can work the shift and the hours of the slot.

Counted: `slots.shift` must be among `seekers.shifts`; `any` on either side matches everything. `slots.hours_per_week` must not
exceed `seekers.hours_available`. What is not recorded on either side refuses nobody.

Why: child care, school and second jobs set hours that a trainee cannot move.
Source: local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Schedule(Eligibility):
    """A seeker can work the shift and the hours of the slot."""

    kind: Literal["schedule"] = "schedule"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.shifts", "seekers.hours_available", "slots.shift", "slots.hours_per_week")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        offered, worked = facts.lists("seekers", "shifts"), facts.coded("slots", "shift")
        # The last column answers for code -1, a slot without a shift.
        verdict = np.array([[_fits(shifts, shift) for shift in worked.values] + [True] for shifts in offered.sets], dtype=bool)
        too_long = facts.numbers("slots", "hours_per_week")[slots] > facts.numbers("seekers", "hours_available")[seekers]
        return np.asarray(verdict[offered.codes[seekers], worked.codes[slots]] & ~too_long)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        who, what = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
        shifts, shift = facts.lists("seekers", "shifts").at(seeker), facts.coded("slots", "shift").text(slot)
        parts = []
        if shift is not None and not _fits(shifts, shift):
            parts.append(f"{what} is on the {shift} shift and {who} can work {', '.join(shifts)}")
        asked, free = facts.numbers("slots", "hours_per_week")[slot], facts.numbers("seekers", "hours_available")[seeker]
        if asked > free:
            parts.append(f"{what} takes {asked:g} hours a week and {who} has {free:g}")
        return "; ".join(parts) + "."


def _fits(shifts: tuple[str, ...], shift: str) -> bool:
    return not shifts or "any" in shifts or shift == "any" or shift in shifts
