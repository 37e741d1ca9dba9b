"""The program aims at some sectors, employers, counties, centers or accounts.

    minimum  <=  X(all, S)  <=  maximum,   aiming at goal <= X(all, S)

`minimum` and `maximum` hold as law where `hard = true`. Otherwise, and always for `goal`, each person missing (or too many) counts in the goal `shortfall`
with `weight`; where a `price` is given, it costs that many points of match quality instead.

Why: boards commit to target sectors, and business services staff are measured by them.
Source: local; "aligned OJT business targets".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.groups import Scope, unknown_names
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows, Slack
from allocator.rule import Count
from allocator.scenario import Integers, Mask


class BusinessTarget(Constraint):
    """How many people should be placed in the slots of a scope."""

    kind: Literal["business_target"] = "business_target"
    scope: Scope = Field(Scope(), description="Which slots: by sector, employer, county, center, staff member, ...")
    minimum: Count | None = Field(None, description="Fewest people.")
    goal: Count | None = Field(None, description="People aimed at.")
    maximum: Count | None = Field(None, description="Most people.")
    hard: bool = Field(False, description="true: minimum and maximum hold as law.")
    weight: Decimal = Field(Decimal(1), gt=0, le=10_000, decimal_places=2, description="How heavy one person missing is in the goal shortfall.")
    price: Decimal | None = Field(
        None, gt=0, le=1_000_000, decimal_places=2, description="Points of match quality that one person missing costs, in place of weight."
    )

    @model_validator(mode="after")
    def _ordered(self) -> BusinessTarget:
        given = [value for value in (self.minimum, self.goal, self.maximum) if value is not None]
        if not given:
            raise ValueError("give minimum, goal or maximum")
        if given != sorted(given):
            raise ValueError("minimum, goal and maximum must not decrease")
        return self

    def faults(self, problem: Problem) -> Iterator[Fault]:
        yield from unknown_names(self, problem, self.scope, "scope")

    def rows(self, draft: Draft) -> Iterator[Rows]:
        of_slot = np.where(self.scope.members(draft.problem), 0, -1).astype(np.int32)
        for name, least, most, hard in self._bounds():
            lower, upper = np.array([-FREE if least is None else least]), np.array([FREE if most is None else most])
            if hard:
                yield Rows(self.kind, self.label, [name], lower, upper, of_slot=of_slot, bend=SEAT)
            else:
                short = self._missing(draft, lower if most is None else np.array([int(draft.problem.openings[of_slot == 0].sum())]))
                sign = np.array([1 if most is None else -1])
                yield Rows(self.kind, self.label, [name], lower, upper, of_slot=of_slot, slack=Slack(np.zeros(1, dtype=np.int64), short, sign), bend=0)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.hard and line.at_least is not None and line.achieved < line.at_least:
                yield self.violation(
                    line.key, f"{line.achieved} people in {self.scope.describe()}; at least {line.at_least} are needed.", line.at_least - line.achieved
                )
            if line.hard and line.at_most is not None and line.achieved > line.at_most:
                yield self.violation(
                    line.key, f"{line.achieved} people in {self.scope.describe()}; at most {line.at_most} are allowed.", line.achieved - line.at_most
                )

    def standings(self, plan: Plan) -> Iterator[Standing]:
        scope: Mask = self.scope.members(plan.problem)
        placed = int(scope[plan.slot].sum())
        for name, least, most, hard in self._bounds():
            yield self.standing(name, placed, at_least=least, at_most=most, hard=hard)

    def in_words(self, problem: Problem, key: str) -> str:
        called = f"for {self.scope.describe()}" if self.label in ("", self.kind) else f'"{self.label}"'
        return f"the {key or 'target'} {called}"

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"at {'least' if lower else 'most'} {value} people are to be placed in {self.scope.describe()}"

    def gives(self, problem: Problem, give: Give) -> str:
        where = self.scope.describe()
        if give.lower:
            return f"At most {give.possible} of the {give.asked} people wanted in {where} can be placed"
        return f"{give.possible} people would have to be placed in {where}, where {give.asked} are the most allowed"

    def firm(self) -> BusinessTarget:
        least = self.minimum if self.goal is None else self.goal
        return self.model_copy(update={"hard": True, "minimum": least, "goal": None, "price": None})

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        yield from (Mend("set", self.place(give.key), give.possible) for give in gives)

    def _bounds(self) -> Iterator[tuple[str, int | None, int | None, bool]]:
        """Each bound as (name, at least, at most, hard)."""
        if self.minimum is not None:
            yield "minimum", self.minimum, None, self.hard
        if self.goal is not None:
            yield "goal", self.goal, None, False
        if self.maximum is not None:
            yield "maximum", None, self.maximum, self.hard

    def _missing(self, draft: Draft, most: Integers) -> Any:
        columns = draft.columns(most)
        if self.price is not None:
            draft.penalty("match_quality", columns, int(self.price * 100))
        else:
            draft.penalty("shortfall", columns, int(self.weight * 100))
        return columns
