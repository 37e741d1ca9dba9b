"""The program through PuLP and CBC: the independent referee that tests compare against, and the way out to LP and MPS files.

What CBC finds is judged and proved like anything else: it computes in floating point, and calls a time-limited solution "Optimal".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pulp
from pulp.v4_migration import set_v4_migration_warnings

from allocator.engines.base import Clock, Hold, Watch
from allocator.engines.goal_by_goal import GoalByGoal, Step
from allocator.engines.integer import Model
from allocator.engines.mip import Mip
from allocator.program import FREE, Program
from allocator.scenario import Integers

# We are pinned below PuLP 4 on purpose: its successor no longer brings CBC along.
set_v4_migration_warnings(False)


class Pulp(GoalByGoal):
    """A second opinion: another modelling library, another solver."""

    name = "pulp"

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        problem, columns = _problem(program, goal, holds)
        solver = pulp.PULP_CBC_CMD(
            msg=False, timeLimit=None if clock.left is None else max(clock.left, 0.001), gapRel=float(clock.gap), gapAbs=0,
            options=[f"randomCbcSeed {seed & 0x7FFFFFFF}", "primalTolerance 1e-9", "integerTolerance 1e-9"],
        )  # fmt: skip
        problem.solve(solver)
        found = None
        if problem.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
            found = np.array([round(column.value() or 0) for column in columns], dtype=np.int64)
            found = found if Model.of(program, goal, holds).keeps(found) else None
        # CBC computes in floating point: what it finds is where the exact search starts, and what it claims is proved or disproved there.
        return Mip().maximize(program, goal, holds, found if found is not None else hint, clock, seed, watch)


def write_model(program: Program, path: Path, goal: int = 0) -> None:
    """Write the program with one of its goals (the first unless said) as an LP or MPS file, by the name's ending.

    Raises ValueError for another ending.
    """
    objective = program.objectives[goal].dense(program.size) if program.objectives else np.zeros(program.size, dtype=np.int64)
    problem, _ = _problem(program, objective, ())
    if path.suffix == ".lp":
        problem.writeLP(str(path))
    elif path.suffix == ".mps":
        problem.writeMPS(str(path))
    else:
        raise ValueError(f"{path.name}: the name must end in .lp or .mps.")


def _problem(program: Program, goal: Integers, holds: Sequence[Hold]) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    problem = pulp.LpProblem("allocation", pulp.LpMaximize)
    pairs = len(program.pairs)
    columns = [
        problem.add_variable(f"x{k}" if k < pairs else f"y{k}", 0, None if most >= FREE else int(most), pulp.LpInteger)
        for k, most in enumerate(program.upper.tolist())
    ]
    # A row without columns hangs on a variable fixed at zero, so that an impossible bound stays impossible.
    nothing = problem.add_variable("nothing", 0, 0, pulp.LpInteger)
    problem.setObjective(_sum(columns, np.flatnonzero(goal), goal[goal != 0]) + nothing)
    row, column, coefficient, lower, upper = program.matrix()
    order = np.argsort(row, kind="stable")
    starts = np.searchsorted(row[order], np.arange(len(lower) + 1))
    for number in range(len(lower)):
        inside = order[starts[number] : starts[number + 1]]
        weighted = _sum(columns, column[inside], coefficient[inside]) + nothing
        least, most = int(lower[number]), int(upper[number])
        if least == most:
            problem += weighted == least
        else:
            if most < FREE:
                problem += weighted <= most
            if least > -FREE:
                problem += weighted >= least
    for hold in holds:
        inside = np.flatnonzero(hold.coefficients)
        problem += _sum(columns, inside, hold.coefficients[inside]) + nothing >= hold.at_least
    return problem, columns


def _sum(columns: list[pulp.LpVariable], numbers: Integers, coefficients: Integers) -> pulp.LpAffineExpression:
    """Coefficients times columns; a column named twice counts with both coefficients."""
    total: dict[pulp.LpVariable, int] = {}
    for number, coefficient in zip(numbers.tolist(), coefficients.tolist(), strict=True):
        total[columns[number]] = total.get(columns[number], 0) + coefficient
    return pulp.LpAffineExpression(list(total.items()))
