"""Each rule is said twice, as rows and as law: they must agree on every plan of thousands of random worlds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, milp

from allocator.check import violations
from allocator.pairs import find_pairs
from allocator.program import FREE, Program, build
from tests.brute_force import every_plan
from tests.random_worlds import random_problem

WORLDS = 5_000
PARTS = 20
PLANS_EACH = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_rows_admit_just_the_plans_that_break_no_law(part: int) -> None:
    admitted_plans = refused_plans = 0
    for seed in range(part * WORLDS // PARTS, (part + 1) * WORLDS // PARTS):
        problem = random_problem(seed, bare=True)
        pairs = find_pairs(problem)
        program = build(problem, pairs)
        plans = every_plan(problem, pairs)
        draw = np.random.default_rng(seed)
        for number in draw.choice(len(plans), size=min(PLANS_EACH, len(plans)), replace=False):
            chosen, plan = plans[number]
            lawful = next(violations(plan), None) is None
            admitted = admits(program, chosen)
            assert lawful is admitted, f"seed {seed}, plan {sorted(plan.named())}: {[str(v) for v in violations(plan)]}, {problem.policy.constraints}"
            admitted_plans += admitted
            refused_plans += not admitted
    # The test would prove little if nearly all plans fell on one side.
    assert min(admitted_plans, refused_plans) > WORLDS // PARTS * PLANS_EACH // 20


def admits(program: Program, chosen: tuple[int, ...]) -> bool:
    """Whether the program has a solution that assigns just these pairs."""
    columns = np.zeros(program.size, dtype=np.int64)
    columns[list(chosen)] = 1
    own = program.size - len(program.pairs)
    if own == 0:
        return next(program.broken_rows(columns), None) is None
    row, column, coefficient, lower, upper = program.matrix()
    fixed = np.zeros(len(lower))
    of_pair = column < len(program.pairs)
    np.add.at(fixed, row[of_pair], (coefficient * columns[column])[of_pair])
    matrix = np.zeros((len(lower), own))
    np.add.at(matrix, (row[~of_pair], column[~of_pair] - len(program.pairs)), coefficient[~of_pair])
    least, most = np.where(lower <= -FREE, -np.inf, lower - fixed), np.where(upper >= FREE, np.inf, upper - fixed)
    found = milp(np.zeros(own), constraints=LinearConstraint(matrix, least, most), integrality=np.ones(own), bounds=(0, program.upper[len(program.pairs) :]))
    assert found.status in (0, 2), found.message
    return bool(found.status == 0)
