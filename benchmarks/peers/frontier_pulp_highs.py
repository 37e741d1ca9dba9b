"""A loop over PuLP and HiGHS, as planners write it: the model built once, one bound changed, solved again. PuLP hands HiGHS the whole model every time."""

from __future__ import annotations

import pulp

from allocator.program import Program
from benchmarks.frontier import Points, Promise
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers.pulp_model import model, values


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """All the points."""
    return some(instance, terms, laps, slice(None), "each point handed over anew")


def some(instance: Instance, terms: Terms, laps: Laps, which: slice, said: str) -> Answer:
    """Some of the points."""
    with laps("load"):
        program = instance.program
    promise, points = Promise.of(program), Points()
    with laps("build"):
        problem, columns = model(program)
        row = _row(problem, program, promise)
    for count in promise.counts[which]:
        before = dict(laps.seconds)
        solver = pulp.HiGHS(msg=False, timeLimit=terms.limit, gapRel=terms.gap, threads=terms.threads, random_seed=terms.seed)
        with laps("solve"):
            row.changeRHS(count)
            problem.solve(solver)
        bound = -float(problem.solverModel.getInfo().mip_dual_bound)
        points.add(promise.at(program, count), values(problem, columns), bound, laps.seconds["solve"] - before.get("solve", 0.0))
    return points.answer(said, promise)


def _row(problem: pulp.LpProblem, program: Program, promise: Promise) -> pulp.LpConstraint:
    """The promise's row: found by its place, which is that of its block but for rows with two bounds, which PuLP has twice."""
    before = program.rows[: promise.block]
    # Blocks before it are of one row and one bound each: promises come first in a generated policy.
    assert all(len(rows) == 1 for rows in before)
    row = list(problem.constraints.values())[promise.block]
    assert -row.constant == program.rows[promise.block].lower[0]
    return row
