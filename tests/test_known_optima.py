"""Pure and generalized assignment, brought along as pairs: the optimum is found elsewhere, or by hand, and must be met exactly."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp

from allocator.result import write_result
from allocator.scenario import Scenario
from allocator.solve import solve
from tests.twins import policy, values
from tests.worlds import TODAY, frame

CAPACITY = {"kind": "staff_capacity", "charge": "slot"}


def assignment(scores: np.ndarray) -> Scenario:
    """Every seeker with every slot of one opening."""
    seekers, slots = scores.shape
    pairs = [{"seeker_id": f"S{i}", "slot_id": f"J{j}", "score": float(scores[i, j])} for i, j in product(range(seekers), range(slots))]
    tables = {"seekers": [{"seeker_id": f"S{i}"} for i in range(seekers)], "slots": [{"slot_id": f"J{j}", "openings": 1} for j in range(slots)], "pairs": pairs}
    return Scenario.of({name: frame(name, rows) for name, rows in tables.items()}, as_of=TODAY)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 200])
def test_pure_assignment_equals_the_hungarian_method(size):
    table = np.random.default_rng(size).integers(0, 1000, (size, size))
    best = int(table[linear_sum_assignment(table, maximize=True)].sum())
    result = solve(assignment(table), policy())
    assert result.engine == "network"
    assert values(result) == [best]


@pytest.mark.parametrize("shape", [(30, 7), (7, 30), (60, 59)])
def test_more_seekers_than_slots_and_the_other_way_round(shape):
    table = np.random.default_rng(shape).integers(1, 100, shape)
    best = int(table[linear_sum_assignment(table, maximize=True)].sum())
    assert values(solve(assignment(table), policy())) == [best]


@pytest.mark.parametrize("engine", ["mip", "cp_sat", "pulp"])
def test_every_engine_meets_it(engine):
    table = np.random.default_rng(7).integers(0, 100, (12, 12)) / 4
    best = float(table[linear_sum_assignment(table, maximize=True)].sum())
    assert values(solve(assignment(table), policy(), engine=engine)) == [best]


def generalized(profit: np.ndarray, points: np.ndarray, capacity: np.ndarray) -> Scenario:
    """Jobs (seekers) to agents (slots): each slot has a representative whose capacity the pairs' own points use up."""
    agents, jobs = profit.shape
    pairs = [
        {"seeker_id": f"S{i}", "slot_id": f"J{j}", "score": float(profit[j, i]), "staff_points": int(points[j, i])}
        for i, j in product(range(jobs), range(agents))
    ]
    tables = {
        "seekers": [{"seeker_id": f"S{i}"} for i in range(jobs)],
        "slots": [{"slot_id": f"J{j}", "openings": jobs, "staff_id": f"K{j}"} for j in range(agents)],
        "staff": [{"staff_id": f"K{j}", "capacity": int(capacity[j])} for j in range(agents)],
        "pairs": pairs,
    }
    return Scenario.of({name: frame(name, rows) for name, rows in tables.items()}, as_of=TODAY)


def classical(seed: int, agents: int, jobs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The shape of the classical test problems: profits 10 to 25, points 5 to 25, capacity 0.8 of the points' sum over the agents."""
    draw = np.random.default_rng(seed)
    profit, points = draw.integers(10, 26, (agents, jobs)), draw.integers(5, 26, (agents, jobs))
    return profit, points, (8 * points.sum(axis=1)) // (10 * agents)


def optimum(profit: np.ndarray, points: np.ndarray, capacity: np.ndarray, exactly: bool = False) -> int:
    """Maximum profit with each job done by at most one agent (or exactly one), from a formulation of its own: variables agent by agent."""
    agents, jobs = profit.shape
    once = np.tile(np.eye(jobs), agents)
    load = np.kron(np.eye(agents), np.ones(jobs)) * points.ravel()
    found = milp(
        -profit.ravel(), integrality=np.ones(agents * jobs), bounds=Bounds(0, 1), options={"mip_rel_gap": 0},
        constraints=[LinearConstraint(once, 1 if exactly else 0, 1), LinearConstraint(load, -np.inf, capacity)],
    )  # fmt: skip
    assert found.status == 0, found.message
    return -round(found.fun)


SHAPES = [(5, 15), (5, 20), (5, 25), (5, 30), (8, 24), (8, 32)]
INSTANCES = [(seed, *SHAPES[seed % len(SHAPES)]) for seed in range(24)]


@pytest.mark.parametrize(("seed", "agents", "jobs"), INSTANCES)
def test_generalized_assignment_equals_a_solver_of_its_own(seed, agents, jobs):
    profit, points, capacity = classical(seed, agents, jobs)
    result = solve(generalized(profit, points, capacity), policy(CAPACITY))
    assert values(result) == [optimum(profit, points, capacity)]
    load = {line.key: line.achieved for line in result.rules if line.kind == "staff_capacity"}
    assert all(load[f"K{j}"] <= capacity[j] for j in range(agents))


@pytest.mark.parametrize("seed", range(3))
def test_where_every_job_must_be_done_the_classical_optimum_is_met(seed):
    profit, points, capacity = classical(seed, 5, 15)
    everybody = {"kind": "business_target", "minimum": 15, "hard": True}
    assert values(solve(generalized(profit, points, capacity), policy(CAPACITY, everybody))) == [optimum(profit, points, capacity, exactly=True)]


@pytest.mark.parametrize("seed", range(12))
def test_tiny_ones_equal_trying_everything(seed):
    profit, points, capacity = classical(100 + seed, 2 + seed % 2, 5)
    agents, jobs = profit.shape
    best = 0
    for choice in product(range(-1, agents), repeat=jobs):
        load = np.zeros(agents, dtype=int)
        for job, agent in enumerate(choice):
            if agent >= 0:
                load[agent] += points[agent, job]
        if (load <= capacity).all():
            best = max(best, sum(int(profit[agent, job]) for job, agent in enumerate(choice) if agent >= 0))
    for engine in ("auto", "cp_sat", "pulp"):
        assert values(solve(generalized(profit, points, capacity), policy(CAPACITY), engine=engine)) == [best]


def test_one_that_is_solved_by_hand(tmp_path):
    # Agents with room for 10 and 7. By profit a point each job wants agent 0: 12/5, 9/4, 8/4, 6/3. Agent 0 fits two of 5 and 4 (21 points),
    # agent 1 takes the others at 4 + 3 points: 7 + 5. Any three at agent 0 need 11 points or more; so 33 is the best.
    profit = np.array([[12, 9, 8, 6], [10, 6, 7, 5]])
    points = np.array([[5, 4, 4, 3], [6, 5, 4, 3]])
    result = solve(generalized(profit, points, np.array([10, 7])), policy(CAPACITY))
    assert values(result) == [33]
    assert dict(result.assignments[["seeker_id", "slot_id"]].to_numpy().tolist()) == {"S0": "J0", "S1": "J0", "S2": "J1", "S3": "J1"}
    write_result(result, tmp_path)
    (goal,) = json.loads((tmp_path / "result.json").read_text())["goals"]
    assert goal == {"kind": "match_quality", "label": "match_quality", "unit": "points", "value": 33, "bound": 33, "gap": 0.0}


def test_the_value_in_the_file_is_exact_in_hundredths(tmp_path):
    table = np.array([[0.07, 0.10], [0.20, 1e6]])
    write_result(solve(assignment(table), policy()), tmp_path)
    assert '"value": 1000000.07,' in (tmp_path / "result.json").read_text()
