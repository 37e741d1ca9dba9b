"""A seeker speaks every language that the slot requires.

Counted: each code of `slots.required_languages` must be among `seekers.languages`. A seeker whose languages are not recorded is
not refused.

Why: where safety or customers depend on a language, the trainee has to speak it from the start.
Source: local practice. A language the job does not need must not be required: 29 CFR part 38 forbids discrimination by national
origin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Language(Eligibility):
    """A seeker speaks every language that the slot requires."""

    kind: Literal["language"] = "language"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.languages", "slots.required_languages")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        spoken, required = facts.lists("seekers", "languages"), facts.lists("slots", "required_languages")
        recorded = np.array([bool(languages) for languages in spoken.sets], dtype=bool)[spoken.codes]
        may = np.ones(len(seekers), dtype=bool)
        in_play = np.unique(required.codes[slots])
        for code in sorted({code for number in in_play for code in required.sets[number]}):
            asked = np.flatnonzero(required.any_of(frozenset({code}))[slots])
            may[asked] &= (spoken.any_of(frozenset({code})) | ~recorded)[seekers[asked]]
        return may

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        spoken = facts.lists("seekers", "languages").at(seeker)
        missing = [code for code in facts.lists("slots", "required_languages").at(slot) if code not in spoken]
        who, what = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
        return f"{what} requires {' and '.join(missing)}; {who} speaks {', '.join(spoken)}."
