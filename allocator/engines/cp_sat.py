"""Models through OR-Tools CP-SAT: exact integers throughout, for small programs.

Runs with a fixed number of workers that take turns (`interleave_search`), so that the same program and seed give the same answer on every machine.
Its bounds are read as the integers that they are, not as the floating-point numbers that it also offers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ortools.sat.python import cp_model

from allocator.engines.alike import Alike
from allocator.engines.base import Clock, Hold, Watch
from allocator.engines.goal_by_goal import GoalByGoal, Step
from allocator.engines.integer import Found, Model
from allocator.engines.proofs import IntegerProof
from allocator.engines.stopping import stopping
from allocator.program import FREE, Program, dot
from allocator.scenario import Integers

WORKERS = 8
A_MOMENT = 0.5
"""Deterministic seconds for a small program that may have nothing better."""
MOST = 1 << 40
"""CP-SAT wants finite domains; no column of ours can be larger."""
WIDEST = 1 << 62
"""What the terms of a row, or of the goal, may add up to: beyond that CP-SAT's integers could overflow."""


class CpSat(GoalByGoal):
    """Constraint programming with clause learning."""

    name = "cp_sat"

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        model = Model.of(program, goal, holds)
        asked = _Asked.of(model)
        if asked is None:
            return Step("no_solution", None, None)
        asked.hint(hint)
        solver = _solver(seed)
        solver.parameters.num_workers = WORKERS
        solver.parameters.interleave_search = True
        solver.parameters.relative_gap_limit = float(clock.gap)
        if clock.left is not None:
            solver.parameters.max_time_in_seconds = max(clock.left, 0.001)
        found = asked.solve(solver, clock, _Listener(watch, model.divisor))
        if found.status == "infeasible":
            return Step("infeasible", None, None, (IntegerProof(self.name, None),))
        bound = None if found.bound is None else found.bound * model.divisor
        return Step(found.status, found.columns, bound, () if bound is None else (IntegerProof(self.name, bound),))


class _Listener(cp_model.CpSolverSolutionCallback):
    def __init__(self, watch: Watch, divisor: int) -> None:
        super().__init__()
        self._watch, self._divisor = watch, divisor

    def on_solution_callback(self) -> None:
        self._watch.saw(self.objective_value * self._divisor, self.best_objective_bound * self._divisor)


def searched_exactly(model: Model, clock: Clock, seed: int, work: float) -> Found:
    """The best solution of a model and the exact bound, or that there is none, within so much work (CP-SAT's deterministic seconds).

    People whom nothing in the model tells apart are counted together, not looked at one by one.
    """
    alike = Alike.of(model)
    asked = _Asked.of(alike.model)
    if asked is None:
        return Found("no_solution", None, None)
    solver = _solver(seed)
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = work
    if clock.left is not None:
        solver.parameters.max_time_in_seconds = max(clock.left, 0.001)
    found = asked.solve(solver, clock)
    return found if found.columns is None else Found(found.status, alike.each(found.columns), found.bound)


def better(model: Model, hint: Integers, clock: Clock, seed: int) -> Integers | None:
    """The best solution of a small program that is found in a moment; None where none is. `hint` may be worse than what the program asks for."""
    asked = _Asked.of(model)
    if asked is None:
        return None
    asked.hint(hint)
    solver = _solver(seed)
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = A_MOMENT
    return asked.solve(solver, clock).columns


def _solver(seed: int) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed & 0x7FFFFFFF
    return solver


class _Asked:
    """A model as CP-SAT takes it."""

    def __init__(self, model: Model) -> None:
        self.model, self.asked = model, cp_model.CpModel()
        self.columns = [self.asked.new_int_var(0, min(int(most), MOST), "") for most in model.most]
        matrix = model.matrix
        for number, (lower, upper) in enumerate(zip(model.lower.tolist(), model.upper.tolist(), strict=True)):
            entries = slice(matrix.indptr[number], matrix.indptr[number + 1])
            inside = [self.columns[k] for k in matrix.indices[entries].tolist()]
            told = cp_model.LinearExpr.weighted_sum(inside, matrix.data[entries].tolist())
            self.asked.add_linear_expression_in_domain(told, cp_model.Domain(max(lower, -WIDEST), min(upper, WIDEST)))
        wanted = np.flatnonzero(model.goal)
        self.asked.maximize(cp_model.LinearExpr.weighted_sum([self.columns[k] for k in wanted.tolist()], model.goal[wanted].tolist()))

    @classmethod
    def of(cls, model: Model) -> _Asked | None:
        """None where the model's numbers are too wide for CP-SAT."""
        most = np.minimum(model.most, MOST).astype(np.float64)
        widest = max(float((np.abs(model.matrix) @ most).max(initial=0.0)), float(np.abs(model.goal) @ most))
        return None if widest >= WIDEST else cls(model)

    def hint(self, columns: Integers | None) -> None:
        """A solution to start from."""
        for variable, value in zip(self.columns, [] if columns is None else columns.tolist(), strict=False):
            self.asked.add_hint(variable, value)

    def solve(self, solver: cp_model.CpSolver, clock: Clock, listener: cp_model.CpSolverSolutionCallback | None = None) -> Found:
        """Solve, and read the answer as integers."""
        with stopping(clock, solver.stop_search):
            status = solver.solve(self.asked, listener)
        if status == cp_model.INFEASIBLE:
            return Found("infeasible", None, None)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Found("no_solution", None, None)
        columns = np.array([solver.value(variable) for variable in self.columns], dtype=np.int64)
        if status == cp_model.OPTIMAL and not solver.parameters.relative_gap_limit:
            return Found("optimal", columns, dot(self.model.goal, columns))
        # CP-SAT minimises, so that its integer bound is that of the goal with the other sign.
        return Found("feasible", columns, -int(solver.response_proto.inner_objective_lower_bound))


assert FREE > MOST
