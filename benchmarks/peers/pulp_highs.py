"""PuLP with HiGHS, through PuLP's own interface to highspy."""

from __future__ import annotations

import pulp

from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers.pulp_model import model, values


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """PuLP's four steps one by one, so that handing over the model counts as building it."""
    with laps("load"):
        program = instance.program
    solver = pulp.HiGHS(msg=False, timeLimit=terms.limit, gapRel=terms.gap, threads=terms.threads, random_seed=terms.seed)
    with laps("build"):
        problem, columns = model(program)
        solver.createAndConfigureSolver(problem)
        solver.buildSolverModel(problem)
    with laps("solve"):
        solver.callSolver(problem)
        problem.assignStatus(*solver.findSolutionValues(problem))
    highs = problem.solverModel
    bound = float(highs.getInfo().mip_dual_bound)
    said = str(highs.modelStatusToString(highs.getModelStatus()))
    # PuLP hands a maximum to HiGHS as a minimum of the negative.
    return Answer(values(problem, columns), -bound if program.objectives[0].maximize else bound, said)
