"""The program as a mixed-integer program, solved by HiGHS through OR-Tools MathOpt.

Four steps for each goal. The linear relaxation of the whole program (OR-Tools GLOP) gives a bound and reduced costs. A look ahead to the
later goals finds a first solution (SCIP, a few nodes). A pair whose reduced cost is
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

WIDER = 8.0
"""How much further from the bound the next core looks when the last one held no solution."""
_LOG_LINE = re.compile(r"^ *\w? +\d+ +\d+ +\d+ +[\d.]+% +(\S+) +(\S+) ")
"""A line of HiGHS's log that has a bound and a value."""
SCIP = ("numerics/feastol = 1e-9", "parallel/maxnthreads = 1")
AHEAD_SCALE, AHEAD_RATIO = 1_000, 8
"""Weights of later goals when looking ahead: each brought to the same scale, each this much heavier than the next."""
AHEAD_COLUMNS, AHEAD_NODES, AHEAD_GAP = 2_000, 50, Fraction(1, 1_000)
"""How hard to look ahead: columns beside the likely ones, nodes of the search tree, and a gap that is good enough for a first solution.
Nodes, not seconds: the same program must give the same answer on a busy machine."""
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
        stage = _Stage(program, goal, tuple(holds), clock, seed, watch)
        try:
            return stage.best(hint)
        except _InexactError:
            # Rounding a floating-point solution broke a row by a hair: let exact integers decide.
            return CpSat().maximize(program, goal, holds, hint, clock, seed, watch)


class _InexactError(Exception):
    """A floating-point solution that keeps every row within tolerance breaks one when rounded."""


@dataclass(frozen=True, eq=False)
class _Relaxation:
    """The linear relaxation's optimum: its limit on every solution, its values and reduced costs."""

    limit: float
    values: Floats
    reduced: Floats


@dataclass(frozen=True, eq=False)
class _Stage:
    """One goal of a program, with the goals before it held. Values and bounds inside are in the model's units, after its divisor."""

    program: Program
    goal: Integers
    holds: tuple[Hold, ...]
    clock: Clock
    seed: int
    watch: Watch

    def best(self, known: Integers | None) -> Step:
        """The best solution there is, or the best found in time with an honest bound. `known` is a solution to start from."""
        model = _Model.of(self.program, self.goal, self.holds)
        relaxed = _relax(model, self.clock)
        if relaxed == "infeasible" and known is None:
            return Step("infeasible", None, None)
        if isinstance(relaxed, str):
            return Step("no_solution", None, None) if self.clock.over else self._whole(model)
        target = _floor(relaxed.limit)
        self._saw(model, known, target)
        rounded = np.rint(relaxed.values).astype(np.int64)
        if np.abs(relaxed.values - rounded).max(initial=0) < 1e-6 and self._keeps(rounded):
            return Step("optimal", rounded, int(model.goal @ rounded) * model.divisor)
        for held in ((Hold(self.goal, target * model.divisor),), ()):
            if known is None or (held and int(model.goal @ known) < target):
                found = self._look_ahead((*self.holds, *held))
                known = found if found is not None and self._keeps(found) else known
        if known is not None and int(model.goal @ known) >= target:
            return Step("optimal", known, target * model.divisor)
        self._saw(model, known, target)
        return self._close(model, relaxed, known, target)

    def _close(self, model: _Model, relaxed: _Relaxation, known: Integers | None, target: int) -> Step:
        """Close the distance between what is known and the relaxation's limit, in ever wider cores."""
        allowance = max(1.0, FIRST_ALLOWANCE * abs(relaxed.limit))
        while True:
            value = -math.inf if known is None else int(model.goal @ known)
            # A solution better than the known one is at least a unit better, so nothing further from the limit than this can be one.
            enough = relaxed.limit - value - 1
            better = model if known is None else _Model.of(self.program, self.goal, (*self.holds, Hold(self.goal, (int(value) + 1) * model.divisor)))
            step, whole = _core(better, relaxed, min(allowance, enough), self.clock, self.seed, self.watch)
            everywhere = whole or allowance >= enough
            if step.columns is not None:
                if not self._keeps(step.columns):
                    raise _InexactError
                known, value = step.columns, int(model.goal @ step.columns)
                bound = target if step.bound is None else min(step.bound, target)
                if value >= bound:
                    return Step("optimal", known, value * model.divisor)
                if step.status != "optimal" or self.clock.over or self.clock.close_enough(value, bound):
                    return Step("feasible", known, bound * model.divisor)
                self._saw(model, known, bound)
                allowance = relaxed.limit - value
            elif step.status != "infeasible":
                return Step("no_solution" if known is None else "feasible", known, target * model.divisor)
            elif everywhere:
                return Step("infeasible", None, None) if known is None else Step("optimal", known, int(value) * model.divisor)
            else:
                allowance *= WIDER

    def _whole(self, model: _Model) -> Step:
        """The whole program at once, where its relaxation gave no answer that can be trusted."""
        step = _highs(model, 0, self.clock, self.seed, self.watch)
        if step.columns is not None and not self._keeps(step.columns):
            raise _InexactError
        return Step(step.status, step.columns, None if step.bound is None else step.bound * model.divisor)

    def _look_ahead(self, holds: Sequence[Hold]) -> Integers | None:
        """A solution that is good for this goal and those after it; None where none is found quickly.

        A goal such as "nobody short" leaves most columns equally good, and gives an integer solver nothing to hold on to. The goals after it do: the
        columns that they like best are few, and usually hold a solution that this goal cannot beat either.
        """
        wish = np.zeros(self.program.size, dtype=np.int64)
        for objective in self.program.objectives[len(self.holds) :]:
            dense = objective.dense(self.program.size)
            wish = wish * AHEAD_RATIO + dense * AHEAD_SCALE // max(1, int(np.abs(dense).max(initial=0)))
        model = _Model.of(self.program, wish, holds)
        relaxed = _relax(model, self.clock)
        if isinstance(relaxed, str) or self.program.size == 0:
            return None
        likely = relaxed.values > 1e-9
        room = min(len(likely), 2 * int(likely.sum()) + AHEAD_COLUMNS)
        distance = np.where(likely | (np.arange(len(likely)) >= len(self.program.pairs)), 0.0, np.abs(relaxed.reduced))
        keep = distance <= np.partition(distance, room - 1)[room - 1]
        nothing = np.zeros(self.program.size, dtype=np.int64)
        step = _scip(model.core(keep, nothing), Clock(self.clock.left, AHEAD_GAP), self.seed)
        if step.columns is None:
            return None
        columns = np.zeros(self.program.size, dtype=np.int64)
        columns[keep] = step.columns
        return columns

    def _keeps(self, columns: Integers) -> bool:
        """Whether the columns keep every row and every hold, in exact arithmetic."""
        if (columns < 0).any() or (columns > self.program.upper).any():
            return False
        return all(int(hold.coefficients @ columns) >= hold.at_least for hold in self.holds) and next(self.program.broken_rows(columns), None) is None

    def _saw(self, model: _Model, known: Integers | None, bound: int) -> None:
        self.watch.saw(None if known is None else float(self.goal @ known), float(bound * model.divisor))


def _core(model: _Model, relaxed: _Relaxation, allowance: float, clock: Clock, seed: int, watch: Watch) -> tuple[Step, bool]:
    """The best of all solutions within the allowance of the relaxation's limit, and whether those are all there are.

    The step's bound holds for every solution: what was left out is worth less than limit - allowance. `model` may have rows that the relaxation had not.
    """
    hopeless = (relaxed.reduced < -allowance - 1e-6) & (relaxed.values < 1e-9)
    settled = (relaxed.reduced > allowance + 1e-6) & (relaxed.values > 1 - 1e-9) & (model.most == 1)
    keep = ~(hopeless | settled)
    columns = settled.astype(np.int64)
    already = int(model.goal @ columns)
    step = _highs(model.core(keep, columns), already, clock, seed, watch)
    bound = _floor(relaxed.limit) if step.bound is None else step.bound + already
    if not keep.all():
        bound = max(bound, _floor(relaxed.limit - allowance))
    if step.columns is not None:
        columns[keep] = step.columns
    return Step(step.status, None if step.columns is None else columns, bound), bool(keep.all())


def _relax(model: _Model, clock: Clock) -> _Relaxation | str:
    """The linear relaxation solved, or why not: "infeasible" or "unknown" (time ran out, or numbers went astray)."""
    builder = _builder(model)
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


def _highs(model: _Model, already: int, clock: Clock, seed: int, watch: Watch) -> Step:
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


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _scip(model: _Model, clock: Clock, seed: int) -> Step:
    """SCIP on a model, within a few nodes: of the solvers at hand it is the one that is not troubled by coefficients of very different size."""
    builder = _builder(model)
    for column in range(model.matrix.shape[1]):
        builder.set_var_integrality(column, True)
    solver = model_builder_helper.ModelSolverHelper("scip")
    solver.enable_output(False)
    settings = [*SCIP, f"limits/gap = {float(clock.gap)}", f"limits/nodes = {AHEAD_NODES}", f"randomization/randomseedshift = {seed & 0x7FFFFFFF}"]
    solver.set_solver_specific_parameters("\n".join(settings))
    if clock.left is not None:
        solver.set_time_limit_in_seconds(max(clock.left, 0.001))
    solver.solve(builder)
    status = solver.status()
    if status == model_builder_helper.SolveStatus.INFEASIBLE:
        return Step("infeasible", None, None)
    bound = float(solver.best_objective_bound())
    whole = _floor(bound) if math.isfinite(bound) and abs(bound) < FREE else None
    if not solver.has_solution():
        return Step("no_solution", None, whole)
    columns = np.rint(np.asarray(solver.variable_values())).astype(np.int64)
    return Step("optimal" if status == model_builder_helper.SolveStatus.OPTIMAL else "feasible", columns, whole)


def _builder(model: _Model) -> Any:
    """The model as OR-Tools takes it, filled from arrays; columns are continuous."""
    builder: Any = model_builder_helper.ModelBuilderHelper()  # its stubs mistake the type of an array for the type of its elements
    bounds = [_bounds(part) for part in (model.most, model.lower, model.upper)]
    builder.fill_model_from_sparse_data(np.zeros(model.matrix.shape[1]), bounds[0], model.goal.astype(np.float64), bounds[1], bounds[2], model.matrix)
    builder.set_maximize(True)
    return builder


def _floor(bound: float) -> int:
    """The largest integer that a floating-point bound could mean."""
    return math.floor(bound + 1e-10 * abs(bound) + 1e-6)


def _bounds(values: Integers) -> Floats:
    floats = values.astype(np.float64)
    floats[values >= FREE] = math.inf
    floats[values <= -FREE] = -math.inf
    return floats
