"""Goals one after the other: what is told is what the final solution has, whoever found it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from allocator.engines.base import Clock, Hold, Silent, Watch
from allocator.engines.choose import choose
from allocator.engines.goal_by_goal import GoalByGoal, Step
from allocator.engines.proofs import IntegerProof
from allocator.pairs import find_pairs
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.scenario import Integers
from tests.worlds import orders, people, scores, world


def program() -> Program:
    facts = world(seekers=people(2), slots=orders(1, 1), pairs=scores({("S1", "J1"): 3, ("S2", "J2"): 4}))
    policy = Policy.from_dict({"goals": [{"kind": "placements"}, {"kind": "match_quality"}]})
    problem = Problem(facts, policy)
    return build(problem, find_pairs(problem))


class Hesitant(GoalByGoal):
    """Finds nothing better than an empty plan for the first goal, and everything for the second."""

    name = "hesitant"
    held: list[int]

    def maximize(self, program: Program, goal: Integers, holds: Sequence[Hold], hint: Integers | None, clock: Clock, seed: int, watch: Watch) -> Step:
        self.held = [hold.at_least for hold in holds]
        found = np.zeros(program.size, dtype=np.int64) if not holds else np.ones(program.size, dtype=np.int64)
        bound = 2 if not holds else 700
        return Step("feasible", found, bound, (IntegerProof("counting", bound),))


def test_an_earlier_goal_that_a_later_one_betters_is_told_as_it_ends() -> None:
    outcome = Hesitant().solve(program(), Clock(), 0, Silent())
    assert [(goal.value, goal.bound) for goal in outcome.goals] == [(2, 2), (700, 700)]
    assert (outcome.status, outcome.stop_reason) == ("optimal", "proved")


@pytest.mark.parametrize("engine", ["mip", "cp_sat", "pulp"])
@pytest.mark.parametrize("gap", [0.0, 0.05, 0.5])
def test_with_a_gap_bounds_still_hold(engine: str, gap: float) -> None:
    """A looser gap may end earlier; it may not claim a bound that the true optimum exceeds."""
    draw = np.random.default_rng(3)
    table = {(f"S{i}", f"J{j}"): float(draw.integers(1, 60)) for i in range(1, 13) for j in range(1, 5)}
    pairs = [line | {"staff_points": int(draw.integers(1, 9))} for line in scores(table)]
    facts = world(seekers=people(12), slots=orders(5, 5, 5, 5, staff_id="rep"), staff=[{"staff_id": "rep", "capacity": 20}], pairs=pairs)
    problem = Problem(facts, Policy.from_dict({"constraints": [{"kind": "staff_capacity", "charge": "slot"}], "goals": [{"kind": "match_quality"}]}))
    whole = build(problem, find_pairs(problem))
    (truth,) = choose(whole, "cp_sat").engine.solve(whole, Clock(), 0, Silent()).goals
    from fractions import Fraction

    outcome = choose(whole, engine).engine.solve(whole, Clock(gap=Fraction(str(gap))), 0, Silent())
    (goal,) = outcome.goals
    assert goal.value is not None
    assert goal.bound is not None
    assert goal.value <= (truth.value or 0) <= goal.bound
    assert (outcome.status == "optimal") is (goal.value == goal.bound == truth.value)
