"""One goal over some columns as a mixed-integer program, and the solvers that take it: HiGHS through OR-Tools MathOpt, and SCIP.

Models are filled from arrays. Solvers compute in floating point: values are rounded to the nearest integers, and bounds to the next integer that they
could mean; whoever asks judges the answer in exact arithmetic.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ortools.linear_solver.python import model_builder_helper
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from scipy.sparse import csr_matrix

from allocator.engines.base import Clock, Hold, Step, Watch
from allocator.engines.sieve import bounds
from allocator.program import FREE, Program
from allocator.scenario import Integers, Mask

_LOG_LINE = re.compile(r"^ *\w? +\d+ +\d+ +\d+ +[\d.]+% +(\S+) +(\S+) ")
"""A line of HiGHS's log that has a bound and a value."""
SCIP = ("numerics/feastol = 1e-9", "parallel/maxnthreads = 1")


@dataclass(frozen=True, eq=False)
class Model:
    """One goal over the program: maximise `goal` (already divided by `divisor`) subject to lower <= matrix <= upper, 0 <= columns <= most."""

    matrix: csr_matrix
    lower: Integers
    upper: Integers
    most: Integers
    goal: Integers
    divisor: int

    @classmethod
    def of(cls, program: Program, goal: Integers, holds: Sequence[Hold]) -> Model:
        row, column, coefficient, lower, upper = program.matrix()
        for hold in holds:
            inside = np.flatnonzero(hold.coefficients)
            row = np.concatenate([row, np.full(len(inside), len(lower), dtype=np.int64)])
            column, coefficient = np.concatenate([column, inside]), np.concatenate([coefficient, hold.coefficients[inside]])
            lower, upper = np.append(lower, hold.at_least), np.append(upper, FREE)
        # A pair may count in two ways in one row; the sparse format adds them up.
        matrix = csr_matrix((coefficient.astype(np.float64), (row, column)), shape=(len(lower), program.size))
        matrix.sum_duplicates()
        divisor = int(np.gcd.reduce(goal[goal != 0])) if goal.any() else 1
        return cls(matrix, lower, upper, program.upper, goal // divisor, divisor)

    def core(self, keep: Mask, fixed: Integers) -> Model:
        """The model over some columns, the others at their fixed values."""
        used = (self.matrix @ fixed).round().astype(np.int64)
        lower = np.where(self.lower <= -FREE, self.lower, self.lower - used)
        upper = np.where(self.upper >= FREE, self.upper, self.upper - used)
        return Model(self.matrix[:, keep], lower, upper, self.most[keep], self.goal[keep], self.divisor)


def highs(model: Model, already: int, clock: Clock, seed: int, watch: Watch) -> Step:
    """HiGHS on a model, in the model's own units. What the settled columns are worth (`already`) is only for the ears of `watch`.

    Without presolve: it took most of the time and found nothing, since fixing by reduced cost has been there before.
    """
    parameters = mathopt.SolveParameters(
        time_limit=None if clock.left is None else datetime.timedelta(seconds=max(clock.left, 0.001)),
        relative_gap_tolerance=float(clock.gap),
        absolute_gap_tolerance=0.999,
        random_seed=seed & 0x7FFFFFFF,
        presolve=mathopt.Emphasis.OFF,
    )
    parameters.highs.double_options["mip_feasibility_tolerance"] = 1e-9
    parameters.highs.double_options["primal_feasibility_tolerance"] = 1e-9

    def listen(lines: Sequence[str]) -> None:
        for line in lines:
            if found := _LOG_LINE.match(line):
                bound, value = (_number(text) for text in found.groups())
                watch.saw(*(None if number is None else (number + already) * model.divisor for number in (value, bound)))

    result = mathopt.solve(_proto(model), mathopt.SolverType.HIGHS, params=parameters, msg_cb=listen)
    reason = result.termination.reason
    if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
        return Step("infeasible", None, None)
    bound = result.best_objective_bound()
    whole = floor_of(bound) if math.isfinite(bound) else None
    if not result.has_primal_feasible_solution():
        return Step("no_solution", None, whole)
    columns = np.zeros(model.matrix.shape[1], dtype=np.int64)
    for variable, value in result.variable_values().items():
        columns[variable.id] = round(value)
    return Step("optimal" if reason == mathopt.TerminationReason.OPTIMAL else "feasible", columns, whole)


def _proto(model: Model) -> mathopt.Model:
    """The model for MathOpt, filled from arrays."""
    rows, columns = model.matrix.shape
    entries = model.matrix.tocoo()
    order = np.lexsort((entries.col, entries.row))
    wanted = np.flatnonzero(model.goal)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend(np.zeros(columns))
    proto.variables.upper_bounds.extend(bounds(model.most))
    proto.variables.integers.extend(np.ones(columns, dtype=bool))
    proto.objective.maximize = True
    proto.objective.linear_coefficients.ids.extend(wanted)
    proto.objective.linear_coefficients.values.extend(model.goal[wanted].astype(np.float64))
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(bounds(model.lower))
    proto.linear_constraints.upper_bounds.extend(bounds(model.upper))
    proto.linear_constraint_matrix.row_ids.extend(entries.row[order])
    proto.linear_constraint_matrix.column_ids.extend(entries.col[order])
    proto.linear_constraint_matrix.coefficients.extend(entries.data[order])
    return mathopt.Model.from_model_proto(proto)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def scip(model: Model, clock: Clock, seed: int, *, nodes: int, distance: float = 0.0) -> Step:
    """SCIP on a model, within so many nodes: of the solvers at hand it is the one that is not troubled by coefficients of very different size.

    `distance` between value and bound is good enough, in the model's units. Nodes, not seconds: the same program must give the same answer on a busy machine.
    """
    builder = builder_of(model)
    for column in range(model.matrix.shape[1]):
        builder.set_var_integrality(column, True)
    solver = model_builder_helper.ModelSolverHelper("scip")
    solver.enable_output(False)
    settings = [*SCIP, f"limits/gap = {float(clock.gap)}", f"limits/nodes = {nodes}", f"limits/absgap = {distance}"]
    settings.append(f"randomization/randomseedshift = {seed & 0x7FFFFFFF}")
    solver.set_solver_specific_parameters("\n".join(settings))
    if clock.left is not None:
        solver.set_time_limit_in_seconds(max(clock.left, 0.001))
    solver.solve(builder)
    status = solver.status()
    if status == model_builder_helper.SolveStatus.INFEASIBLE:
        return Step("infeasible", None, None)
    bound = float(solver.best_objective_bound())
    whole = floor_of(bound) if math.isfinite(bound) and abs(bound) < FREE else None
    if not solver.has_solution():
        return Step("no_solution", None, whole)
    columns = np.rint(np.asarray(solver.variable_values())).astype(np.int64)
    return Step("optimal" if status == model_builder_helper.SolveStatus.OPTIMAL else "feasible", columns, whole)


def builder_of(model: Model) -> Any:
    """The model as OR-Tools takes it, filled from arrays; columns are continuous."""
    builder: Any = model_builder_helper.ModelBuilderHelper()  # its stubs mistake the type of an array for the type of its elements
    limits = [bounds(part) for part in (model.most, model.lower, model.upper)]
    builder.fill_model_from_sparse_data(np.zeros(model.matrix.shape[1]), limits[0], model.goal.astype(np.float64), limits[1], limits[2], model.matrix)
    builder.set_maximize(True)
    return builder


def floor_of(bound: float) -> int:
    """The largest integer that a floating-point bound could mean."""
    return math.floor(bound + 1e-10 * abs(bound) + 1e-6)
