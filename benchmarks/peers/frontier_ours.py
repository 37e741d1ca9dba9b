"""Our frontier: the program solved once and kept warm, every point answered from where the last one stood, and every corner of the relaxation."""

from __future__ import annotations

from fractions import Fraction

from allocator.engines.base import Clock
from allocator.engines.frontier import frontier
from allocator.engines.warm import Warm
from benchmarks.frontier import Points, Promise
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """All the points."""
    with laps("load"):
        program = instance.program
    promise, points, gap = Promise.of(program), Points(), Fraction(str(terms.gap))
    with laps("build"):
        warm = Warm(program, clock=Clock(terms.limit, gap), seed=terms.seed)
    with laps("solve"):
        found = frontier(warm, promise.row(program), promise.counts, clock=Clock(terms.limit * len(promise.counts), gap))
    for point in found.points:
        bound = point.outcome.goals[-1].bound if point.outcome.goals else None
        points.add(promise.at(program, point.at), point.outcome.columns, bound, point.seconds)
    return points.answer("warm, from the largest count down", promise, corners=len(found.side), complete=found.complete)
