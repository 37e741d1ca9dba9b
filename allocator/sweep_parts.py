"""A sweep in parts that are solved apart, each warm from one point to the next, and joined as if it had been one.

Parts are runs of neighbouring values of one parameter. Where a part has a neighbour along the parameter that moves fastest, it solves the neighbour's
nearest point, too: so what changes from one part to the next, and the slopes on both sides of a seam, are known as within a part.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from allocator.kept import NOT_SOLVED, point_document, point_of
from allocator.over import Over, Value
from allocator.point import Point
from allocator.sweep import Sweep
from allocator.tradeoffs import compared


@dataclass(frozen=True)
class Part:
    """Values `start` to `stop` of the parameter number `axis`, of which `first` to `last` are solved."""

    axis: int
    start: int
    stop: int
    first: int
    last: int

    def solved(self, overs: Sequence[Over]) -> tuple[Over, ...]:
        """The parameters with the values that the part solves."""
        return self._cut(overs, self.first, self.last)

    def owned(self, overs: Sequence[Over]) -> tuple[Over, ...]:
        """The parameters with the values that the part answers for."""
        return self._cut(overs, self.start, self.stop)

    def _cut(self, overs: Sequence[Over], start: int, stop: int) -> tuple[Over, ...]:
        return tuple(replace(over, texts=over.texts[start:stop]) if axis == self.axis else over for axis, over in enumerate(overs))


def points_in(overs: Sequence[Over]) -> list[tuple[str, ...]]:
    """The values of every point, the last parameter moving fastest."""
    return list(itertools.product(*(over.texts for over in overs)))


def split(overs: Sequence[Over], most: int) -> tuple[Part, ...]:
    """At most so many parts, as even as can be, along the first parameter unless the last has more values."""
    axis = max(range(len(overs)), key=lambda number: (len(overs[number].texts), -number))
    length, beside = len(overs[axis].texts), int(axis == len(overs) - 1)
    count = max(1, min(most, length))
    ends = [length * number // count for number in range(count + 1)]
    return tuple(Part(axis, start, stop, max(0, start - beside), min(length, stop + beside)) for start, stop in itertools.pairwise(ends))


def part_document(found: Sweep, overs: Sequence[Over], part: Part) -> dict[str, Any]:
    """What is kept of a part that was solved: the points that it answers for."""
    own = set(points_in(part.owned(overs)))
    return {
        "scenario": found.scenario_name,
        "as_of": found.as_of,
        "places": [over.place for over in found.parameters],
        "present": list(found.present),
        "points": [point_document(point) for point in found.points if point.texts in own],
    }


def joined(
    overs: Sequence[Over], documents: Sequence[Mapping[str, Any]], people: Sequence[str], *, seed: int = 0, gap: float = 0.0, lottery: bool = False
) -> Sweep:
    """The sweep that the parts make together. Points of parts that are not among them have no answer, and the stop reason `cancelled`.

    `people` are the ids of everybody, in the order of the facts.
    """
    there = {point.texts: point for document in documents for point in (point_of(each, people) for each in document["points"])}
    nothing = {"scenario": "", "as_of": "", "places": [over.place for over in overs], "present": [None for _ in overs]}
    head: Mapping[str, Any] = documents[0] if documents else nothing
    whole = tuple(replace(over, place=place) for over, place in zip(overs, head["places"], strict=True))
    points = [there.get(texts) or Point(texts, NOT_SOLVED, (), 0.0) for texts in points_in(whole)]
    present: tuple[Value | None, ...] = tuple(head["present"])
    return Sweep(head["scenario"], head["as_of"], seed, whole, present, compared(points, whole), gap, lottery)
