"""A seeker who already does the job well is not trained for it.

Refused: the slot's occupation is the seeker's last occupation (`last_soc`, compared by the first `digits` digits of the O*NET-SOC
code) and the seeker has more than `months` months of experience in it. An unknown occupation or unknown experience refuses nobody.

Why: training pays for skills that are to be learned; a worker who has them needs a referral, not a subsidy.
Source: 20 CFR 680.700(c) (skill level and prior work experience limit an OJT); the number of months is local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.scenario import Integers, Mask, Positions
from allocator.signatures import together

if TYPE_CHECKING:
    from allocator.problem import Problem


class TrainingNeed(Eligibility):
    """A seeker who already does the job well is not trained for it."""

    kind: Literal["training_need"] = "training_need"
    digits: int = Field(6, ge=2, le=8, description="Digits of the O*NET-SOC code that make two occupations the same.")
    months: int = Field(12, ge=0, le=900, description="Months of experience above which nothing is left to train.")

    def alike(self, problem: Problem) -> tuple[Integers, Integers]:
        facts = problem.scenario
        last, job = facts.coded("seekers", "last_soc").codes, facts.coded("slots", "onet_soc").codes
        # Months of experience are many, enough of them or not are two.
        skilled = facts.integers("seekers", "months_experience") > self.months
        return together(len(last), [np.where(skilled, last, -1)]), together(len(job), [job])

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        last, job = facts.coded("seekers", "last_soc"), facts.coded("slots", "onet_soc")
        held, asked = problem.once((self.kind, self.digits), lambda: self._shared(last.values, job.values))
        one, other = held[last.codes[seekers]], asked[job.codes[slots]]
        skilled = facts.integers("seekers", "months_experience")[seekers] > self.months
        return np.asarray(~((one == other) & (one >= 0) & skilled))

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        who, what = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
        months, soc = facts.integers("seekers", "months_experience")[seeker], facts.coded("seekers", "last_soc").text(seeker)
        return f"{who} has {months} months of experience as {soc}, the occupation of {what}; more than {self.months} leaves nothing to train."

    def _shared(self, *columns: tuple[str, ...]) -> tuple[Integers, ...]:
        """A number for each occupation, the same in every column; -1 for codes that are too short to tell, and for none."""
        seen: dict[str, int] = {}
        return tuple(self._numbered(codes, seen) for codes in columns)

    def _numbered(self, codes: tuple[str, ...], seen: dict[str, int]) -> Integers:
        short = [code.replace("-", "").replace(".", "")[: self.digits] for code in codes]
        return np.array([seen.setdefault(text, len(seen)) if len(text) == self.digits else -1 for text in short] + [-1], dtype=np.int64)
