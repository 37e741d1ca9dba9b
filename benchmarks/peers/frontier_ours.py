"""Our engine at every point of a frontier, one point after the other, each from nothing."""

from __future__ import annotations

from benchmarks.frontier import Points, Promise
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers.ours import load_engines, solved


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """All the points."""
    with laps("load"):
        load_engines()
        program = instance.program
    promise, points, answer = Promise.of(program), Points(), Answer(None, None)
    for count in promise.counts:
        asked, before = promise.at(program, count), laps.seconds.get("solve", 0.0)
        answer = solved(asked, terms, laps)
        points.add(asked, answer.columns, answer.bound, laps.seconds["solve"] - before)
    return points.answer("each point from nothing", promise, **answer.facts)
