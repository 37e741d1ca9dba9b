"""One goal over some columns as a mixed-integer program, and HiGHS, which takes it.

Models are filled from arrays. Solvers compute in floating point: values are rounded to the nearest integers, and bounds to the next integer that they
could mean; whoever asks judges the answer in exact arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from ortools.linear_solver.python import model_builder_helper
from scipy.sparse import csr_matrix

from allocator.engines.base import Clock, Hold, Step, Watch
from allocator.engines.highs import run, silent
from allocator.engines.sieve import bounds
from allocator.program import FREE, Program
from allocator.scenario import Floats, Integers, Mask

EXACT = 1e-9
"""Tolerance for rows and for whole numbers."""
ENOUGH = 0.999
"""Goals are sums of integers: a distance below one unit is a proof."""


@dataclass(frozen=True, eq=False)
class Model:
    """One goal over the program: maximise `goal` (already divided by `divisor`) subject to lower <= matrix <= upper, 0 <= columns <= most."""

    matrix: csr_matrix
    lower: Integers | Floats
    upper: Integers | Floats
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
            lower, upper = np.append(lower, hold_bound(hold.at_least)), np.append(upper, FREE)
        # A pair may count in two ways in one row; the sparse format adds them up.
        matrix = csr_matrix((coefficient.astype(np.float64), (row, column)), shape=(len(lower), program.size))
        matrix.sum_duplicates()
        divisor = int(np.gcd.reduce(goal[goal != 0])) if goal.any() else 1
        return cls(matrix, lower, upper, program.upper, goal // divisor, divisor)

    def core(self, keep: Mask, fixed: Integers) -> Model:
        """The model over some columns, the others at their fixed values."""
        used = (self.matrix @ fixed).round()
        lower = np.where(self.lower <= -FREE, self.lower, self.lower - used)
        upper = np.where(self.upper >= FREE, self.upper, self.upper - used)
        return Model(self.matrix[:, keep], lower, upper, self.most[keep], self.goal[keep], self.divisor)


def highs(
    model: Model,
    already: int,
    clock: Clock,
    seed: int,
    watch: Watch | None = None,
    *,
    distance: float = ENOUGH,
    target: float | None = None,
    nodes: int | None = None,
    presolve: bool = False,
) -> Step:
    """HiGHS on a model, in the model's own units. What the settled columns are worth (`already`) is only for the ears of `watch`.

    `distance` between value and bound is good enough, and so is a value of `target`, and so are so many nodes (not seconds: the same program must give the
    same answer on a busy machine).
    Without presolve for exact cores: it took most of the time and found nothing, since fixing by reduced cost has been there before.
    """
    solver = silent(
        random_seed=seed & 0x7FFFFFFF, presolve="choose" if presolve else "off", mip_rel_gap=float(clock.gap), mip_abs_gap=max(distance, ENOUGH),
        mip_feasibility_tolerance=EXACT, primal_feasibility_tolerance=EXACT,
    )  # fmt: skip
    if target is not None:
        solver.setOptionValue("objective_target", target)
    if nodes is not None:
        solver.setOptionValue("mip_max_nodes", nodes)
    solver.passModel(_program(model))

    def look(event: highspy.HighsCallbackEvent) -> None:
        if clock.over:
            event.interrupt()

    def listen(event: highspy.HighsCallbackEvent) -> None:
        value, bound = (number + already if math.isfinite(number) else None for number in (event.data_out.mip_primal_bound, event.data_out.mip_dual_bound))
        watch.saw(*(None if number is None else number * model.divisor for number in (value, bound)))  # type: ignore[union-attr]

    solver.cbMipInterrupt.subscribe(look)
    solver.cbSimplexInterrupt.subscribe(look)
    if watch is not None:
        solver.cbMipLogging.subscribe(listen)
    status, info = run(solver), solver.getInfo()
    if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
        return Step("infeasible", None, None)
    bound = info.mip_dual_bound
    whole = floor_of(bound) if math.isfinite(bound) else None
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Step("no_solution", None, whole)
    columns = np.rint(np.array(solver.getSolution().col_value)).astype(np.int64)
    return Step("optimal" if status == highspy.HighsModelStatus.kOptimal else "feasible", columns, whole)


def _program(model: Model) -> highspy.HighsLp:
    """The model for HiGHS, filled from arrays."""
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = model.matrix.shape
    program.sense_ = highspy.ObjSense.kMaximize
    program.col_cost_ = model.goal.astype(np.float64)
    program.col_lower_, program.col_upper_ = np.zeros(len(model.goal)), bounds(model.most)
    program.row_lower_, program.row_upper_ = bounds(model.lower), bounds(model.upper)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_, program.a_matrix_.value_ = model.matrix.indptr, model.matrix.indices, model.matrix.data
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(model.goal)
    return program


def builder_of(model: Model) -> Any:
    """The model as OR-Tools takes it, filled from arrays; columns are continuous."""
    builder: Any = model_builder_helper.ModelBuilderHelper()  # its stubs mistake the type of an array for the type of its elements
    limits = [bounds(part) for part in (model.most, model.lower, model.upper)]
    builder.fill_model_from_sparse_data(np.zeros(model.matrix.shape[1]), limits[0], model.goal.astype(np.float64), limits[1], limits[2], model.matrix)
    builder.set_maximize(True)
    return builder


def hold_bound(at_least: int) -> float:
    """A hair less than what a goal has to keep: no integer lies between, and a solver that adds up millions must not lose the one that just keeps it."""
    return at_least - 1e-6 - 1e-9 * abs(at_least)


def floor_of(bound: float) -> int:
    """The largest integer that a floating-point bound could mean."""
    return math.floor(bound + 1e-10 * abs(bound) + 1e-6)
