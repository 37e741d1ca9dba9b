"""The answer by trying every assignment, judged by the law alone: what every engine must agree with."""

from __future__ import annotations

from itertools import product

import numpy as np

from allocator.check import violations
from allocator.constraints.business_target import BusinessTarget
from allocator.constraints.reservation import Reservation
from allocator.goals.lottery import Lottery
from allocator.goals.placements import Placements
from allocator.pairs import Pairs
from allocator.plan import Plan
from allocator.problem import Problem


def every_plan(problem: Problem, pairs: Pairs) -> list[tuple[tuple[int, ...], Plan]]:
    """All plans in which nobody holds two slots, as pair numbers and as a plan."""
    options = [[-1, *np.flatnonzero(pairs.seeker == seeker).tolist()] for seeker in np.unique(pairs.seeker)]
    plans = []
    for choice in product(*options):
        chosen = tuple(number for number in choice if number >= 0)
        index = np.array(chosen, dtype=np.int64)
        plans.append((chosen, Plan(problem, pairs.seeker[index], pairs.slot[index])))
    return plans


def best_values(problem: Problem, pairs: Pairs) -> list[float] | None:
    """Goal values of the lexicographic best lawful plan, in the policy's units; None where no plan is lawful."""
    best: tuple[float, ...] | None = None
    for chosen, plan in every_plan(problem, pairs):
        if next(violations(plan), None) is None:
            worth = tuple(value for goal in problem.goals for value in _values(goal.kind, problem, pairs, chosen, plan))
            best = worth if best is None or worth > best else best
    return None if best is None else [abs(value) for value in best]


def _values(kind: str, problem: Problem, pairs: Pairs, chosen: tuple[int, ...], plan: Plan) -> list[float]:
    """A goal's values in a plan, larger is better."""
    index = np.array(chosen, dtype=np.int64)
    if kind == "shortfall":
        return [-_charges(problem, pairs, plan, priced=False)] if _has_charges(problem, priced=False) else []
    if kind == "match_quality":
        return [float(pairs.score[index].sum()) / 100 - _charges(problem, pairs, plan, priced=True)]
    if kind == "placements":
        goal = next(goal for goal in problem.goals if isinstance(goal, Placements))
        named = problem.reverse_referrals[plan.slot]
        return [float(len(plan) if goal.count_reverse_referrals else (~named).sum())]
    if kind == "priority_of_service":
        tiers = problem.tiers[plan.seeker]
        return [float((tiers == number).sum()) for number in range(len(problem.tier_names)) if (problem.tiers[pairs.seeker] == number).any()]
    if kind == "stability":
        seeker, slot = problem.reference
        held = set(zip(seeker.tolist(), slot.tolist(), strict=True))
        return [float(sum(pair in held for pair in zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True)))]
    assert kind == "lottery"
    goal = next(goal for goal in problem.goals if isinstance(goal, Lottery))
    return [float(goal.luck(problem)[plan.seeker].sum())]


def _has_charges(problem: Problem, *, priced: bool) -> bool:
    return any(True for _ in _charging(problem, priced=priced))


def _charging(problem: Problem, *, priced: bool):  # type: ignore[no-untyped-def]
    """Soft rules that are charged to shortfall (or, priced, to match quality), with the charge of one person short."""
    pays_points = any(goal.kind == "match_quality" for goal in problem.goals)
    for rule in problem.policy.constraints:
        if isinstance(rule, Reservation) and rule.mode in ("minimum_best_effort", "minimum_soft"):
            in_points = rule.price is not None
            if (in_points and pays_points) is priced and rule.rungs(problem):
                yield rule, float(rule.price if rule.price is not None else rule.weight)
        elif isinstance(rule, BusinessTarget) and (not rule.hard or rule.goal is not None):
            in_points = rule.price is not None
            if (in_points and pays_points) is priced:
                yield rule, float(rule.price if rule.price is not None else rule.weight)


def _charges(problem: Problem, pairs: Pairs, plan: Plan, *, priced: bool) -> float:
    total = 0.0
    for rule, each in _charging(problem, priced=priced):
        if isinstance(rule, Reservation):
            for rung, line in zip(rule.rungs(problem), rule.standings(plan), strict=True):
                asked = line.at_least or 0
                if rule.mode == "minimum_best_effort" and rule.denominator != "filled":
                    asked = min(asked, rule.supply(problem, pairs, rung))
                total += each * max(0, asked - line.achieved)
        else:
            for line in rule.standings(plan):
                if not line.hard:
                    total += each * max(0, (line.at_least or 0) - line.achieved, line.achieved - (line.at_most if line.at_most is not None else line.achieved))
    return total
