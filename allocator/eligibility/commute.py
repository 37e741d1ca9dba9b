"""A seeker is referred only to work sites they can reach.

Counted: where the `commutes` table knows the journey between the two postal codes and the seeker has a limit, minutes decide
(at most `seekers.max_commute_min`). Otherwise counties decide: with reach `county` the work site must be in the county of
residence, with `adjacent` in that county or one that borders on it, with `any` anywhere. An unknown county refuses nobody.

Why: a job that cannot be reached every morning is lost in its first month.
Source: local practice. The borders between Multnomah, Washington, Clackamas and Clark (Washington State) counties are geography.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from allocator.eligibility.base import Eligibility
from allocator.errors import Fault
from allocator.geography import ADJACENT, OTHER, PORTLAND_REGION, SAME, CountyPairs, minutes, nearness
from allocator.scenario import UNKNOWN, Mask, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

_LEAST = {"county": SAME, "adjacent": ADJACENT, "any": OTHER}
_ALLOWED = {"county": "the same county", "adjacent": "the same or an adjacent county", "any": "any county"}


class Commute(Eligibility):
    """A seeker is referred only to work sites they can reach."""

    kind: Literal["commute"] = "commute"
    reads: ClassVar[tuple[str, ...] | None] = ("seekers.county_fips", "seekers.zip", "seekers.max_commute_min", "slots.county_fips", "slots.zip")
    reach: Literal["county", "adjacent", "any"] = Field("adjacent", description="How far a work site may lie where minutes are not known.")
    adjacent: CountyPairs = Field(PORTLAND_REGION, description="Pairs of counties that border on each other, five-digit FIPS codes.")

    def mask(self, problem: Problem, seekers: Positions, slots: Positions) -> Mask:
        near = nearness(problem, seekers, slots, self.adjacent)
        by_county = (near == UNKNOWN) | (near >= _LEAST[self.reach])
        journey = minutes(problem, seekers, slots)
        limit = problem.scenario.integers("seekers", "max_commute_min")[seekers]
        return np.where((journey >= 0) & (limit >= 0), journey <= limit, by_county)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        facts = problem.scenario
        who, what = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
        journey = int(minutes(problem, np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32))[0])
        limit = int(facts.integers("seekers", "max_commute_min")[seeker])
        if journey >= 0 and limit >= 0:
            return f"{who} would travel {journey} minutes to {what}; {limit} at most."
        home, site = facts.coded("seekers", "county_fips").text(seeker), facts.coded("slots", "county_fips").text(slot)
        return f"{who} lives in county {home} and {what} is in county {site}; {_ALLOWED[self.reach]} only."

    def faults(self, problem: Problem) -> Iterator[Fault]:
        facts = problem.scenario
        counties = {*facts.coded("seekers", "county_fips").values, *facts.coded("slots", "county_fips").values}
        if self.reach == "adjacent" and len(counties) > 1 and not any(counties.issuperset(pair) for pair in self.adjacent):
            message = f"No two of the counties in use ({', '.join(sorted(counties)[:10])}) are listed as adjacent, so only the same county is within reach."
            yield self.fault(
                "no_adjacent_counties", message, 'List the borders in `adjacent`, or set reach = "county" or "any".', field="adjacent", severity="warning"
            )
