"""What the tables are made from: a result, its plan and pairs, and perhaps the assignments to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from allocator.money import obligations
from allocator.pairs import Pairs
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.result import Result
from allocator.scenario import Dates, Integers, Mask, Names, Positions, Scenario

if TYPE_CHECKING:
    from allocator.opened import Opened


@dataclass(frozen=True, eq=False)
class Material:
    """One result, opened. `before` is the plan to compare with as (seeker_id, slot_id), None where there is none."""

    result: Result
    plan: Plan
    pairs: Pairs
    before: Sequence[tuple[str, str]] | None = None

    @classmethod
    def of(cls, opened: Opened, before: Sequence[tuple[str, str]] | None = None) -> Material:
        """From an opened result; the scenario's own reference where nothing else is given to compare with."""
        if before is None and opened.scenario.has("reference"):
            frame = opened.scenario.tables["reference"]
            before = list(zip(frame["seeker_id"], frame["slot_id"], strict=True))
        return cls(opened.result, opened.plan, opened.program.pairs, before)

    @property
    def problem(self) -> Problem:
        """Facts and wishes."""
        return self.plan.problem

    @property
    def facts(self) -> Scenario:
        """The scenario."""
        return self.plan.problem.scenario

    @cached_property
    def by_seeker(self) -> Positions:
        """Assignments in the order of the seekers' ids, as positions in the plan."""
        return np.lexsort((self.plan.slot, self.plan.seeker)).astype(np.int32)

    @cached_property
    def holds(self) -> Positions:
        """Each seeker's slot, or -1."""
        held = np.full(self.facts.size("seekers"), -1, dtype=np.int32)
        held[self.plan.seeker] = self.plan.slot
        return held

    @cached_property
    def filled(self) -> Integers:
        """People in each slot."""
        return np.bincount(self.plan.slot, minlength=self.facts.size("slots")).astype(np.int64)

    @cached_property
    def cents(self) -> Integers:
        """What each assignment obligates, in the plan's order; -1 where not known."""
        return obligations(self.plan)

    @cached_property
    def reverse(self) -> Mask:
        """Which assignments are reverse referrals, in the plan's order."""
        return self.problem.reverse_referrals[self.plan.slot]

    @cached_property
    def options(self) -> Integers:
        """Slots that admit each seeker."""
        return np.bincount(self.pairs.seeker, minlength=self.facts.size("seekers")).astype(np.int64)

    @cached_property
    def history(self) -> dict[tuple[int, int], int]:
        """The record of each commitment by its pair's positions."""
        if not self.facts.has("commitments"):
            return {}
        seeker, slot = self.facts.link("commitments", "seeker_id"), self.facts.link("commitments", "slot_id")
        return {pair: record for record, pair in enumerate(zip(seeker.tolist(), slot.tolist(), strict=True)) if min(pair) >= 0}

    # -- columns at positions ---------------------------------------------------------------------------------------

    def ids(self, table: str, positions: Positions) -> Names:
        """Ids of records; None for -1."""
        return np.append(self.facts.ids(table), np.array([None], dtype=object))[positions]

    def texts(self, table: str, column: str, positions: Positions) -> Names:
        """A text column at these records; None where not recorded or the position is -1."""
        coded = self.facts.coded(table, column)
        values = np.array([*coded.values, None], dtype=object)
        return np.asarray(values[np.append(coded.codes, np.int32(-1))[positions]], dtype=object)

    def numbers(self, table: str, column: str, positions: Positions) -> Integers:
        """A number at these records; NaN where not recorded."""
        return np.append(self.facts.numbers(table, column), np.nan)[positions]

    def days(self, table: str, column: str, positions: Positions) -> Dates:
        """A day at these records; NaT where not recorded."""
        return np.append(self.facts.days(table, column), np.datetime64("NaT", "D"))[positions]

    def dollars(self, cents: Integers) -> Names:
        """Cents as dollars; None where not known (-1)."""
        return np.array([None if amount < 0 else amount / 100 for amount in cents.tolist()], dtype=object)
