"""A linear program over the columns of a model, in HiGHS: its rows and goal are integers, it takes cuts, and it starts from where it stands.

Rows are divided by their largest coefficient and the goal by its own on the way to the solver, and prices are multiplied
back; whoever uses values or prices for a proof judges them in exact integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import highspy
import numpy as np
from ortools.linear_solver.python import model_builder_helper
from scipy.sparse import csr_matrix, vstack

from allocator.engines.base import Clock
from allocator.engines.highs import run, silent
from allocator.engines.integer import Model, eased
from allocator.engines.sieve import bounds
from allocator.engines.stopping import stopping
from allocator.program import FREE
from allocator.scenario import Floats, Integers

Ending = Literal["optimal", "infeasible", "stopped", "lost"]
LARGEST_COST = 1_000.0
"""The largest coefficient of the goal in the solver: it works with absolute tolerances."""


class LinearProgram:
    """The relaxation of a model. Rows are numbered as they come: the model's, then what is added."""

    def __init__(self, model: Model, over: Callable[[], bool]) -> None:
        self.matrix, self.lower, self.upper, self.most = model.matrix, model.lower, model.upper, model.most
        self.goal = model.goal
        self.low, self.high = np.zeros(len(model.goal), dtype=np.int64), model.most.copy()
        self._over = over
        self.size = _sizes(model.matrix)
        self._unit = 1.0
        self.solver = silent(presolve="off", solver="simplex")
        self.solver.cbSimplexInterrupt.subscribe(lambda event: event.interrupt(self._over()))
        self.solver.passModel(self._program())
        self.values: Floats = np.zeros(len(self.goal))
        self.prices: Floats = np.zeros(len(self.lower))
        self.activity: Floats = np.zeros(len(self.lower))
        self.limit = np.inf

    def _program(self) -> highspy.HighsLp:
        told = highspy.HighsLp()
        told.num_row_, told.num_col_ = self.matrix.shape
        told.sense_ = highspy.ObjSense.kMaximize
        told.col_cost_ = self._cost()
        told.col_lower_, told.col_upper_ = self.low.astype(np.float64), bounds(self.high)
        told.row_lower_, told.row_upper_ = eased(self.lower, -1) / self.size, eased(self.upper, 1) / self.size
        told.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        told.a_matrix_.start_, told.a_matrix_.index_ = self.matrix.indptr, self.matrix.indices
        told.a_matrix_.value_ = self.matrix.data / np.repeat(self.size, np.diff(self.matrix.indptr))
        return told

    def _cost(self) -> Floats:
        self._unit = max(1.0, float(np.abs(self.goal).max(initial=0)) / LARGEST_COST)
        return self.goal / self._unit

    def solve(self) -> Ending:
        """Solve from where it stands."""
        if self._over():
            return "stopped"
        status = run(self.solver)
        if status == highspy.HighsModelStatus.kOptimal:
            solution = self.solver.getSolution()
            self.values = np.array(solution.col_value)
            self.prices = np.array(solution.row_dual) * self._unit / self.size
            self.activity = np.asarray(self.matrix @ self.values)
            self.limit = self.solver.getInfo().objective_function_value * self._unit
            return "optimal"
        if status == highspy.HighsModelStatus.kInfeasible:
            return "infeasible"
        return "stopped" if status == highspy.HighsModelStatus.kInterrupt else "lost"

    def afresh(self, seed: int) -> None:
        """Forget where it stands: the next answer may be another of several that are best, and other cuts follow from it."""
        self.solver.clearSolver()
        self.solver.setOptionValue("random_seed", seed)

    def ray(self) -> Floats | None:
        """Prices of rows that show that no solution is possible, if the solver has any."""
        _, there, told = self.solver.getDualRay()
        if not there:
            return None
        ray = np.array(told) / self.size
        largest = float(np.abs(ray).max(initial=0))
        return ray / largest if largest > 0 else None

    def add_rows(self, matrix: csr_matrix, lower: Integers, upper: Integers) -> None:
        """Add rows in integers; the next answer starts from where it stands."""
        size = _sizes(matrix)
        entries = matrix.data / np.repeat(size, np.diff(matrix.indptr))
        self.solver.addRows(
            len(lower), eased(lower, -1) / size, eased(upper, 1) / size, len(entries),
            matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32), entries,
        )  # fmt: skip
        self.matrix = vstack([self.matrix, matrix]).tocsr()
        self.lower, self.upper = np.concatenate([self.lower, lower]), np.concatenate([self.upper, upper])
        self.size = np.concatenate([self.size, size])

    def confine(self, columns: Integers, low: Integers, high: Integers) -> None:
        """Give these columns another range."""
        if len(columns):
            self.low[columns], self.high[columns] = low, high
            self.solver.changeColsBounds(len(columns), columns.astype(np.int32), low.astype(np.float64), bounds(high))

    def tableau_rows(self, fractional: float, most: int) -> Iterator[Floats]:
        """Multipliers of rows that give the tableau's rows of columns, and of rows, in parts; the most undecided first."""
        _, basic = self.solver.getBasicVariables()
        basic = np.array(basic)
        inside = np.maximum(basic, 0)
        value = np.where(basic >= 0, self.values[inside], self.activity[np.maximum(-1 - basic, 0)])
        apart = np.abs(value - np.rint(value))
        order = np.argsort(-apart, kind="stable")
        for position in order[apart[order] > fractional][:most].tolist():
            _, row = self.solver.getBasisInverseRow(position)
            told = np.array(row)
            told[np.abs(told) < 1e-9] = 0.0
            yield told / self.size

    def tight_in_parts(self, apart: float) -> tuple[Integers, Integers]:
        """Rows at one of their sides that have a column in parts, and the columns in parts."""
        columns = np.flatnonzero(np.abs(self.values - np.rint(self.values)) > apart)
        near = 1e-5 * self.size
        tight = (np.abs(self.activity - self.upper) <= near) | (np.abs(self.activity - self.lower) <= near)
        has = np.diff(self.matrix[:, columns].indptr) > 0
        return np.flatnonzero(tight & has), columns

    def nearer_upper(self, rows: Integers) -> np.ndarray:
        """Whether each of these rows is nearer to its upper side."""
        above = np.where(self.upper[rows] >= FREE, np.inf, np.abs(self.upper[rows] - self.activity[rows]))
        below = np.where(self.lower[rows] <= -FREE, np.inf, np.abs(self.activity[rows] - self.lower[rows]))
        return np.asarray(above <= below)

    def binding_rows(self) -> Integers:
        """Rows at one of their sides in which coefficients differ from one another."""
        near = 1e-4 * self.size
        at_side = np.abs(self.activity - self.upper) <= near
        at_side |= np.abs(self.activity - self.lower) <= near
        return np.flatnonzero(at_side & (self.size > 1))


def _sizes(matrix: csr_matrix) -> Floats:
    """The largest coefficient of each row, at least 1."""
    size = np.ones(matrix.shape[0])
    owner = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    np.maximum.at(size, owner, np.abs(matrix.data).astype(np.float64))
    return size


def glop(model: Model, clock: Clock) -> tuple[Floats, Floats] | None:
    """A model's relaxation by OR-Tools GLOP: values of the columns and prices of the rows; None where it has no optimum in time."""
    # Any, because the stubs of OR-Tools ask for one number where the method takes an array of them.
    builder: Any = model_builder_helper.ModelBuilderHelper()
    sides = eased(model.lower, -1), eased(model.upper, 1)
    goal, matrix = model.goal.astype(np.float64), model.matrix.astype(np.float64)
    builder.fill_model_from_sparse_data(np.zeros(len(goal)), bounds(model.most), goal, *sides, matrix)
    builder.set_maximize(True)
    solver = model_builder_helper.ModelSolverHelper("glop")
    solver.enable_output(False)
    if clock.left is not None:
        solver.set_time_limit_in_seconds(max(clock.left, 0.001))
    with stopping(clock, solver.interrupt_solve):
        solver.solve(builder)
    if solver.status() != model_builder_helper.SolveStatus.OPTIMAL:
        return None
    return np.asarray(solver.variable_values()), np.asarray(solver.dual_values())
