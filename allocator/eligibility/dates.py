"""A slot is filled only while its order is open and its training is still ahead.

Refused: slots whose `fill_by` or whose `start_date` lies before the day of the run; on the day itself both still count. A day
that is not recorded refuses nothing.

Why: a contract is signed before the first day of training, and an order that has closed is no longer a job.
Source: local practice (no contract, and no payment, for training that has begun).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Dates(Eligibility):
    """A slot is filled only while its order is open and its training is still ahead."""

    kind: Literal["dates"] = "dates"
    looks_at: ClassVar[Literal["seeker", "slot", "pair"]] = "slot"

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        past = (facts.days("slots", "fill_by") < problem.as_of) | (facts.days("slots", "start_date") < problem.as_of)
        return np.asarray(~past[slots])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        fill_by, start = facts.days("slots", "fill_by")[slot], facts.days("slots", "start_date")[slot]
        parts = [f"was to be filled by {fill_by}"] if fill_by < problem.as_of else []
        parts += [f"started on {start}"] if start < problem.as_of else []
        return f"{facts.ids('slots')[slot]} {' and '.join(parts)}, before {problem.as_of}."
