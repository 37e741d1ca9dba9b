"""A seeker takes only slots that a funding stream they are eligible for pays.

Counted: `slots.funding_stream` must be among `seekers.funding_streams`, code for code. A slot without a stream is open to all;
a seeker without any is not yet determined and may take every slot.

Why: money for adults, dislocated workers, youth or SNAP recipients may be spent on people who are enrolled under it only.
Source: 20 CFR part 680 (eligibility by funding stream); which codes are in use is local practice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class FundingStream(Eligibility):
    """A seeker takes only slots that a funding stream they are eligible for pays."""

    kind: Literal["funding_stream"] = "funding_stream"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.funding_streams", "slots.funding_stream")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        held = problem.scenario.lists("seekers", "funding_streams")
        pays = problem.scenario.coded("slots", "funding_stream")
        # The last column answers for code -1, a slot without a stream.
        verdict = np.array([[not streams or stream in streams for stream in pays.values] + [True] for streams in held.sets], dtype=bool)
        return np.asarray(verdict[held.codes[seekers], pays.codes[slots]])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        held = ", ".join(facts.lists("seekers", "funding_streams").at(seeker))
        stream = facts.coded("slots", "funding_stream").text(slot)
        return f"{facts.ids('slots')[slot]} is paid by {stream}; {facts.ids('seekers')[seeker]} is eligible for {held} only."
