"""No employer trains more than its share.

    sum over seekers i and slots j of employer e of x[i, j]  <=  limit[e] - active[e],   for every employer e

The limit is `at_most` trainees, or `share` of the employees at the site rounded down, whichever is smaller; trainees already
there (`active_ojts`) count. Where the number of employees is not recorded, `share` sets no limit for that employer.

Why: a program that leans on one firm stops when that firm does, and training must not become a firm's workforce.
Source: local practice (no federal number); "disproportionate share of the workforce" in local OJT manuals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation, furthest, shortest
from allocator.errors import Fault
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows
from allocator.rule import Count
from allocator.scenario import Integers


class EmployerLimit(Constraint):
    """Trainees per employer, as a number or as a share of its employees."""

    kind: Literal["employer_limit"] = "employer_limit"
    at_most: Count | None = Field(None, description="Most trainees at one employer.")
    share: Decimal | None = Field(None, ge=0, le=1, decimal_places=6, description="Most trainees as a share of the employees at the site.")

    @model_validator(mode="after")
    def _one_limit_at_least(self) -> EmployerLimit:
        if self.at_most is None and self.share is None:
            raise ValueError("give at_most or share")
        return self

    def faults(self, problem: Problem) -> Iterator[Fault]:
        if not problem.scenario.has("slots", "employer_id"):
            yield self.fault("missing_column", "employer_limit needs to know the employer of each slot.", "Add the column employer_id to slots.")
        elif not problem.scenario.has("employers"):
            yield self.fault("missing_table", "employer_limit needs the employers table.", "Add employers with employer_id, or take the rule out.")
        elif self.share is not None:
            unknown = int((problem.scenario.integers("employers", "employees_at_site") < 0).sum())
            if unknown:
                yield self.fault(
                    "missing_facts",
                    f"employees_at_site is not recorded for {unknown} employers; share sets no limit for them.",
                    "Fill in the column.",
                    field="share",
                    severity="warning",
                )

    def rows(self, draft: Draft) -> Iterator[Rows]:
        room = self._room(draft.problem)
        limited = np.flatnonzero(room >= 0)
        row_of = np.full(len(room) + 1, -1, dtype=np.int32)
        row_of[limited] = np.arange(len(limited))
        names = draft.problem.scenario.ids("employers")[limited]
        of_slot = row_of[draft.problem.scenario.link("slots", "employer_id")]
        yield Rows(self.kind, self.label, names, np.full(len(limited), -FREE), room[limited], of_slot=of_slot, bend=SEAT)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.at_most is not None and line.achieved > line.at_most:
                yield self.violation(
                    line.key, f"{line.key} would train {line.achieved} more people; there is room for {line.at_most}.", line.achieved - line.at_most
                )

    def standings(self, plan: Plan) -> Iterator[Standing]:
        facts = plan.problem.scenario
        employer = facts.link("slots", "employer_id")
        trained = Counter(employer[plan.slot].tolist())
        for position, room in enumerate(self._room(plan.problem).tolist()):
            if room >= 0 and (trained[position] or room == 0):
                yield self.standing(str(facts.ids("employers")[position]), trained[position], at_most=room)

    def in_words(self, problem: Problem, key: str) -> str:
        return f"the room for trainees at {key}"

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"employer {key} may train {value} more"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"Employer {give.key} would have to train {give.possible} more people, where {give.asked} more are allowed"

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        facts, names = plan.problem.scenario, " and ".join(give.key for give in gives)
        at = [facts.position("employers", give.key) for give in gives]
        employees, active = facts.integers("employers", "employees_at_site")[at], facts.integers("employers", "active_ojts")[at]
        needed = active + np.array([give.possible for give in gives])
        note = f"{self.name} has one limit for all employers: what {names} needs is allowed to every other as well."
        if self.at_most is not None and needed.max() > self.at_most:
            yield Mend("set", self.place("at_most"), int(needed.max()), note)
        if (now := self.share) is None:
            return
        there = employees >= 0

        def enough(share: Decimal) -> bool:
            parts, whole = share.as_integer_ratio()
            return bool((employees[there] * parts // whole >= needed[there]).all())

        share = furthest(enough, largest=False)
        if share is None:
            no_share = f"{names} would train more people than it employs, which no share allows: {self.name} is switched off."
            yield Mend("set", self.place("enabled"), False, no_share)
        elif share > now:
            yield Mend("set", self.place("share"), shortest(share, lambda cut: cut >= share and cut - share <= (share - now) / 20, down=False), note)

    def _room(self, problem: Problem) -> Integers:
        """Trainees each employer can still take; -1 where there is no limit."""
        facts = problem.scenario
        limit = np.full(facts.size("employers"), FREE if self.at_most is None else self.at_most, dtype=np.int64)
        if self.share is not None:
            parts, whole = self.share.as_integer_ratio()
            employees = facts.integers("employers", "employees_at_site")
            limit = np.where(employees >= 0, np.minimum(limit, employees * parts // whole), limit)
        return np.where(limit >= FREE, -1, np.maximum(limit - facts.integers("employers", "active_ojts"), 0))
