"""Shared by the PuLP peers: the program as a good PuLP user would write it, an expression a row from lists of terms."""

from __future__ import annotations

import numpy as np
import pulp
from pulp.v4_migration import set_v4_migration_warnings
from scipy.sparse import csr_matrix

from allocator.program import FREE, Program
from allocator.scenario import Integers
from benchmarks.instances import goal_of

set_v4_migration_warnings(False)


def model(program: Program) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """The problem and its variables, in the program's order."""
    problem = pulp.LpProblem("allocation", pulp.LpMaximize)
    columns = [problem.add_variable(f"x{k}", 0, int(most), pulp.LpInteger) for k, most in enumerate(program.upper.tolist())]
    goal = goal_of(program)
    inside = np.flatnonzero(goal)
    problem.setObjective(pulp.LpAffineExpression([(columns[k], weight) for k, weight in zip(inside.tolist(), goal[inside].tolist(), strict=True)]))
    row, column, coefficient, lower, upper = program.matrix()
    matrix = csr_matrix((coefficient, (row, column)), shape=(len(lower), program.size))
    starts, numbers, weights = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    for k, (least, most) in enumerate(zip(lower.tolist(), upper.tolist(), strict=True)):
        here = slice(starts[k], starts[k + 1])
        terms = [(columns[number], weight) for number, weight in zip(numbers[here], weights[here], strict=True)]
        if not terms:
            assert least <= 0 <= most
        elif least == most:
            problem += pulp.LpAffineExpression(terms) == least
        else:
            if most < FREE:
                problem += pulp.LpAffineExpression(terms) <= most
            if least > -FREE:
                problem += pulp.LpAffineExpression(terms) >= least
    return problem, columns


def values(problem: pulp.LpProblem, columns: list[pulp.LpVariable]) -> Integers | None:
    """The variables' values rounded; None where PuLP has no solution."""
    if problem.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return None
    return np.array([round(column.value() or 0) for column in columns], dtype=np.int64)
