"""How far a home is from a work site: in minutes where the `commutes` table says so, else by county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.scenario import UNKNOWN, Integers, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

OTHER, ADJACENT, SAME = 0, 1, 2
"""How two counties lie; UNKNOWN (-1) where either is not recorded."""

Table = np.ndarray[tuple[int, int], np.dtype[np.int64]]
CountyPairs = tuple[tuple[str, str], ...]

PORTLAND_REGION: CountyPairs = (("41051", "41067"), ("41051", "41005"), ("41051", "53011"), ("41067", "41005"))
"""Counties that share a border: Multnomah (41051) with Washington (41067), Clackamas (41005) and Clark in the State of
Washington (53011); Washington with Clackamas."""


def adjacent_counties(problem: Problem) -> CountyPairs:
    """The counties that the policy's commute rule calls adjacent, so that a map is drawn once; the region's where it has none."""
    rules = (rule for rule in problem.policy.eligibility or () if rule.kind == "commute")
    return next((getattr(rule, "adjacent", PORTLAND_REGION) for rule in rules), PORTLAND_REGION)


def nearness(problem: Problem, seekers: Positions, slots: Positions, adjacent: CountyPairs) -> Integers:
    """Each pair's counties: SAME, ADJACENT, OTHER or UNKNOWN."""
    home = problem.scenario.coded("seekers", "county_fips")
    site = problem.scenario.coded("slots", "county_fips")
    table = problem.once(("nearness", adjacent), lambda: _nearness(home.values, site.values, adjacent))
    return np.asarray(table[home.codes[seekers], site.codes[slots]])


def _nearness(homes: tuple[str, ...], sites: tuple[str, ...], adjacent: CountyPairs) -> Table:
    borders = {frozenset(pair) for pair in adjacent}
    # One row and one column more than there are counties: code -1, "not recorded", finds its answer at the end.
    table = np.full((len(homes) + 1, len(sites) + 1), UNKNOWN, dtype=np.int64)
    for row, one in enumerate(homes):
        for column, other in enumerate(sites):
            table[row, column] = SAME if one == other else ADJACENT if frozenset((one, other)) in borders else OTHER
    return table


def minutes(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
    """Each pair's travel time from home to work by the `commutes` table; UNKNOWN where it has no such journey."""
    facts = problem.scenario
    if facts.size("commutes") == 0:
        return np.full(len(seekers), UNKNOWN, dtype=np.int64)
    origin, target = facts.coded("commutes", "from_zip"), facts.coded("commutes", "to_zip")
    home, site = facts.coded("seekers", "zip"), facts.coded("slots", "zip")
    starts = _numbered(home.values, origin.values)[home.codes[seekers]]
    ends = _numbered(site.values, target.values)[site.codes[slots]]
    width = len(target.values)
    # The table is in the order of its keys and codes are in the order of their texts, so the journeys are sorted.
    journeys = problem.once(("commutes", "journeys"), lambda: origin.codes.astype(np.int64) * width + target.codes)
    wanted = starts * width + ends
    place = np.minimum(np.searchsorted(journeys, wanted), len(journeys) - 1)
    found = (starts >= 0) & (ends >= 0) & (journeys[place] == wanted)
    return np.where(found, facts.integers("commutes", "minutes")[place], UNKNOWN)


def _numbered(values: tuple[str, ...], among: tuple[str, ...]) -> Integers:
    """The number of each value in another column's values, -1 where it has none; one more -1 for "not recorded"."""
    numbers = {value: number for number, value in enumerate(among)}
    return np.array([numbers.get(value, -1) for value in values] + [-1], dtype=np.int64)
