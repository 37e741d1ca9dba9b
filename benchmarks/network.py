"""How much does solving through the product cost, over the bare flow call on the same arcs?

Run: python benchmarks/network.py [--seekers N --slots M --pairs-per-seeker K --repeat R]

Prints the median of R interleaved runs and their ratio: solve (structure test, weights, arcs, flow, values) over raw (`SimpleMinCostFlow`: adding the same
arcs with the same costs, and solving). Also the phases of the whole run, so that nothing hides outside the solve.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from allocator.engines.base import Clock, Silent
from allocator.engines.bihierarchy import Bihierarchy, bihierarchy
from allocator.engines.choose import choose
from allocator.engines.network import _Arcs, _combined, _groups
from allocator.generate import generate
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.solve import solve


def raw_call(program: Program) -> float:
    """Seconds of the bare flow call on the arcs that the engine would use."""
    trees = bihierarchy(program)
    assert isinstance(trees, Bihierarchy)
    arcs = _Arcs.of(program, trees)
    goals = _groups(program, trees, arcs.nodes)[0]
    cost = arcs.cost_of(_combined(program, goals))
    started = time.perf_counter()
    solver = SimpleMinCostFlow()
    numbers = solver.add_arcs_with_capacity_and_unit_cost(arcs.tail, arcs.head, arcs.capacity, cost)
    solver.set_nodes_supplies(np.arange(arcs.nodes), arcs.supply)
    assert solver.solve() == solver.OPTIMAL
    solver.flows(numbers)
    return time.perf_counter() - started


def our_call(program: Program) -> float:
    """Seconds of the solve phase: choosing the engine and everything it does."""
    started = time.perf_counter()
    outcome = choose(program).engine.solve(program, Clock(), 0, Silent())
    assert outcome.status == "optimal"
    return time.perf_counter() - started


def main() -> None:
    """Print medians, the ratio and the phases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seekers", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=1_000)
    parser.add_argument("--pairs-per-seeker", type=int, default=49)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    scenario, document = generate(options.seekers, options.slots, options.pairs_per_seeker, "network", 1)
    policy = Policy.from_dict(document)
    problem = Problem(scenario, policy)
    program = build(problem, find_pairs(problem))
    print(f"{options.seekers:,} seekers, {options.slots:,} slots, {len(program.pairs):,} pairs, {program.row_count:,} rows")
    ours, raw = [], []
    for _ in range(options.repeat):
        raw.append(raw_call(program))
        ours.append(our_call(program))
    ratio = statistics.median(one / other for one, other in zip(ours, raw, strict=True))
    print(f"raw flow call {statistics.median(raw):.3f} s   solve phase {statistics.median(ours):.3f} s   ratio {ratio:.2f}")
    phases = solve(scenario, policy).timings
    print("whole run:  " + "   ".join(f"{phase} {seconds:.2f} s" for phase, seconds in phases.items()))


if __name__ == "__main__":
    main()
