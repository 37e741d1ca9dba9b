"""Other wishes over the same facts, solved one after the other: what a sweep, or a report on other readings, is made of.

Each policy gets a program of its own, built from nothing; the pairs are found once for all policies that cannot differ in them, and each program is
solved from where the last one stood. Whatever comes out is judged by the law of its own policy.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from allocator.engines.base import Clock, Outcome, Status, StopReason
from allocator.engines.series import Road, Series
from allocator.engines.warm import Warm
from allocator.pairs import Pairs, find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.result import GoalResult
from allocator.scenario import Scenario
from allocator.settle import settle
from allocator.solve import checked


@dataclass(frozen=True)
class Terms:
    """How each policy is solved: the relative gap that is good enough, seconds for each (None: no limit), who may end it, and whether chance decides
    between plans that are equally good."""

    gap: Fraction = Fraction(0)
    seconds: float | None = None
    cancelled: Callable[[], bool] | None = None
    lottery: bool = True

    def clock(self) -> Clock:
        """A clock for one policy, from now on."""
        return Clock(self.seconds, self.gap, cancelled=self.cancelled)


@dataclass(frozen=True, eq=False)
class Variant:
    """A policy with its program and what came of it. `problem.policy` is the policy as solved; `unsettled` says why a count it rests on is not proved."""

    policy: Policy
    problem: Problem
    program: Program
    outcome: Outcome
    plan: Plan
    road: Road
    unsettled: StopReason | None = None

    @property
    def status(self) -> Status:
        """The outcome's own, unless a count that it rests on is not proved."""
        if self.unsettled is None or self.outcome.status in ("feasible", "no_solution"):
            return self.outcome.status
        return "feasible" if self.outcome.status == "optimal" else "no_solution"

    @property
    def stop_reason(self) -> StopReason:
        """The outcome's own, unless a count that it rests on is not proved."""
        return self.unsettled or self.outcome.stop_reason

    @property
    def found(self) -> bool:
        """Whether there is a plan; what is there has passed the law."""
        return self.outcome.columns is not None

    @property
    def maximized(self) -> tuple[bool, ...]:
        """Of each goal, whether more is better."""
        return tuple(goal.objective.maximize for goal in self.outcome.goals)

    @property
    def of_filled(self) -> frozenset[str]:
        """Entries of the policy whose promise moves with the plan, so that its seats are no measure."""
        return frozenset(f"constraints.{rule.name}" for rule in self.problem.policy.constraints if getattr(rule, "denominator", "") == "filled")

    @cached_property
    def goals(self) -> tuple[GoalResult, ...]:
        """The goals in the policy's units; none where there is no plan."""
        return tuple(GoalResult.of(goal) for goal in self.outcome.goals)

    @cached_property
    def placed(self) -> frozenset[str]:
        """Ids of the people placed."""
        return frozenset(self.problem.scenario.ids("seekers")[self.plan.seeker].tolist())


class Variants:
    """The facts, and the programs solved so far."""

    def __init__(self, scenario: Scenario, seed: int = 0, terms: Terms | None = None, warm: Warm | None = None) -> None:
        self.scenario, self.seed, self.terms = scenario, seed, terms or Terms()
        self._series, self._first_passes = Series(seed, warm), Series(seed)
        self._known: dict[str, tuple[Problem, Pairs]] = {}

    def adopt(self, problem: Problem, pairs: Pairs) -> None:
        """Take pairs that somebody else has found."""
        self._known[_decides_pairs(problem.policy)] = (problem, pairs)

    def problem(self, policy: Policy) -> tuple[Problem, Pairs]:
        """The problem of a policy, not settled, and its pairs. Raises InputError where the policy does not fit the facts."""
        policy = policy if self.terms.lottery else without_lottery(policy)
        key = _decides_pairs(policy.resolved(self.scenario))
        if key in self._known:
            known, pairs = self._known[key]
            problem = known.under(policy)
            problem.require_sound()
            self._known[key] = (problem, pairs)
            return problem, pairs
        problem = Problem(self.scenario, policy, self.seed)
        problem.require_sound()
        self._known[key] = (problem, find_pairs(problem))
        return self._known[key]

    def program(self, policy: Policy) -> tuple[Problem, Program, StopReason | None]:
        """The settled problem of a policy and its program, and why a count that they rest on is not proved."""
        problem, pairs = self.problem(policy)
        problem, unsettled = settle(problem, pairs, lambda first: self._first_passes.solve(first, self.terms.clock()).outcome)
        return problem, build(problem, pairs), unsettled

    def solve(self, policy: Policy) -> Variant:
        """The best plan under a policy.

        Raises InputError where the policy does not fit the facts, InternalError where an answer breaks a rule.
        """
        problem, program, unsettled = self.program(policy)
        solved = self._series.solve(program, self.terms.clock())
        return self.judged(policy, problem, program, solved.outcome, solved.road, unsettled)

    def judged(self, policy: Policy, problem: Problem, program: Program, outcome: Outcome, road: Road, unsettled: StopReason | None) -> Variant:
        """An outcome of this policy's program, judged by its law and its rows."""
        return Variant(policy, problem, program, outcome, checked(problem, program, outcome), road, unsettled)


def without_lottery(policy: Policy) -> Policy:
    """The policy without its lottery, unless that is all it has."""
    kept = tuple(goal for goal in policy.goals or () if goal.kind != "lottery")
    return policy.model_copy(update={"goals": kept}) if kept else policy


def _decides_pairs(policy: Policy) -> str:
    """Everything in a resolved policy that may decide which pairs there are, what they score, and who is in which group.

    Constraints decide that only where a cap keeps what they name; the lottery never does.
    """
    document = without_lottery(policy).to_dict()
    limits = document.pop("limits")
    if limits["pairs_per_seeker"] is None:
        del document["constraints"]
    return json.dumps([document, limits["pairs_per_seeker"]], sort_keys=True)
