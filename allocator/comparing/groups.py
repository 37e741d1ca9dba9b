"""Who is served: people in the pool and people placed, by tier, partner, center, county and population.

From the tables that everybody may see. A person of several populations counts in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.comparing.side import Side
from allocator.problem import Problem
from allocator.scenario import Integers, Mask, Positions

COLUMNS = {"partner": "partner_id", "center": "center_id", "county": "county_fips"}
NONE = "none"
"""The group of people for whom nothing is recorded."""


@dataclass(frozen=True)
class GroupLine:
    """One group on both sides: people in the pool and placed. `rate` is None where nobody of the group is in the pool."""

    dimension: str
    group: str
    pool: tuple[int, int]
    placed: tuple[int, int]

    @property
    def rate(self) -> tuple[float | None, float | None]:
        """The share of the pool that is placed."""
        before, after = (placed / pool if pool else None for pool, placed in zip(self.pool, self.placed, strict=True))
        return before, after

    @property
    def difference(self) -> float | None:
        """By how much the rate differs, the other's less the base's."""
        before, after = self.rate
        return None if before is None or after is None else after - before

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return self.pool[0] != self.pool[1] or self.placed[0] != self.placed[1]

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data; rates to four digits."""
        base, other = (
            {"pool": pool, "placed": placed, "rate": None if rate is None else round(rate, 4)}
            for pool, placed, rate in zip(self.pool, self.placed, self.rate, strict=True)
        )
        difference = None if self.difference is None else round(self.difference, 4)
        return {"dimension": self.dimension, "group": self.group, "base": base, "other": other, "difference": difference}


def groups(base: Side, other: Side) -> Iterator[GroupLine]:
    """Every group that somebody in either pool belongs to."""
    before, after = counted(base.problem, base.seeker), counted(other.problem, other.seeker)
    for dimension in before:
        for group in sorted({*before[dimension], *after[dimension]}, key=lambda name: (name == NONE, name)):
            (pool, placed), (pool_now, placed_now) = (side[dimension].get(group, (0, 0)) for side in (before, after))
            yield GroupLine(dimension, group, (pool, pool_now), (placed, placed_now))


def counted(problem: Problem, seeker: Integers | Positions) -> dict[str, dict[str, tuple[int, int]]]:
    """By dimension and group: people in the pool, and those of them who are among these people by position. Whoever is placed is in the pool."""
    facts = problem.scenario
    placed = np.zeros(facts.size("seekers"), dtype=bool)
    placed[seeker] = True
    pool = problem.in_pool | placed
    found = {"tier": _by_code(pool, placed, problem.tiers, problem.tier_names)}
    for dimension, column in COLUMNS.items():
        coded = facts.coded("seekers", column)
        found[dimension] = _by_code(pool, placed, coded.codes, coded.values) if facts.has("seekers", column) else {}
    lists = facts.lists("seekers", "populations")
    found["population"] = {}
    for code in sorted({code for codes in lists.sets for code in codes}):
        members = lists.any_of(frozenset([code]))
        found["population"][code] = int((members & pool).sum()), int((members & placed).sum())
    return found


def _by_code(pool: Mask, placed: Mask, codes: Any, values: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    names = [*values, NONE]  # code -1 is the last one
    many, chosen = (np.bincount(np.where(codes < 0, len(values), codes)[mask], minlength=len(names)) for mask in (pool, placed))
    return {name: (int(people), int(some)) for name, people, some in zip(names, many, chosen, strict=True) if people or some}
