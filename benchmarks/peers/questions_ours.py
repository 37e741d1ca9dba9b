"""What-if questions: a program solved once and kept warm, then one promise changed, in no particular order, each question from the program's own plan."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np

from allocator.engines.base import Clock
from allocator.engines.warm import Change, Warm
from benchmarks.frontier import Points, Promise
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """The counts of the frontier's promise, shuffled; the program's own plan is five times as close as the answers have to be."""
    with laps("load"):
        program = instance.program
    promise, points, gap = Promise.of(program), Points(), Fraction(str(terms.gap))
    with laps("build"):
        warm = Warm(program, clock=Clock(terms.limit, gap / 5), seed=terms.seed)
    for count in np.random.default_rng(terms.seed).permutation(promise.counts).tolist():
        started = time.perf_counter()
        with laps("solve"):
            outcome = warm.ask(Change(at_least={promise.row(program): count}), gap=gap)
        bound = outcome.goals[-1].bound if outcome.goals else None
        points.add(promise.at(program, count), outcome.columns, bound, time.perf_counter() - started)
    return points.answer("warm, one promise changed", promise)
