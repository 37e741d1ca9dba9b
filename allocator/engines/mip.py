"""The whole program as a mixed-integer program, solved by HiGHS through OR-Tools MathOpt.

Every goal is a maximum of integer coefficients, so a gap below one unit is a proof. HiGHS computes in floating point: what it returns is rounded and
judged in exact arithmetic by the caller, and its bound is rounded down to the next integer it could mean.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence

import numpy as np
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

from allocator.engines.base import Clock, GoalByGoal, Hold, Step, Watch
from allocator.engines.cp_sat import CpSat
from allocator.program import FREE, Program
from allocator.scenario import Floats, Integers

_LOG_LINE = re.compile(r"^ *\w? +\d+ +\d+ +\d+ +[\d.]+% +(\S+) +(\S+) ")


class Mip(GoalByGoal):
    """The general engine: any program, exact, slow when large."""

    name = "mip"

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        model, divisor = _model(program, goal, holds)
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
                found = _LOG_LINE.match(line)
                if found:
                    bound, value = (_number(text) for text in found.groups())
                    watch.saw(None if value is None else value * divisor, None if bound is None else bound * divisor)

        result = mathopt.solve(model, mathopt.SolverType.HIGHS, params=parameters, msg_cb=listen)
        reason = result.termination.reason
        if reason in (mathopt.TerminationReason.INFEASIBLE, mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED):
            return Step("infeasible", None, None)
        bound = result.best_objective_bound()
        whole = math.floor(bound + 1e-6 * max(1.0, abs(bound)) ** 0.5) * divisor if math.isfinite(bound) else None
        if not result.has_primal_feasible_solution():
            return Step("no_solution", None, whole)
        found = result.variable_values()
        columns = np.zeros(program.size, dtype=np.int64)
        for variable, value in found.items():
            columns[variable.id] = round(value)
        if next(program.broken_rows(columns), None) is not None:
            # Rounding a floating-point solution broke a row by a hair: let exact integers decide.
            return CpSat().maximize(program, goal, holds, None, clock, seed, watch)
        return Step("optimal" if reason == mathopt.TerminationReason.OPTIMAL else "feasible", columns, whole)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _model(program: Program, goal: Integers, holds: Sequence[Hold]) -> tuple[mathopt.Model, int]:
    """The program with one objective, and what its coefficients were divided by (their greatest common divisor)."""
    row, column, coefficient, lower, upper = program.matrix()
    for hold in holds:
        inside = np.flatnonzero(hold.coefficients)
        row = np.concatenate([row, np.full(len(inside), len(lower), dtype=np.int64)])
        column, coefficient = np.concatenate([column, inside]), np.concatenate([coefficient, hold.coefficients[inside]])
        lower, upper = np.append(lower, hold.at_least), np.append(upper, FREE)
    order = np.lexsort((column, row))
    row, column, coefficient = _summed(row[order], column[order], coefficient[order])
    divisor = int(np.gcd.reduce(goal[goal != 0])) if goal.any() else 1
    wanted = np.flatnonzero(goal)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(program.size))
    proto.variables.lower_bounds.extend(np.zeros(program.size))
    proto.variables.upper_bounds.extend(_bounds(program.upper))
    proto.variables.integers.extend(np.ones(program.size, dtype=bool))
    proto.objective.maximize = True
    proto.objective.linear_coefficients.ids.extend(wanted)
    proto.objective.linear_coefficients.values.extend((goal[wanted] // divisor).astype(np.float64))
    proto.linear_constraints.ids.extend(range(len(lower)))
    proto.linear_constraints.lower_bounds.extend(_bounds(lower))
    proto.linear_constraints.upper_bounds.extend(_bounds(upper))
    proto.linear_constraint_matrix.row_ids.extend(row)
    proto.linear_constraint_matrix.column_ids.extend(column)
    proto.linear_constraint_matrix.coefficients.extend(coefficient.astype(np.float64))
    return mathopt.Model.from_model_proto(proto), divisor


def _summed(row: Integers, column: Integers, coefficient: Integers) -> tuple[Integers, Integers, Integers]:
    """Entries in the same place added up (a pair may count in two ways in one row)."""
    if len(row) == 0:
        return row, column, coefficient
    first = np.concatenate([[True], (row[1:] != row[:-1]) | (column[1:] != column[:-1])])
    total = np.add.reduceat(coefficient, np.flatnonzero(first))
    keep = total != 0
    return row[first][keep], column[first][keep], total[keep]


def _bounds(values: Integers) -> Floats:
    floats = values.astype(np.float64)
    floats[values >= FREE] = math.inf
    floats[values <= -FREE] = -math.inf
    return floats
