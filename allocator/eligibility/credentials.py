"""A seeker holds every credential that the slot requires.

Counted: each code of `slots.required_credentials` must be among `seekers.credentials`. A blank list of credentials means that
the seeker holds none; where the seekers table has no such column at all, credentials are not recorded here and nobody is refused.

Why: a licence such as a CDL is a condition of doing the work on the first day, not something the training gives.
Source: local practice; a requirement has to be a real one of the job.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.scenario import Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem


class Credentials(Eligibility):
    """A seeker holds every credential that the slot requires."""

    kind: Literal["credentials"] = "credentials"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.credentials", "slots.required_credentials")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        may = np.ones(len(seekers), dtype=bool)
        facts = problem.scenario
        if not facts.has("seekers", "credentials"):
            return may
        held, required = facts.lists("seekers", "credentials"), facts.lists("slots", "required_credentials")
        in_play = np.unique(required.codes[slots])
        for code in sorted({code for number in in_play for code in required.sets[number]}):
            asked = np.flatnonzero(required.any_of(frozenset({code}))[slots])
            has = problem.once((self.kind, code), partial(held.any_of, frozenset({code})))
            may[asked] &= has[seekers[asked]]
        return may

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        held = facts.lists("seekers", "credentials").at(seeker)
        missing = [code for code in facts.lists("slots", "required_credentials").at(slot) if code not in held]
        word = "credential" if len(missing) == 1 else "credentials"
        return f"{facts.ids('seekers')[seeker]} needs {word} {' and '.join(missing)} for {facts.ids('slots')[slot]}."
