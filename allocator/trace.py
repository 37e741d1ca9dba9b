"""How value and bound closed in on each other while a run went on: what its chart and anybody curious about its time limit look at."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from allocator.engines.base import Progress

MOST = 200
"""Moments that a result keeps."""


@dataclass(frozen=True)
class Moment:
    """What was known of a goal at a time: `seconds` since solving began, value and bound in the policy's units; None where not known."""

    seconds: float
    goal: str
    value: float | None
    bound: float | None

    def as_dict(self) -> dict[str, Any]:
        """The moment as plain JSON data."""
        return dict(vars(self))


@dataclass
class Recorder:
    """Passes on what an engine tells, and remembers it.

    An engine may tell thousands of times, so every second moment is forgotten whenever there are too many; the first and the last of each goal
    never are. What does not differ from the moment before it is not remembered at all.
    """

    progress: Progress
    _started: float = field(default_factory=time.perf_counter)
    _moments: list[Moment] = field(default_factory=list)

    def phase(self, name: str) -> None:
        """Passed on."""
        self.progress.phase(name)

    def incumbent(self, goal: str, value: float | None, bound: float | None) -> None:
        """Remembered and passed on."""
        self.progress.incumbent(goal, value, bound)
        moment = Moment(round(time.perf_counter() - self._started, 4), goal, _finite(value), _finite(bound))
        last = self._moments[-1] if self._moments else None
        if last is None or (last.goal, last.value, last.bound) != (moment.goal, moment.value, moment.bound):
            self._moments.append(moment)
        if len(self._moments) > 20 * MOST:
            self._moments = thinned(self._moments, 10 * MOST)

    @property
    def trace(self) -> list[Moment]:
        """What was remembered, at most `MOST` moments of it where the goals are fewer than half as many."""
        return thinned(self._moments, MOST)


def thinned(moments: Sequence[Moment], most: int) -> list[Moment]:
    """At most so many moments, evenly chosen, but always the first and the last of each goal."""
    if len(moments) <= most:
        return list(moments)
    ends = _ends(moments)
    between = [place for place in range(len(moments)) if place not in ends]
    room = max(0, most - len(ends))
    kept = {between[k * len(between) // room] for k in range(room)} | ends
    return [moments[place] for place in sorted(kept)]


def _ends(moments: Iterable[Moment]) -> set[int]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for place, moment in enumerate(moments):
        first.setdefault(moment.goal, place)
        last[moment.goal] = place
    return {*first.values(), *last.values()}


def _finite(amount: float | None) -> float | None:
    return None if amount is None or not math.isfinite(amount) else amount
