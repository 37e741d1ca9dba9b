"""A seeker is not trained by an employer they have already worked for.

Counted: the slot's employer among `seekers.prior_employer_ids`. Prior employers that are not recorded refuse nobody.

Why: an employer should not be paid to take back a worker it has trained before.
Source: local practice (the "previous employer of applicant" section of OJT manuals); 20 CFR 680.700(c) on prior work experience.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from allocator.eligibility.base import Eligibility, Exceptions
from allocator.scenario import Integers, Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

MOST_EXCEPTIONS = 20_000_000
"""Pairs of a seeker and a slot of a prior employer that may be listed one by one."""


class PriorEmployer(Eligibility):
    """A seeker is not trained by an employer they have already worked for."""

    kind: Literal["prior_employer"] = "prior_employer"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.prior_employer_ids", "slots.employer_id")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        facts = problem.scenario
        past, employer = facts.lists("seekers", "prior_employer_ids"), facts.coded("slots", "employer_id")
        history = problem.once((self.kind, "history"), lambda: self._history(past.sets, employer.values))
        known = np.flatnonzero(employer.codes[slots] >= 0)
        asked = past.codes[seekers[known]].astype(np.int64) * len(employer.values) + employer.codes[slots[known]]
        may = np.ones(len(seekers), dtype=bool)
        may[known] = history[np.searchsorted(history, asked)] != asked
        return may

    def exceptions(self, problem: Problem) -> Exceptions | None:
        facts = problem.scenario
        past, employer = facts.lists("seekers", "prior_employer_ids"), facts.coded("slots", "employer_id")
        history = problem.once((self.kind, "history"), lambda: self._history(past.sets, employer.values))[:-1]
        whose, where = history // max(1, len(employer.values)), history % max(1, len(employer.values))
        people, places = _Groups(past.codes, len(past.sets)), _Groups(employer.codes, len(employer.values))
        if (people.sizes[whose] * places.sizes[where]).sum() > MOST_EXCEPTIONS:
            return None
        row, seeker = people.of(whose)
        number, slot = places.of(where[row])
        return Exceptions(np.ones(len(employer.codes), dtype=bool), seeker[number].astype(np.int32), slot.astype(np.int32))

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        employer = facts.coded("slots", "employer_id").text(slot)
        return f"{facts.ids('seekers')[seeker]} has worked for {employer}, the employer of {facts.ids('slots')[slot]}, before."

    @staticmethod
    def _history(pasts: tuple[tuple[str, ...], ...], employers: tuple[str, ...]) -> Integers:
        """One number for each employer in each distinct history, in order; both are many, so their product is never built."""
        numbers = {name: number for number, name in enumerate(employers)}
        listed = (row * len(numbers) + numbers[name] for row, names in enumerate(pasts) for name in dict.fromkeys(names) if name in numbers)
        # The last entry is above every number, so that a search always ends on an entry.
        return np.array([*sorted(listed), np.iinfo(np.int64).max], dtype=np.int64)


class _Groups:
    """Records by their group; code -1 is in none."""

    def __init__(self, codes: Positions, groups: int) -> None:
        self.sizes = np.bincount(codes[codes >= 0], minlength=groups)
        self._order = np.argsort(codes, kind="stable")[len(codes) - int(self.sizes.sum()) :]
        self._start = np.cumsum(self.sizes) - self.sizes

    def of(self, groups: Integers) -> tuple[Integers, Integers]:
        """The records of each of these groups, one after the other: (which of the groups, record)."""
        sizes = self.sizes[groups]
        which = np.repeat(np.arange(len(groups)), sizes)
        within = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return which, self._order[self._start[groups[which]] + within]
