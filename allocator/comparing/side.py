"""One side of a comparison: a plan with the facts and wishes it was made under, what it is worth and where every rule stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from allocator.baselines import BASELINES
from allocator.check import violations
from allocator.constraints.base import Standing, Violation
from allocator.evaluate import goal_values, with_pairs_of
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.program import Program
from allocator.result import GoalResult
from allocator.scenario import Integers, Mask, Scenario

if TYPE_CHECKING:
    from allocator.opened import Opened


@dataclass(frozen=True, eq=False)
class Side:
    """A plan to be compared.

    `assignments` has seeker_id, slot_id, score (missing where it is not known) and tier. `goals` are in the policy's order; a value is None where it is
    not known. `broken` is every hard rule that the plan breaks; empty for the answer of a run, which has been checked.
    """

    name: str
    problem: Problem
    status: str
    assignments: pd.DataFrame
    goals: Sequence[GoalResult]
    rules: Sequence[Standing]
    broken: Sequence[Violation] = ()
    about: str = field(default="")
    """What it is, in words: the kind of plan, where it is not the answer of a run."""

    @classmethod
    def of(cls, name: str, opened: Opened) -> Side:
        """The answer of a run."""
        result = opened.result
        return cls(name, opened.problem, result.status, result.assignments[["seeker_id", "slot_id", "score", "tier"]], result.goals, result.rules)

    @classmethod
    def of_plan(cls, name: str, problem: Problem, program: Program, plan: Plan, about: str = "plan") -> Side:
        """Any plan for a problem, judged as it stands: its goals valued, what it breaks named.

        As in `evaluate`, goals count the assignments that may stand; one that a rule refuses is worth nothing until the rule is mended.
        """
        program = with_pairs_of(program, plan)
        number = program.pairs.find(plan.seeker, plan.slot)
        known = number >= 0
        score = np.full(len(plan), np.nan)
        score[known] = program.pairs.score[number[known]] / 100
        ids = problem.scenario.ids
        frame = pd.DataFrame(
            {
                "seeker_id": ids("seekers")[plan.seeker],
                "slot_id": ids("slots")[plan.slot],
                "score": score,
                "tier": np.array(problem.tier_names, dtype=object)[problem.tiers[plan.seeker]],
            }
        )
        worth = goal_values(program, np.unique(number[known]))
        goals = [GoalResult(goal.kind, goal.label, goal.unit, goal.value, None, None) for goal in worth]
        rules = [line for rule in problem.policy.constraints for line in rule.standings(plan)]
        return cls(name, problem, "plan", frame, goals, rules, list(violations(plan)), about)

    @property
    def scenario(self) -> Scenario:
        """The facts."""
        return self.problem.scenario

    @property
    def has_plan(self) -> bool:
        """Whether there is anything to compare: a run may have found that nothing fits, or nothing in time."""
        return self.status not in ("infeasible", "no_solution")

    @property
    def placed(self) -> int:
        """People who hold a slot."""
        return len(self.assignments)

    @cached_property
    def seeker(self) -> Integers:
        """The assignments' seekers, by position."""
        return self.scenario.positions("seekers", self.assignments["seeker_id"].to_numpy(dtype=object)).astype(np.int64)

    @cached_property
    def slot(self) -> Integers:
        """The assignments' slots, by position."""
        return self.scenario.positions("slots", self.assignments["slot_id"].to_numpy(dtype=object)).astype(np.int64)

    @cached_property
    def pool(self) -> Mask:
        """Per seeker, whether they are in the pool: active, or holding a slot."""
        inside = self.problem.in_pool.copy()
        inside[self.seeker] = True
        return inside


def baselines(problem: Problem, program: Program) -> Iterator[Side]:
    """Every baseline on a problem, as a side: the plan that somebody makes who does not optimize."""
    for baseline in BASELINES.values():
        chosen = baseline.plan(problem, program.pairs, program)
        plan = Plan(problem, program.pairs.seeker[chosen], program.pairs.slot[chosen])
        yield Side.of_plan(baseline.name, problem, program, plan, baseline.words)
