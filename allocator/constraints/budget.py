"""No funding stream obligates more than it has.

    sum over assignments to slots paid by the stream of obligation  <=  available - committed   (cents)
    obligation = reimbursement rate x min(wage, wage cap) x training hours, at most the contract maximum

The pair's own `cost_cents` takes the place of the formula where the `pairs` table has it. Each obligation is rounded to the cent, half up;
rates and wages are taken to four decimals.

Why: a signed contract must be paid. The rate is typically up to 50 % of the wage and up to 75 % in limited cases.
Source: 20 CFR 680.700 and 680.720; wage caps and contract maximums are local policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

import numpy as np
from pydantic import Field

from allocator.constraints.base import SEAT, Constraint, Give, Mend, Standing, Violation
from allocator.errors import Fault
from allocator.groups import Scope, unknown_names
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import FREE, Draft, Rows
from allocator.scenario import Integers, Mask


class Budget(Constraint):
    """Money of one funding stream, or of all slots where none is named."""

    kind: Literal["budget"] = "budget"
    funding_stream: str | None = Field(None, description="The stream whose slots are charged; every slot where absent.")
    available: Decimal = Field(description="Dollars available to the stream.", ge=0, max_digits=15, decimal_places=2)
    committed: Decimal = Field(Decimal(0), description="Dollars already obligated.", ge=0, max_digits=15, decimal_places=2)
    wage_cap: Decimal | None = Field(None, description="Highest hourly wage that is reimbursed, in dollars.", gt=0, max_digits=8, decimal_places=2)
    contract_maximum: Decimal | None = Field(None, description="Most that one contract may obligate, in dollars.", gt=0, max_digits=12, decimal_places=2)

    def faults(self, problem: Problem) -> Iterator[Fault]:
        facts = problem.scenario
        if self.funding_stream is not None:
            yield from unknown_names(self, problem, Scope(funding_streams=(self.funding_stream,)), "funding_stream")
        unknown = self._charged(problem) & (self._obligation(problem) < 0)
        if facts.has("pairs", "cost_cents"):
            slot, own = facts.link("pairs", "slot_id"), facts.integers("pairs", "cost_cents")
            unknown &= np.isin(np.arange(len(unknown)), slot[own < 0])
        if unknown.any():
            names = ", ".join(facts.ids("slots")[unknown][:5])
            more = f" and {int(unknown.sum()) - 5} more" if unknown.sum() > 5 else ""
            yield self.fault(
                "missing_facts",
                f"The obligation of {names}{more} cannot be computed: wage or training_hours is not recorded.",
                "Fill in both columns, or bring cost_cents with the pairs.",
            )

    def rows(self, draft: Draft) -> Iterator[Rows]:
        charged = self._charged(draft.problem)[draft.pairs.slot]
        own = draft.pairs.cost if draft.pairs.cost is not None else np.full(len(draft.pairs), -1, dtype=np.int64)
        cost = np.where(own >= 0, own, self._obligation(draft.problem)[draft.pairs.slot])
        inside = np.flatnonzero(charged & (cost > 0))
        price = 1 if len(inside) == 0 else max(1, int(SEAT / cost[inside].mean()))
        key = self.funding_stream or ""
        yield Rows(
            self.kind,
            self.label,
            [key],
            np.array([-FREE]),
            np.array([self._left()]),
            pair=inside,
            row=np.zeros(len(inside), dtype=np.int64),
            coefficient=cost[inside],
            bend=price,
        )

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.at_most is not None and line.achieved > line.at_most:
                yield self.violation(
                    line.key, f"{line.key} would obligate {_dollars(line.achieved)}; {_dollars(line.at_most)} is left.", line.achieved - line.at_most, "cents"
                )

    def standings(self, plan: Plan) -> Iterator[Standing]:
        spent = int(self.obligations(plan)[self.pays(plan)].sum())
        yield self.standing(self.funding_stream or "all slots", spent, at_most=self._left(), unit="cents")

    def in_words(self, problem: Problem, key: str) -> str:
        return self._stream if self.funding_stream is None else f"the money of {self._stream}"

    def because(self, problem: Problem, key: str, lower: bool, value: int) -> str:
        return f"{self._stream} has {_dollars(value)} left"

    def gives(self, problem: Problem, give: Give) -> str:
        return f"{self._stream} would have to obligate {_dollars(give.possible)}, with {_dollars(give.asked)} left"

    def mended(self, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
        for give in gives:
            yield Mend("set", self.place("available"), self.committed + Decimal(give.possible) / 100)

    @property
    def _stream(self) -> str:
        return "the budget of all slots" if self.funding_stream is None else f"funding stream {self.funding_stream}"

    def pays(self, plan: Plan) -> Mask:
        """Which assignments this stream pays for, in the plan's order."""
        return self._charged(plan.problem)[plan.slot]

    def obligations(self, plan: Plan) -> Integers:
        """Cents that each assignment would obligate under this rule, in the plan's order; -1 where wage or hours are not recorded."""
        own = plan.brought("cost_cents")
        return np.where(own >= 0, own, self._obligation(plan.problem)[plan.slot])

    def _left(self) -> int:
        return max(0, int((self.available - self.committed) * 100))

    def _charged(self, problem: Problem) -> Mask:
        """Per slot, whether this stream pays for it."""
        if self.funding_stream is None:
            return np.ones(problem.scenario.size("slots"), dtype=bool)
        return Scope(funding_streams=(self.funding_stream,)).members(problem)

    def _obligation(self, problem: Problem) -> Integers:
        """Cents that one trainee in each slot obligates; -1 where wage or hours are not recorded."""
        facts = problem.scenario
        wage = np.rint(np.nan_to_num(facts.numbers("slots", "wage"), nan=-1) * 10_000).astype(np.int64)
        hours = facts.integers("slots", "training_hours")
        rate = np.rint(facts.numbers("slots", "reimbursement_rate") * 10_000).astype(np.int64)
        if self.wage_cap is not None:
            wage = np.minimum(wage, int(self.wage_cap * 10_000))
        cents = (rate * wage * hours + 500_000) // 1_000_000
        if self.contract_maximum is not None:
            cents = np.minimum(cents, int(self.contract_maximum * 100))
        return np.where((wage < 0) | (hours < 0), -1, cents)


def _dollars(cents: int) -> str:
    return f"${cents / 100:,.2f}"
