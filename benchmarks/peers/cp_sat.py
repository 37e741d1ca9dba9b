"""OR-Tools CP-SAT on the whole program: rows that say "at most one" as such, the others as weighted sums."""

from __future__ import annotations

import numpy as np
from ortools.sat.python import cp_model
from scipy.sparse import csr_matrix

from allocator.program import FREE, Program
from benchmarks.instances import Instance, goal_of
from benchmarks.peer import Answer, Laps, Terms


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """CP-SAT with the threads that every peer has."""
    with laps("load"):
        program = instance.program
    with laps("build"):
        model, columns = _model(program)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = terms.threads
    solver.parameters.random_seed = terms.seed
    solver.parameters.relative_gap_limit = terms.gap
    solver.parameters.max_time_in_seconds = terms.limit
    with laps("solve"):
        status = solver.solve(model)
    known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    found = np.array(solver.values(columns), dtype=np.int64) if known else None
    sign = 1 if program.objectives[0].maximize else -1
    return Answer(found, sign * solver.best_objective_bound if known else None, solver.status_name(status))


def _model(program: Program) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    model = cp_model.CpModel()
    columns = [model.new_bool_var("") if most == 1 else model.new_int_var(0, most, "") for most in program.upper.tolist()]
    row, column, coefficient, lower, upper = program.matrix()
    matrix = csr_matrix((coefficient, (row, column)), shape=(len(lower), program.size))
    starts, numbers, weights = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    counted = np.ones(len(lower), dtype=bool)
    counted[np.repeat(np.arange(len(lower)), np.diff(matrix.indptr))[matrix.data != 1]] = False
    for k, (least, most, ones) in enumerate(zip(lower.tolist(), upper.tolist(), counted.tolist(), strict=True)):
        terms = [columns[number] for number in numbers[starts[k] : starts[k + 1]]]
        if ones and most == 1 and least <= 1:
            (model.add_exactly_one if least == 1 else model.add_at_most_one)(terms)
            continue
        total = cp_model.LinearExpr.sum(terms) if ones else cp_model.LinearExpr.weighted_sum(terms, weights[starts[k] : starts[k + 1]])
        if most < FREE:
            model.add(total <= most)
        if least > -FREE:
            model.add(total >= least)
    goal = goal_of(program)
    inside = np.flatnonzero(goal)
    model.maximize(cp_model.LinearExpr.weighted_sum([columns[k] for k in inside.tolist()], goal[inside].tolist()))
    return model, columns
