"""A frontier: one side of one row moved through values, everything else the same. What a promise costs, seat by seat.

The relaxation's optimum is a concave function of the side, made of straight pieces (for a goal to be minimised, convex). Its corners are found exactly:
the lines that touch it at two places meet somewhere between; either that is a corner, or the line that touches it there tells the two halves apart.
The slope of a piece is the shadow price of the row: what one more seat costs.

Source: Eisner and Severance 1976, "Mathematical techniques for efficient record segmentation", for finding all pieces with two solves each.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from allocator.engines.base import Clock, Outcome
from allocator.engines.warm import Change, Warm
from allocator.scenario import Floats

Side = Literal["at_least", "at_most"]
SAME_LINE = 1e-7
"""Values that differ by less than this part of them are one."""
CORNERS = 400
"""Corners looked for at most."""


@dataclass(frozen=True, eq=False)
class Point:
    """The side at one value: the best plan with values and bounds, what the relaxation allows (None where nothing fits), and by how much that changes
    with a unit less and a unit more; None beyond the values asked for. All in the goal's integers."""

    at: int
    outcome: Outcome
    limit: float | None
    slope_below: float | None
    slope_above: float | None
    seconds: float
    """What the plan took."""


@dataclass(frozen=True, eq=False)
class Frontier:
    """The points asked for, in order, and the relaxation's optimum as a line with corners `side[k], limit[k]`, straight between them.

    The ends are the least and the largest of the values at which anything fits. `complete` where every corner was found; if not, the line runs below
    the relaxation's optimum (for a goal to be minimised, above it) between the places that are named.
    """

    points: tuple[Point, ...]
    side: Floats
    limit: Floats
    complete: bool


@dataclass(frozen=True)
class _Touch:
    """A place on the relaxation's frontier, and the slope of a line that touches it there."""

    at: float
    limit: float
    slope: float

    def reaches(self, at: float) -> float:
        """The line's height at another place."""
        return self.limit + self.slope * (at - self.at)


def frontier(
    warm: Warm, row: int, values: Sequence[int], *, side: Side = "at_least", gap: Fraction = Fraction(1, 10_000), clock: Clock | None = None
) -> Frontier:
    """The frontier of the program's last goal, with each point proved within the relative gap.

    `row` is the number of the row. Goals before the last are solved again at every point; the relaxation holds them at what the program's own plan has.

    Raises ValueError where there are no values, or no such row.
    """
    if not len(values):
        message = "A frontier needs at least one value to look at."
        raise ValueError(message)
    clock = clock or Clock(gap=gap)
    ordered = sorted(set(values))
    touches = {at: touch for at in ordered if (touch := _touch(warm, row, side, at)) is not None}
    outcomes: dict[int, Outcome] = {}
    seconds: dict[int, float] = {}
    near = None
    # From the tightest to the loosest: a plan for one is a plan for the next.
    for at in reversed(ordered) if side == "at_least" else ordered:
        started = time.perf_counter()
        outcome = outcomes[at] = warm.ask(_change(row, side, at), clock=clock, near=near)
        seconds[at] = time.perf_counter() - started
        near = outcome.columns if outcome.columns is not None else near
    corners, complete = _corners(warm, row, side, list(touches.values()), clock)
    at_, limit = np.array([corner.at for corner in corners]), np.array([corner.limit for corner in corners])
    points = []
    for at in ordered:
        touch = touches.get(at)
        below, above = _slopes(at_, limit, at) if touch is not None and complete else (None, None)
        points.append(Point(at, outcomes[at], None if touch is None else touch.limit, below, above, seconds[at]))
    return Frontier(tuple(points), at_, limit, complete)


def _change(row: int, side: Side, at: float) -> Change:
    return Change(at_least={row: at}) if side == "at_least" else Change(at_most={row: at})


def _touch(warm: Warm, row: int, side: Side, at: float) -> _Touch | None:
    limit = warm.limit(_change(row, side, at))
    return None if limit is None else _Touch(at, limit.value, _of_side(float(limit.prices[row]), side, maximize=warm.program.objectives[-1].maximize))


def _of_side(price: float, side: Side, *, maximize: bool) -> float:
    """The price as one of this side: a row whose other side binds does not mind this one."""
    tightens = price < 0 if maximize else price > 0
    return price if tightens == (side == "at_least") else 0.0


def _corners(warm: Warm, row: int, side: Side, touches: Sequence[_Touch], clock: Clock) -> tuple[list[_Touch], bool]:
    """All corners between the first and the last place, ends included, in order; and whether those are all."""
    if len(touches) < 2:
        return list(touches), True
    found = [touches[0]]
    left_over = CORNERS
    for first, last in itertools.pairwise(touches):
        for corner in _between(warm, row, side, first, last):
            if corner.at > found[-1].at + 1e-9 * max(1.0, abs(corner.at)):
                found.append(corner)
                left_over -= 1
            if left_over < 0 or clock.over:
                return [*(corner for corner in found if corner.at < touches[-1].at), touches[-1]], False
        if last.at > found[-1].at:
            found.append(last)
    return _without_straight(found), True


def _between(warm: Warm, row: int, side: Side, first: _Touch, last: _Touch) -> Iterator[_Touch]:
    """The corners strictly between two places, in order; a place looked at comes along where it may be one."""
    scale = max(abs(first.limit), abs(last.limit), 1.0)
    if abs(first.reaches(last.at) - last.limit) <= SAME_LINE * scale or abs(last.reaches(first.at) - first.limit) <= SAME_LINE * scale:
        return
    at = (last.limit - last.slope * last.at - first.limit + first.slope * first.at) / (first.slope - last.slope)
    if not (first.at < at < last.at and math.isfinite(at)):
        return
    middle = _touch(warm, row, side, at)
    if middle is None:
        return
    if abs(first.reaches(at) - middle.limit) <= SAME_LINE * scale:
        yield middle
        return
    yield from _between(warm, row, side, first, middle)
    yield middle
    yield from _between(warm, row, side, middle, last)


def _without_straight(corners: Sequence[_Touch]) -> list[_Touch]:
    """The places at which the line turns, and its ends."""
    kept = [corners[0]]
    for corner, following in itertools.pairwise(corners):
        before = kept[-1]
        straight = before.limit + (following.limit - before.limit) * (corner.at - before.at) / (following.at - before.at)
        if abs(straight - corner.limit) > SAME_LINE * max(abs(corner.limit), 1.0) * 0.1:
            kept.append(corner)
    return [*kept, corners[-1]] if len(corners) > 1 else kept


def _slopes(at: Floats, limit: Floats, here: float) -> tuple[float | None, float | None]:
    """The slopes of the pieces that end and begin here."""
    slopes = np.diff(limit) / np.diff(at)
    tiny = 1e-9 * max(1.0, abs(here))
    below, above = np.searchsorted(at, here - tiny) - 1, np.searchsorted(at, here + tiny, side="right") - 1
    return (float(slopes[below]) if 0 <= below < len(slopes) else None), (float(slopes[above]) if 0 <= above < len(slopes) else None)
