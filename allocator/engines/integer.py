"""One goal over some columns as a mixed-integer program, and HiGHS, which takes it.

Models are filled from arrays. Solvers compute in floating point: values are rounded to the nearest integers, and bounds to the next integer that they
could mean; whoever asks judges the answer in exact arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import highspy
import numpy as np
from scipy.sparse import csr_matrix, vstack

from allocator.engines.base import Clock, Hold, Status, Watch
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
    """One goal over some of a program's columns, in integers.

    Maximise `goal` (already divided by `divisor`) subject to lower <= matrix <= upper and 0 <= columns <= most.
    """

    matrix: csr_matrix
    lower: Integers
    upper: Integers
    most: Integers
    goal: Integers
    divisor: int

    @classmethod
    def of(
        cls,
        program: Program,
        goal: Integers,
        holds: Sequence[Hold],
        *,
        pairs: Integers | None = None,
        settled: Integers | None = None,
    ) -> Model:
        """The program with its held goals as rows; only some pairs, the `settled` ones assigned and the others not.

        Rows are numbered as in `Program.matrix()`, then come the holds. Columns are the pairs, then those beside.
        """
        if pairs is None:
            row, column, coefficient, lower, upper = program.matrix()
            width, chosen = program.size, np.arange(program.size)
        else:
            row, column, coefficient, lower, upper = _among(program, pairs, settled)
            chosen = np.concatenate([pairs, np.arange(len(program.pairs), program.size)])
            width = len(chosen)
        for hold in holds:
            told = hold.coefficients[chosen]
            inside = np.flatnonzero(told)
            already = 0 if settled is None else int(hold.coefficients[settled].sum())
            row = np.concatenate([row, np.full(len(inside), len(lower), dtype=np.int64)])
            column, coefficient = np.concatenate([column, inside]), np.concatenate([coefficient, told[inside]])
            lower, upper = np.append(lower, hold.at_least - already), np.append(upper, FREE)
        # A pair may count in two ways in one row; the sparse format adds them up.
        matrix = csr_matrix((coefficient, (row, column)), shape=(len(lower), width), dtype=np.int64)
        matrix.sum_duplicates()
        mine = goal[chosen]
        divisor = int(np.gcd.reduce(mine[mine != 0])) if mine.any() else 1
        return cls(matrix, lower, upper, program.upper[chosen], mine // divisor, divisor)

    def core(self, keep: Mask, fixed: Integers) -> Model:
        """The model over some columns, the others at their fixed values."""
        used = self.matrix @ fixed
        lower = np.where(self.lower <= -FREE, self.lower, self.lower - used)
        upper = np.where(self.upper >= FREE, self.upper, self.upper - used)
        return Model(self.matrix[:, keep], lower, upper, self.most[keep], self.goal[keep], self.divisor)

    def tightened(self) -> Model:
        """The same solutions in whole numbers, with each row divided by the common divisor of its coefficients."""
        filled = np.flatnonzero(np.diff(self.matrix.indptr))
        divisor = np.ones(len(self.lower), dtype=np.int64)
        if len(filled):
            divisor[filled] = np.maximum(np.gcd.reduceat(self.matrix.data, self.matrix.indptr[filled]), 1)
        matrix = self.matrix.copy()
        matrix.data = matrix.data // np.repeat(divisor, np.diff(matrix.indptr))
        lower = np.where(self.lower <= -FREE, self.lower, -(-self.lower // divisor))
        upper = np.where(self.upper >= FREE, self.upper, self.upper // divisor)
        return replace(self, matrix=matrix, lower=lower, upper=upper)

    def reaching(self, value: int) -> Model:
        """The model with a row that asks for this value of its goal at least."""
        row = csr_matrix(self.goal[None, :])
        lower, upper = np.append(self.lower, max(value, -FREE)), np.append(self.upper, FREE)
        return replace(self, matrix=vstack([self.matrix, row]).tocsr(), lower=lower, upper=upper)

    def keeps(self, columns: Integers) -> bool:
        """Whether the columns are within their range and keep every row, exactly."""
        if (columns < 0).any() or (columns > self.most).any():
            return False
        activity = self.matrix @ columns
        return bool(((activity >= self.lower) & (activity <= self.upper)).all())


def _among(program: Program, pairs: Integers, settled: Integers | None) -> tuple[Integers, ...]:
    """The program's rows over some pairs and the columns beside, the settled pairs' part taken off the sides."""
    place = np.full(program.size, -1, dtype=np.int64)
    place[pairs] = np.arange(len(pairs))
    place[len(program.pairs) :] = len(pairs) + np.arange(program.size - len(program.pairs))
    columns = np.zeros(program.size, dtype=np.int64)
    if settled is not None:
        columns[settled] = 1
    people = program.people(columns)
    parts: list[list[Integers]] = [[np.empty(0, dtype=np.int64)] for _ in range(5)]
    for block, start in zip(program.rows, program.starts.tolist(), strict=False):
        row, column, coefficient = block.entries(program.pairs)
        inside = np.flatnonzero(place[column] >= 0)
        used = block.activity(program.pairs, columns, people)
        parts[0] += [row[inside] + start, block.slack.row + start]
        parts[1] += [place[column[inside]], place[block.slack.column]]
        parts[2] += [coefficient[inside], block.slack.coefficient]
        parts[3].append(np.where(block.lower <= -FREE, block.lower, block.lower - used))
        parts[4].append(np.where(block.upper >= FREE, block.upper, block.upper - used))
    return tuple(np.concatenate(part) for part in parts)


@dataclass(frozen=True, eq=False)
class Found:
    """What a floating-point solver says of a model: columns to be judged, and a bound that proves nothing."""

    status: Status
    columns: Integers | None
    bound: int | None


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
) -> Found:
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
        return Found("infeasible", None, None)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Found("no_solution", None, None)
    columns = np.rint(np.array(solver.getSolution().col_value)).astype(np.int64)
    return Found("optimal" if status == highspy.HighsModelStatus.kOptimal else "feasible", columns, None)


def _program(model: Model) -> highspy.HighsLp:
    """The model for HiGHS, filled from arrays."""
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = model.matrix.shape
    program.sense_ = highspy.ObjSense.kMaximize
    program.col_cost_ = model.goal.astype(np.float64)
    program.col_lower_, program.col_upper_ = np.zeros(len(model.goal)), bounds(model.most)
    program.row_lower_, program.row_upper_ = eased(model.lower, -1), eased(model.upper, 1)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_ = model.matrix.indptr, model.matrix.indices
    program.a_matrix_.value_ = model.matrix.data.astype(np.float64)
    program.integrality_ = [highspy.HighsVarType.kInteger] * len(model.goal)
    return program


def eased(sides: Integers, direction: int) -> Floats:
    """Sides of rows for a floating-point solver, a hair wider than they are: no integer lies between.

    A solver that adds up millions must not lose the solution that just keeps a row. What it finds is judged exactly.
    """
    told = bounds(sides)
    width = np.where(np.isfinite(told), np.minimum(0.4, 1e-6 + 1e-9 * np.abs(told)), 0.0)
    return np.asarray(told + direction * width)
