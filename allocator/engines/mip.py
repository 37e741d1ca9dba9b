"""The program as a mixed-integer program, solved by HiGHS.

Four steps for each goal. The linear relaxation of the whole program (OR-Tools GLOP) gives a bound and reduced costs. A look ahead to the
later goals finds a first solution (a few nodes). A pair whose reduced cost is
worse than the distance between the bound and a known solution is in no better solution, so it can be left out without loss (reduced-cost fixing); the core
that is left goes to HiGHS. Where the core's answer is further from the bound than was assumed, the core is widened to the distance that was found, once.

Every goal is a sum of integers, so a gap below one unit is a proof. Solvers compute in floating point: what they return is rounded and judged in exact
arithmetic, and bounds are rounded to the next integer they could mean.

Source: reduced-cost fixing: Dantzig, Fulkerson and Johnson 1954; Nemhauser and Wolsey 1988, section II.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from ortools.linear_solver.python import model_builder_helper

from allocator.engines.ahead import wish_of
from allocator.engines.base import Clock, GoalByGoal, Hold, Step, Watch
from allocator.engines.cp_sat import CpSat
from allocator.engines.integer import Model, builder_of, floor_of, highs
from allocator.engines.stopping import stopping
from allocator.program import Program
from allocator.scenario import Floats, Integers

WIDER = 8.0
"""How much further from the bound the next core looks when the last one held no solution."""
AHEAD_COLUMNS, AHEAD_NODES, AHEAD_GAP = 2_000, 50, Fraction(1, 1_000)
"""How hard to look ahead: columns beside the likely ones, nodes of the search tree, and a gap that is good enough for a first solution.
Nodes, not seconds: the same program must give the same answer on a busy machine."""
FIRST_ALLOWANCE = 5e-5
"""Distance from the bound, as a part of it, at which the first core expects a solution; measured gaps are a few 1e-5 at most."""


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
        model = Model.of(self.program, self.goal, self.holds)
        relaxed = _relax(model, self.clock)
        if relaxed == "infeasible" and known is None:
            return Step("infeasible", None, None)
        if isinstance(relaxed, str):
            return Step("no_solution", None, None) if self.clock.over else self._whole(model)
        target = floor_of(relaxed.limit)
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

    def _close(self, model: Model, relaxed: _Relaxation, known: Integers | None, target: int) -> Step:
        """Close the distance between what is known and the relaxation's limit, in ever wider cores."""
        allowance = max(1.0, FIRST_ALLOWANCE * abs(relaxed.limit))
        while True:
            value = -math.inf if known is None else int(model.goal @ known)
            # A solution better than the known one is at least a unit better, so nothing further from the limit than this can be one.
            enough = relaxed.limit - value - 1
            better = model if known is None else Model.of(self.program, self.goal, (*self.holds, Hold(self.goal, (int(value) + 1) * model.divisor)))
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

    def _whole(self, model: Model) -> Step:
        """The whole program at once, where its relaxation gave no answer that can be trusted."""
        step = highs(model, 0, self.clock, self.seed, self.watch)
        if step.columns is not None and not self._keeps(step.columns):
            raise _InexactError
        return Step(step.status, step.columns, None if step.bound is None else step.bound * model.divisor)

    def _look_ahead(self, holds: Sequence[Hold]) -> Integers | None:
        """A solution that is good for this goal and those after it; None where none is found quickly.

        A goal such as "nobody short" leaves most columns equally good, and gives an integer solver nothing to hold on to. The goals after it do: the
        columns that they like best are few, and usually hold a solution that this goal cannot beat either.
        """
        wish = wish_of(self.program.objectives[len(self.holds) :], self.program.size)
        model = Model.of(self.program, wish, holds)
        relaxed = _relax(model, self.clock)
        if isinstance(relaxed, str) or self.program.size == 0:
            return None
        likely = relaxed.values > 1e-9
        room = min(len(likely), 2 * int(likely.sum()) + AHEAD_COLUMNS)
        distance = np.where(likely | (np.arange(len(likely)) >= len(self.program.pairs)), 0.0, np.abs(relaxed.reduced))
        keep = distance <= np.partition(distance, room - 1)[room - 1]
        nothing = np.zeros(self.program.size, dtype=np.int64)
        step = highs(model.core(keep, nothing), 0, self.clock.within(AHEAD_GAP), self.seed, nodes=AHEAD_NODES, presolve=True)
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

    def _saw(self, model: Model, known: Integers | None, bound: int) -> None:
        self.watch.saw(None if known is None else float(self.goal @ known), float(bound * model.divisor))


def _core(model: Model, relaxed: _Relaxation, allowance: float, clock: Clock, seed: int, watch: Watch) -> tuple[Step, bool]:
    """The best of all solutions within the allowance of the relaxation's limit, and whether those are all there are.

    The step's bound holds for every solution: what was left out is worth less than limit - allowance. `model` may have rows that the relaxation had not.
    """
    hopeless = (relaxed.reduced < -allowance - 1e-6) & (relaxed.values < 1e-9)
    settled = (relaxed.reduced > allowance + 1e-6) & (relaxed.values > 1 - 1e-9) & (model.most == 1)
    keep = ~(hopeless | settled)
    columns = settled.astype(np.int64)
    already = int(model.goal @ columns)
    step = highs(model.core(keep, columns), already, clock, seed, watch)
    bound = floor_of(relaxed.limit) if step.bound is None else step.bound + already
    if not keep.all():
        bound = max(bound, floor_of(relaxed.limit - allowance))
    if step.columns is not None:
        columns[keep] = step.columns
    return Step(step.status, None if step.columns is None else columns, bound), bool(keep.all())


def _relax(model: Model, clock: Clock) -> _Relaxation | str:
    """The linear relaxation solved, or why not: "infeasible" or "unknown" (time ran out, or numbers went astray)."""
    builder = builder_of(model)
    solver = model_builder_helper.ModelSolverHelper("glop")
    solver.enable_output(False)
    if clock.left is not None:
        solver.set_time_limit_in_seconds(max(clock.left, 0.001))
    with stopping(clock, solver.interrupt_solve):
        solver.solve(builder)
    status = solver.status()
    if status == model_builder_helper.SolveStatus.INFEASIBLE:
        return "infeasible"
    if status != model_builder_helper.SolveStatus.OPTIMAL:
        return "unknown"
    return _Relaxation(float(solver.objective_value()), np.asarray(solver.variable_values()), np.asarray(solver.reduced_costs()))
