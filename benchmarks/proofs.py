"""What the exact check of proofs costs, as a part of the solve.

    python -m benchmarks.proofs [SPEC ...]

Each program is solved once with all its goals, to the gap that `--gap` says; the time in which bounds are looked at in exact
integers on their way out (`looked_at`), and in which prices are valued before, is told beside the whole.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from allocator import read_policy, read_scenario
from allocator.engines import goal_by_goal, sifting
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import choose
from allocator.pairs import find_pairs
from allocator.problem import Problem
from allocator.program import Program, build
from benchmarks.instances import Instance, Spec

SPECS = ("portland", "full:10000x1000x20", "full:100000x10000x10")


def program_of(spec: str) -> Program:
    """Portland, or an instance of the benchmarks with all its goals."""
    if spec != "portland":
        instance = Instance.of(Spec.parse(spec))
        instance.prepare()
        return instance.whole
    problem = Problem(read_scenario("scenarios/portland"), read_policy("scenarios/portland/policy.toml"), 0)
    return build(problem, find_pairs(problem))


class Watched:
    """A function, and the processor time spent in it."""

    def __init__(self, module: Any, name: str) -> None:
        self.seconds, self._inner = 0.0, getattr(module, name)
        setattr(module, name, self)

    def __call__(self, *given: Any, **named: Any) -> Any:
        started = time.process_time()
        inner: Callable[..., Any] = self._inner
        try:
            return inner(*given, **named)
        finally:
            self.seconds += time.process_time() - started


def main() -> None:
    """A line for each program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("specs", nargs="*", default=SPECS)
    parser.add_argument("--gap", default="0.0001")
    asked = parser.parse_args()
    watched = [Watched(goal_by_goal, "looked_at"), Watched(sifting, "valued")]
    print("| program | engine | solve, CPU s | exact check, CPU s | part |\n|---|---|---|---|---|")
    for spec in asked.specs:
        program = program_of(spec)
        chosen = choose(program)
        before, started = sum(one.seconds for one in watched), time.process_time()
        outcome = chosen.engine.solve(program, Clock(gap=Fraction(0 if spec == "portland" else asked.gap)), 0, Silent())
        whole, checks = time.process_time() - started, sum(one.seconds for one in watched) - before
        print(f"| {spec} | {chosen.engine.name}, {outcome.status} | {whole:.2f} | {checks:.2f} | {checks / whole:.1%} |", flush=True)


if __name__ == "__main__":
    main()
