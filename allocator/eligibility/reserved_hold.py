"""A held slot is open only to those it is held for, until it is released.

Counted: each slot in `scope`. Until the first step of `release` has fired, only `beneficiaries` may take it; after that, those
whom the highest fired step names; after a step to `open`, everybody. A release without steps never lets go. All openings of a
slot are held together; to promise a share of many slots use the constraint `reservation`.

Why: partners can prepare their customers only if a seat waits for them, and a seat must not stay empty when they have nobody.
Source: local practice, after First Source ordinances (Philadelphia: a First Source period; Alameda County: ten working days).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.errors import Fault
from allocator.groups import Beneficiaries, Scope, unknown_names
from allocator.release import Release
from allocator.scenario import Integers, Mask, Positions
from allocator.signatures import together

if TYPE_CHECKING:
    from allocator.problem import Problem

Doors = np.ndarray[tuple[int, int], np.dtype[np.bool_]]


class ReservedHold(Eligibility):
    """A held slot is open only to those it is held for, until it is released."""

    kind: Literal["reserved_hold"] = "reserved_hold"
    beneficiaries: Beneficiaries = Field(description="Whom the slots are held for.")
    scope: Scope = Field(default_factory=Scope, description="Which slots are held.")
    release: Release = Field(default_factory=Release, description="When, and to whom, a held slot is let go.")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        admits, row = self._doors(problem)
        return np.asarray(admits[row[slots], seekers])

    def alike(self, problem: Problem) -> tuple[Integers, Integers]:
        admits, row = self._doors(problem)
        return together(admits.shape[1], list(admits)), together(len(row), [row])

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        group = self._open_to(int(self.release.rungs(problem)[slot]))
        whom = "" if group is None else group.describe()
        who, what = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
        return f"{what} is held for {whom}, where {who} does not belong; it {self.release.state(problem, slot)}."

    def faults(self, problem: Problem) -> Iterator[Fault]:
        yield from unknown_names(self, problem, self.beneficiaries, "beneficiaries")
        yield from unknown_names(self, problem, self.scope, "scope")
        yield from self.release.faults(self, problem)

    def _open_to(self, rung: int) -> Beneficiaries | None:
        return self.beneficiaries if rung == 0 else self.release.to(rung)

    def _doors(self, problem: Problem) -> tuple[Doors, Integers]:
        """`[rung, seeker]`: whom each rung admits, everybody in a last row for slots that the rule is not about; and each slot's row."""
        return problem.once((self.kind, self.beneficiaries, self.scope, self.release), lambda: self._hung(problem))

    def _hung(self, problem: Problem) -> tuple[Doors, Integers]:
        groups = [self._open_to(rung) for rung in range(len(self.release.steps) + 1)]
        everybody = np.ones(problem.scenario.size("seekers"), dtype=bool)
        admits = np.stack([everybody if group is None else group.members(problem) for group in groups] + [everybody])
        return admits, np.where(self.scope.members(problem), self.release.rungs(problem), len(groups))
