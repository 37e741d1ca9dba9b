"""A plan: assignments as the law sees them, whoever made them. Knows the tables; no eligibility, no solver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.pairs import records
from allocator.problem import Problem
from allocator.scenario import Integers, Mask, Positions


@dataclass(frozen=True, eq=False)
class Plan:
    """Assignments by position: seeker `seeker[k]` takes an opening of slot `slot[k]`."""

    problem: Problem
    seeker: Positions
    slot: Positions

    @classmethod
    def of(cls, problem: Problem, assignments: Iterable[tuple[str, str]]) -> Plan:
        """A plan from ids; raises KeyError on an id that the scenario does not have."""
        found = []
        for seeker_id, slot_id in sorted(assignments):
            one, other = problem.scenario.position("seekers", seeker_id), problem.scenario.position("slots", slot_id)
            if one < 0 or other < 0:
                raise KeyError(seeker_id if one < 0 else slot_id)
            found.append((one, other))
        table = np.array(found, dtype=np.int32).reshape(-1, 2)
        return cls(problem, table[:, 0], table[:, 1])

    def __len__(self) -> int:
        return len(self.seeker)

    def count(self, members: Mask, scope: Mask) -> int:
        """X(G, S): assignments of these seekers to these slots."""
        return int((members[self.seeker] & scope[self.slot]).sum())

    @cached_property
    def per_slot(self) -> Counter[int]:
        """Assignments of each slot, by position."""
        return Counter(self.slot.tolist())

    @cached_property
    def per_seeker(self) -> Counter[int]:
        """Assignments of each seeker, by position."""
        return Counter(self.seeker.tolist())

    def named(self) -> Iterator[tuple[str, str]]:
        """The assignments as ids."""
        yield from zip(self.problem.scenario.ids("seekers")[self.seeker], self.problem.scenario.ids("slots")[self.slot], strict=True)

    def brought(self, column: str) -> Integers:
        """The pair's own `staff_points` or `cost_cents`, or -1 where the user brought none."""
        facts = self.problem.scenario
        if not facts.has("pairs", column):
            return np.full(len(self), -1, dtype=np.int64)
        own = np.full(len(self), -1, dtype=np.int64)
        there = np.flatnonzero(self._records >= 0)
        own[there] = facts.integers("pairs", column)[self._records[there]]
        return own

    @cached_property
    def _records(self) -> Integers:
        return records(self.problem, self.seeker, self.slot)
