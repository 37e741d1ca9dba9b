"""How close the slot's occupation is to the seeker's career map.

    digits of the O*NET-SOC code that agree, from the left:   6    5    3    2   fewer
    points:                                                  100   80   50   25    0

(the same occupation, broad occupation, minor group, major group). Each occupation on the map is compared and the best counts;
a place further down the map takes 2 points off, at most 10, so that among equals the more wanted one wins. A seeker without a
map is compared by the last occupation at 80 % of the points: what someone did is a weaker guide than what they want. Unknown
where the seeker has neither, or the slot has no occupation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from allocator.quality.base import UNKNOWN_FIT, by_signature
from allocator.scenario import Integers, Lists, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

LADDER = ((2, 2_500), (3, 5_000), (5, 8_000), (6, 10_000))
"""Digits that agree, and hundredths of a point for it."""
PLACE, MOST_PLACES = 200, 5
"""Taken off for each place down the map, and how many places count."""

Table = np.ndarray[tuple[int, int], np.dtype[np.int64]]


@by_signature("seekers.career_map_soc", "seekers.last_soc", "slots.onet_soc")
def score(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
    """Fit of each pair's occupation, in hundredths of a point."""
    facts = problem.scenario
    maps, last = facts.lists("seekers", "career_map_soc"), facts.coded("seekers", "last_soc")
    job = facts.coded("slots", "onet_soc")
    wanted = problem.once(("occupation", "wanted"), lambda: tuple(sorted({code for codes in maps.sets for code in codes})))
    places = problem.once(("occupation", "places"), lambda: _places(maps, wanted))
    likeness = problem.once(("occupation", "likeness to the map"), lambda: _likeness(wanted, job.values))
    held = problem.once(("occupation", "likeness to the last job"), lambda: _likeness(last.values, job.values))
    asked, who = job.codes[slots], maps.codes[seekers]
    best = np.where(places[0][who] >= 0, 0, held[last.codes[seekers], asked] * 4 // 5)
    for place, occupation in enumerate(places):
        code = occupation[who]
        points = likeness[code, asked] - PLACE * min(place, MOST_PLACES)
        best = np.maximum(best, np.where(code >= 0, points, 0))
    neither = (places[0][who] < 0) & (last.codes[seekers] < 0)
    return np.where(neither | (asked < 0), UNKNOWN_FIT, best)


def _places(maps: Lists, wanted: tuple[str, ...]) -> Table:
    """`[place, map]`: which occupation a map has at that place, -1 beyond its end; at least one place."""
    numbers = {code: number for number, code in enumerate(wanted)}
    places = np.full((max([1, *map(len, maps.sets)]), len(maps.sets)), -1, dtype=np.int64)
    for column, codes in enumerate(maps.sets):
        for place, code in enumerate(codes):
            places[place, column] = numbers[code]
    return places


def _likeness(ours: tuple[str, ...], theirs: tuple[str, ...]) -> Table:
    """Points for each two occupations; a row and a column of zeros at the end answer for code -1."""
    table = np.zeros((len(ours) + 1, len(theirs) + 1), dtype=np.int64)
    for digits, points in LADDER:
        seen: dict[str, int] = {}
        one, other = _numbered(ours, digits, seen), _numbered(theirs, digits, seen)
        table[:-1, :-1][(one[:, None] == other[None, :]) & (one >= 0)[:, None]] = points
    return table


def _numbered(codes: tuple[str, ...], digits: int, seen: dict[str, int]) -> Integers:
    """A number for each code's first digits, the same on both sides; -1 for a code that is too short."""
    short = [code.replace("-", "").replace(".", "")[:digits] for code in codes]
    return np.array([seen.setdefault(text, len(seen)) if len(text) == digits else -1 for text in short], dtype=np.int64)
