"""Our engine, on the same program with one goal that the peers have. Choosing the engine and making its arrays count as solving."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec

from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.program import Program
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """The engine that the terms name; `auto` lets the structure decide."""
    with laps("load"):
        load_engines()
        program = instance.program
    return solved(program, terms, laps)


def load_engines() -> None:
    """Load what `auto` may choose, as the peers' solvers are loaded before their time is taken."""
    for name in ("network", "sifting", "mip"):
        if find_spec(f"allocator.engines.{name}"):
            import_module(f"allocator.engines.{name}")


def solved(program: Program, terms: Terms, laps: Laps) -> Answer:
    """A program's answer; the last goal is the one that is told."""
    with laps("solve"):
        chosen = choose(program, terms.engine)
        outcome = chosen.engine.solve(program, Clock(terms.limit, Fraction(str(terms.gap))), terms.seed, Silent())
    bound = outcome.goals[-1].bound if outcome.goals else None
    return Answer(outcome.columns, bound, f"{outcome.status}, {outcome.stop_reason}", facts={"engine": chosen.engine.name})
