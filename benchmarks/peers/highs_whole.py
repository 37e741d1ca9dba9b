"""HiGHS on the whole program, handed over as arrays: no modelling layer in between."""

from __future__ import annotations

import highspy
import numpy as np
from scipy.sparse import csc_matrix

from allocator.program import FREE, Program
from allocator.scenario import Floats
from benchmarks.instances import Instance, goal_of
from benchmarks.peer import Answer, Laps, Terms


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """One call that passes the model, one that solves it."""
    with laps("load"):
        program = instance.program
    with laps("build"):
        highs = passed(program, terms)
    with laps("solve"):
        highs.run()
    info, maximize = highs.getInfo(), program.objectives[0].maximize
    found = np.rint(np.array(highs.getSolution().col_value)).astype(np.int64) if info.primal_solution_status == 2 else None
    said = str(highs.modelStatusToString(highs.getModelStatus()))
    return Answer(found, float(info.mip_dual_bound) * (1 if maximize else -1), said)


def passed(program: Program, terms: Terms) -> highspy.Highs:
    """HiGHS with the model in it."""
    row, column, coefficient, lower, upper = program.matrix()
    matrix = csc_matrix((coefficient.astype(np.float64), (row, column)), shape=(len(lower), program.size))
    highs = highspy.Highs()
    options = {"output_flag": False, "mip_rel_gap": terms.gap, "time_limit": terms.limit, "threads": terms.threads, "random_seed": terms.seed}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    # In the order of its C interface: sizes, by column, maximise, offset; costs and bounds of columns, bounds of rows, matrix, all integer.
    status = highs.passModel(
        program.size, len(lower), matrix.nnz, 1, -1, 0.0, goal_of(program).astype(np.float64), np.zeros(program.size), program.upper.astype(np.float64),
        _infinite(lower), _infinite(upper), matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32), matrix.data, np.ones(program.size, dtype=np.int32),
    )  # fmt: skip
    assert status == highspy.HighsStatus.kOk
    return highs


def _infinite(bounds: np.ndarray) -> Floats:
    """Bounds that bind nothing as HiGHS writes them."""
    return np.where(np.abs(bounds) >= FREE, np.sign(bounds) * np.inf, bounds).astype(np.float64)
