"""The program through OR-Tools CP-SAT: exact integers throughout, for small programs.

Runs with a fixed number of workers that take turns (`interleave_search`), so that the same program and seed give the same answer on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ortools.sat.python import cp_model

from allocator.engines.base import Clock, GoalByGoal, Hold, Step, Watch
from allocator.engines.integer import Model
from allocator.engines.stopping import stopping
from allocator.program import FREE, Program
from allocator.scenario import Integers

WORKERS = 8
A_MOMENT = 0.5
"""Deterministic seconds for a small program that may have nothing better."""
MOST = 1 << 40
"""CP-SAT wants finite domains; no column of ours can be larger."""


class CpSat(GoalByGoal):
    """Constraint programming with clause learning."""

    name = "cp_sat"

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        model = cp_model.CpModel()
        columns = [model.new_int_var(0, min(int(most), MOST), "") for most in program.upper]
        row, column, coefficient, lower, upper = program.matrix()
        order = np.argsort(row, kind="stable")
        starts = np.searchsorted(row[order], np.arange(len(lower) + 1))
        for number in range(len(lower)):
            inside = order[starts[number] : starts[number + 1]]
            expression = cp_model.LinearExpr.weighted_sum([columns[k] for k in column[inside].tolist()], coefficient[inside].tolist())
            model.add_linear_expression_in_domain(expression, cp_model.Domain(max(int(lower[number]), -MOST * 1000), min(int(upper[number]), MOST * 1000)))
        for hold in holds:
            model.add(_weighted(columns, hold.coefficients) >= hold.at_least)
        model.maximize(_weighted(columns, goal))
        if hint is not None:
            for variable, value in zip(columns, hint.tolist(), strict=True):
                model.add_hint(variable, value)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = WORKERS
        solver.parameters.interleave_search = True
        solver.parameters.random_seed = seed & 0x7FFFFFFF
        solver.parameters.relative_gap_limit = float(clock.gap)
        if clock.left is not None:
            solver.parameters.max_time_in_seconds = max(clock.left, 0.001)
        with stopping(clock, solver.stop_search):
            status = solver.solve(model, _Listener(watch))
        if status == cp_model.INFEASIBLE:
            return Step("infeasible", None, None)
        bound = math.floor(solver.best_objective_bound + 1e-6) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Step("no_solution", None, bound)
        found = np.array([solver.value(variable) for variable in columns], dtype=np.int64)
        return Step("optimal" if status == cp_model.OPTIMAL else "feasible", found, bound)


class _Listener(cp_model.CpSolverSolutionCallback):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def on_solution_callback(self) -> None:
        self._watch.saw(self.objective_value, self.best_objective_bound)


def better(model: Model, hint: Integers, clock: Clock, seed: int) -> Integers | None:
    """The best solution of a small program that is found in a moment; None where none is. `hint` may be worse than what the program asks for."""
    asked = cp_model.CpModel()
    columns = [asked.new_int_var(0, min(int(most), MOST), "") for most in model.most]
    matrix = model.matrix
    for number, (lower, upper) in enumerate(zip(model.lower.tolist(), model.upper.tolist(), strict=True)):
        entries = slice(matrix.indptr[number], matrix.indptr[number + 1])
        expression = cp_model.LinearExpr.weighted_sum(
            [columns[k] for k in matrix.indices[entries].tolist()], np.rint(matrix.data[entries]).astype(int).tolist()
        )
        domain = cp_model.Domain(max(math.ceil(lower), -MOST * 1000), min(math.floor(upper), MOST * 1000))
        asked.add_linear_expression_in_domain(expression, domain)
    asked.maximize(_weighted(columns, model.goal))
    for variable, value in zip(columns, hint.tolist(), strict=True):
        asked.add_hint(variable, value)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed & 0x7FFFFFFF
    solver.parameters.max_deterministic_time = A_MOMENT
    with stopping(clock, solver.stop_search):
        status = solver.solve(asked)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return np.array([solver.value(variable) for variable in columns], dtype=np.int64)


def _weighted(columns: list[cp_model.IntVar], coefficients: Integers) -> cp_model.LinearExpr:
    inside = np.flatnonzero(coefficients)
    return cp_model.LinearExpr.weighted_sum([columns[k] for k in inside.tolist()], coefficients[inside].tolist())


assert FREE > MOST
