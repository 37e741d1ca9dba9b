"""The flow: bounds, seats short, goals in one go, and goals in groups when numbers grow too large for one."""

from __future__ import annotations

import numpy as np
import pytest

from allocator.engines import network
from allocator.engines.base import Clock, Silent
from allocator.engines.choose import UnfitEngineError, choose
from allocator.engines.network import Network
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import build
from allocator.solve import solve
from tests.brute_force import best_values
from tests.random_worlds import random_problem
from tests.worlds import orders, people, scores, world


@pytest.mark.parametrize("part", range(4))
def test_goals_solved_in_groups_reach_what_goals_solved_at_once_reach(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    grouped = 0
    for seed in range(30_000 + part * 60, 30_000 + (part + 1) * 60):
        problem = random_problem(seed, network_only=True)
        program = build(problem, find_pairs(problem))
        if len(program.objectives) < 2 or choose(program).engine.name != "network":
            continue
        monkeypatch.setattr(network, "LARGEST_COST", 1 << 60)
        at_once = Network().solve(program, Clock(), 0, Silent())
        # So little room that hardly two goals fit together: every further group works on the optimal face of the one before.
        monkeypatch.setattr(network, "LARGEST_COST", 400)
        in_groups = Network().solve(program, Clock(), 0, Silent())
        assert [goal.value for goal in in_groups.goals] == [goal.value for goal in at_once.goals], f"seed {seed}"
        grouped += at_once.columns is not None
    assert grouped > 10


def test_large_scores_do_not_overflow_the_weights() -> None:
    problem = Problem(
        world(
            seekers=people(3, low_income=True),
            slots=orders(1, 1),
            pairs=scores({("S1", "J1"): 9e8, ("S2", "J1"): 9e8 - 0.01, ("S2", "J2"): 0.01, ("S3", "J2"): 0.02}),
        ),
        Policy(),
    )
    result = solve(problem.scenario, problem.policy)
    assert result.engine == "network"
    assert [goal.value for goal in result.goals] == best_values(problem, find_pairs(problem))
    assert result.goal("match_quality").value == 900_000_000.02


def test_hard_minimums_are_kept_at_the_price_of_quality() -> None:
    facts = world(seekers=[{"seeker_id": "S1"}, {"seeker_id": "S2", "partner_id": "P1"}], slots=orders(1), pairs=scores({("S1", "J1"): 9, ("S2", "J1"): 1}))
    rule = {"kind": "reservation", "beneficiaries": "partner:P1", "count": 1, "mode": "minimum_hard"}
    result = solve(facts, Policy.from_dict({"constraints": [rule], "goals": [{"kind": "match_quality"}]}))
    assert (result.engine, result.status, result.goal("match_quality").value) == ("network", "optimal", 1)


def test_an_impossible_minimum_is_infeasible_and_says_by_how_much() -> None:
    facts = world(seekers=[{"seeker_id": "S1"}, {"seeker_id": "S2", "partner_id": "P1"}], slots=orders(3), pairs=scores({("S1", "J1"): 9, ("S2", "J1"): 1}))
    rule = {"kind": "reservation", "beneficiaries": "partner:P1", "count": 3, "mode": "minimum_hard"}
    result = solve(facts, Policy.from_dict({"constraints": [rule]}))
    assert (result.engine, result.status, result.placed) == ("network", "infeasible", 0)
    assert [(bend.rule, bend.promised, bend.possible, bend.short) for bend in result.bends] == [("reservation", 3, 1, 2)]


def test_a_minimum_for_people_without_any_pair_is_infeasible_not_overlooked() -> None:
    facts = world(seekers=[{"seeker_id": "S1"}, {"seeker_id": "S2", "partner_id": "P1"}], slots=orders(1), pairs=scores({("S1", "J1"): 9}))
    rule = {"kind": "reservation", "beneficiaries": "partner:P1", "count": 1, "mode": "minimum_hard"}
    result = solve(facts, Policy.from_dict({"constraints": [rule]}))
    assert (result.status, result.bends[0].possible) == ("infeasible", 0)


def test_asking_for_a_network_where_rules_cross_is_refused_with_the_rule() -> None:
    facts = world(seekers=[{"seeker_id": "S1", "populations": ["x"]}], slots=orders(1, staff_id="rep"), staff=[{"staff_id": "rep", "capacity": 3}],
                  pairs=[{"seeker_id": "S1", "slot_id": "J1", "score": 1, "staff_points": 2}])  # fmt: skip
    with pytest.raises(UnfitEngineError, match="staff_capacity"):
        solve(facts, Policy.from_dict({"constraints": [{"kind": "staff_capacity", "charge": "slot"}]}), engine="network")


def test_the_same_program_gives_the_same_flow() -> None:
    draw = np.random.default_rng(7)
    table = {(f"S{i}", f"J{j}"): float(draw.integers(0, 3)) for i in range(1, 40) for j in range(1, 15) if draw.random() < 0.4}
    facts = world(seekers=people(39), slots=orders(*[2] * 14), pairs=scores(table))
    first, second = (solve(facts, Policy()).assignments for _ in range(2))
    assert first.equals(second)
