"""The program as a mixed-integer program, solved by HiGHS through OR-Tools MathOpt.

Three steps for each goal. The linear relaxation of the whole program (OR-Tools GLOP) gives a bound and reduced costs. A pair whose reduced cost is
worse than the distance between the bound and a known solution is in no better solution, so it can be left out without loss (reduced-cost fixing); the core
that is left goes to HiGHS. Where the core's answer is further from the bound than was assumed, the core is widened to the distance that was found, once.

Every goal is a sum of integers, so a gap below one unit is a proof. Solvers compute in floating point: what they return is rounded and judged in exact
arithmetic, and bounds are rounded to the next integer they could mean.

Source: reduced-cost fixing: Dantzig, Fulkerson and Johnson 1954; Nemhauser and Wolsey 1988, section II.5.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from ortools.linear_solver.python import model_builder_helper
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt
from scipy.sparse import csr_matrix

from allocator.engines.base import Clock, GoalByGoal, Hold, Step, Watch
from allocator.engines.cp_sat import CpSat
from allocator.program import FREE, Program
from allocator.scenario import Floats, Integers, Mask

_LOG_LINE = re.compile(r"^ *\w? +\d+ +\d+ +\d+ +[\d.]+% +(\S+) +(\S+) ")
AHEAD_SCALE, AHEAD_RATIO = 1_000, 8
"""Weights of later goals when looking ahead: each brought to the same scale, each this much heavier than the next."""
AHEAD_COLUMNS, AHEAD_SECONDS, AHEAD_GAP = 2_000, 20.0, Fraction(1, 1_000)
"""How hard to look ahead: columns beside the likely ones, patience, and a gap that is good enough for a first solution."""
FIRST_ALLOWANCE = 5e-5
"""Distance from the bound, as a part of it, at which the first core expects a solution; measured gaps are a few 1e-5 at most."""


@dataclass(frozen=True, eq=False)
class _Model:
    """One goal over the program: maximise `goal` (already divided by `divisor`) subject to lower <= matrix <= upper, 0 <= columns <= most."""

    matrix: csr_matrix
    lower: Integers
    upper: Integers
    most: Integers
    goal: Integers
    divisor: int

    @classmethod
    def of(cls, program: Program, goal: Integers, holds: Sequence[Hold]) -> _Model:
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

    def core(self, keep: Mask, fixed: Integers) -> _Model:
        """The model over some columns, the others at their fixed values."""
        used = (self.matrix @ fixed).round().astype(np.int64)
        lower = np.where(self.lower <= -FREE, self.lower, self.lower - used)
        upper = np.where(self.upper >= FREE, self.upper, self.upper - used)
        return _Model(self.matrix[:, keep], lower, upper, self.most[keep], self.goal[keep], self.divisor)


class Mip(GoalByGoal):
    """The general engine: any linear program of ours, exact."""

    name = "mip"

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        model = _Model.of(program, goal, holds)
        relaxed = _relax(model, clock)
        if relaxed == "infeasible" and hint is None:
            return Step("infeasible", None, None)
        if isinstance(relaxed, str):
            return Step("no_solution", None, None) if clock.over else self._whole(model, program, goal, holds, hint, clock, seed, watch)
        known = -math.inf if hint is None else float(model.goal @ hint)
        target = _floor(relaxed.limit)
        watch.saw(None if hint is None else known * model.divisor, float(target * model.divisor))
        if known >= target:
            return Step("optimal", hint, target * model.divisor)
        ahead = _look_ahead(program, Hold(goal, target * model.divisor), holds, clock, seed)
        if ahead is not None and _keeps(program, holds, ahead) and int(model.goal @ ahead) >= target:
            return Step("optimal", ahead, target * model.divisor)
        columns = np.round(relaxed.values).astype(np.int64)
        if np.abs(relaxed.values - columns).max(initial=0) > 1e-6 or not _keeps(program, holds, columns):
            allowance = min(max(1.0, FIRST_ALLOWANCE * abs(relaxed.limit)), relaxed.limit - known)
            step = _core(model, relaxed, allowance, clock, seed, watch)
            best = max(known, -math.inf if step.columns is None else float(model.goal @ step.columns))
            if relaxed.limit - best > allowance and not clock.over:
                step = _core(model, relaxed, relaxed.limit - best, clock, seed, watch)
            if step.columns is None or step.bound is None:
                return Step(step.status, None, None if step.bound is None else step.bound * model.divisor)
            columns, bound = step.columns, min(step.bound, target)
        else:
            bound = int(model.goal @ columns)
        if not _keeps(program, holds, columns):
            # Rounding a floating-point solution broke a row by a hair: let exact integers decide.
            return CpSat().maximize(program, goal, holds, hint, clock, seed, watch)
        return Step("optimal" if int(model.goal @ columns) >= bound else "feasible", columns, bound * model.divisor)

    def _whole(
        self, model: _Model, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch
    ) -> Step:
        """The whole program at once, where its relaxation gave no answer that can be trusted."""
        step = _highs(model, 0, clock, seed, watch)
        if step.columns is not None and not _keeps(program, holds, step.columns):
            return CpSat().maximize(program, goal, holds, hint, clock, seed, watch)
        return Step(step.status, step.columns, None if step.bound is None else step.bound * model.divisor)


def _look_ahead(program: Program, reached: Hold, holds: Sequence[Hold], clock: Clock, seed: int) -> Integers | None:
    """A solution that is good for the goals after this one, among those that reach this goal's limit; None where it is not found quickly.

    A goal such as "nobody short" leaves most columns equally good, and gives an integer solver nothing to hold on to. The goals after it do: the columns
    that they like best are few, and usually hold a solution that this goal cannot beat either.
    """
    later = program.objectives[len(holds) + 1 :]
    if not later:
        return None
    wish = np.zeros(program.size, dtype=np.int64)
    for objective in later:
        dense = objective.dense(program.size)
        wish = wish * AHEAD_RATIO + dense * AHEAD_SCALE // max(1, int(np.abs(dense).max()))
    model = _Model.of(program, wish, [*holds, reached])
    relaxed = _relax(model, clock)
    if isinstance(relaxed, str):
        return None
    likely = relaxed.values > 1e-9
    room = min(len(likely), 2 * int(likely.sum()) + AHEAD_COLUMNS)
    distance = np.where(likely | (np.arange(len(likely)) >= len(program.pairs)), 0.0, np.abs(relaxed.reduced))
    keep = distance <= np.partition(distance, room - 1)[room - 1]
    patience = AHEAD_SECONDS if clock.left is None else min(AHEAD_SECONDS, clock.left / 4)
    step = _highs(model.core(keep, np.zeros(program.size, dtype=np.int64)), 0, Clock(patience, AHEAD_GAP), seed, None)
    if step.columns is None:
        return None
    columns = np.zeros(program.size, dtype=np.int64)
    columns[keep] = step.columns
    return columns


def _keeps(program: Program, holds: Sequence[Hold], columns: Integers) -> bool:
    """Whether the columns keep every row and every hold, in exact arithmetic."""
    if (columns < 0).any() or (columns > program.upper).any():
        return False
    return all(int(hold.coefficients @ columns) >= hold.at_least for hold in holds) and next(program.broken_rows(columns), None) is None


@dataclass(frozen=True, eq=False)
class _Relaxation:
    """The linear relaxation's optimum: its limit on every solution, its values and reduced costs."""

    limit: float
    values: Floats
    reduced: Floats


def _core(model: _Model, relaxed: _Relaxation, allowance: float, clock: Clock, seed: int, watch: Watch) -> Step:
    """The best of all solutions within the allowance of the relaxation's limit. The step's bound holds for every solution."""
    hopeless = (relaxed.reduced < -allowance - 1e-6) & (relaxed.values < 1e-9)
    settled = (relaxed.reduced > allowance + 1e-6) & (relaxed.values > 1 - 1e-9) & (model.most == 1)
    keep = ~(hopeless | settled)
    columns = settled.astype(np.int64)
    already = int(model.goal @ columns)
    step = _highs(model.core(keep, columns), already, clock, seed, watch)
    # What was left out is worth less than limit - allowance; with nothing left out that says nothing.
    elsewhere = None if keep.all() else _floor(relaxed.limit - allowance)
    if step.status == "infeasible":
        return Step("infeasible" if elsewhere is None else "no_solution", None, elsewhere)
    bound = _floor(relaxed.limit) if step.bound is None else step.bound + already
    bound = bound if elsewhere is None else max(bound, elsewhere)
    if step.columns is None:
        return Step("no_solution", None, bound)
    columns[keep] = step.columns
    return Step(step.status, columns, bound)


def _relax(model: _Model, clock: Clock) -> _Relaxation | str:
    """The linear relaxation solved, or why not: "infeasible" or "unknown" (time ran out, or numbers went astray)."""
    builder: Any = model_builder_helper.ModelBuilderHelper()  # its stubs mistake the type of an array for the type of its elements
    columns = model.matrix.shape[1]
    builder.fill_model_from_sparse_data(
        np.zeros(columns), _bounds(model.most), model.goal.astype(np.float64), _bounds(model.lower), _bounds(model.upper), model.matrix
    )
    builder.set_maximize(True)
    solver = model_builder_helper.ModelSolverHelper("glop")
    solver.enable_output(False)
    if clock.left is not None:
        solver.set_time_limit_in_seconds(max(clock.left, 0.001))
    solver.solve(builder)
    status = solver.status()
    if status == model_builder_helper.SolveStatus.INFEASIBLE:
        return "infeasible"
    if status != model_builder_helper.SolveStatus.OPTIMAL:
        return "unknown"
    return _Relaxation(float(solver.objective_value()), np.asarray(solver.variable_values()), np.asarray(solver.reduced_costs()))


def _highs(model: _Model, already: int, clock: Clock, seed: int, watch: Watch | None) -> Step:
    """HiGHS on a model. Values and bounds leave out what the settled columns are worth (`already`)."""
    parameters = mathopt.SolveParameters(
        time_limit=None if clock.left is None else datetime.timedelta(seconds=max(clock.left, 0.001)),
        relative_gap_tolerance=float(clock.gap),
        absolute_gap_tolerance=0.999,
        random_seed=seed & 0x7FFFFFFF,
    )
    parameters.highs.double_options["mip_feasibility_tolerance"] = 1e-9
    parameters.highs.double_options["primal_feasibility_tolerance"] = 1e-9

    def listen(lines: Sequence[str]) -> None:
        for line in lines:
            if watch is not None and (found := _LOG_LINE.match(line)):
                bound, value = (_number(text) for text in found.groups())
                watch.saw(
                    None if value is None else (value + already) * model.divisor,
                    None if bound is None else (bound + already) * model.divisor,
                )

    result = mathopt.solve(_proto(model), mathopt.SolverType.HIGHS, params=parameters, msg_cb=listen)
    reason = result.termination.reason
    if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
        return Step("infeasible", None, None)
    bound = result.best_objective_bound()
    whole = _floor(bound) if math.isfinite(bound) else None
    if not result.has_primal_feasible_solution():
        return Step("no_solution", None, whole)
    columns = np.zeros(model.matrix.shape[1], dtype=np.int64)
    for variable, value in result.variable_values().items():
        columns[variable.id] = round(value)
    return Step("optimal" if reason == mathopt.TerminationReason.OPTIMAL else "feasible", columns, whole)


def _proto(model: _Model) -> mathopt.Model:
    """The model for MathOpt, filled from arrays."""
    rows, columns = model.matrix.shape
    entries = model.matrix.tocoo()
    order = np.lexsort((entries.col, entries.row))
    wanted = np.flatnonzero(model.goal)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend(np.zeros(columns))
    proto.variables.upper_bounds.extend(_bounds(model.most))
    proto.variables.integers.extend(np.ones(columns, dtype=bool))
    proto.objective.maximize = True
    proto.objective.linear_coefficients.ids.extend(wanted)
    proto.objective.linear_coefficients.values.extend(model.goal[wanted].astype(np.float64))
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(_bounds(model.lower))
    proto.linear_constraints.upper_bounds.extend(_bounds(model.upper))
    proto.linear_constraint_matrix.row_ids.extend(entries.row[order])
    proto.linear_constraint_matrix.column_ids.extend(entries.col[order])
    proto.linear_constraint_matrix.coefficients.extend(entries.data[order])
    return mathopt.Model.from_model_proto(proto)


def _floor(bound: float) -> int:
    """The largest integer that a floating-point bound could mean."""
    return math.floor(bound + 1e-10 * abs(bound) + 1e-6)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _bounds(values: Integers) -> Floats:
    floats = values.astype(np.float64)
    floats[values >= FREE] = math.inf
    floats[values <= -FREE] = -math.inf
    return floats
