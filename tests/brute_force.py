"""The answer by trying every assignment, judged by the law alone: what every engine must agree with."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

import numpy as np

from allocator.check import violations
from allocator.constraints.business_target import BusinessTarget
from allocator.constraints.reservation import Reservation
from allocator.goals.lottery import Lottery
from allocator.goals.placements import Placements
from allocator.goals.stability import Stability
from allocator.groups import Beneficiaries, Scope
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
        goal = next(goal for goal in problem.goals if isinstance(goal, Stability))
        said = problem.commitments(goal.keeps)
        seeker, slot = (said.seeker, said.slot) if goal.keeps else problem.reference
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
        total += each * (_short(rule, problem, pairs, plan) if isinstance(rule, Reservation) else _off_target(rule, problem, plan))
    return total


def _off_target(rule: BusinessTarget, problem: Problem, plan: Plan) -> int:
    """People missing below the minimum (where it is soft) and the goal, and above the maximum (where it is soft)."""
    placed = len(_placed(problem, plan, None, rule.scope))
    below = [bound for bound in (None if rule.hard else rule.minimum, rule.goal) if bound is not None]
    above = [] if rule.hard or rule.maximum is None else [rule.maximum]
    return sum(max(0, bound - placed) for bound in below) + sum(max(0, placed - bound) for bound in above)


def _short(rule: Reservation, problem: Problem, pairs: Pairs, plan: Plan) -> int:
    """Seats short of a promise, counted by hand wherever the promise is not released and does not move with the plan."""
    rivals = _rivals(problem) if _competes(rule) else [rule]
    if all(_by_hand(rival, problem) for rival in rivals):
        reached = _credited(problem, pairs, plan)[rule.label] if len(rivals) > 1 else len(_placed(problem, plan, rule.beneficiaries, rule.scope))
        return max(0, _asked(rule, problem, pairs) - reached)
    short = 0
    for rung, line in zip(rule.rungs(problem), rule.standings(plan), strict=True):
        asked = line.at_least or 0
        if rule.mode == "minimum_best_effort" and rule.denominator != "filled":
            asked = min(asked, rule.supply(problem, pairs, rung))
        short += max(0, asked - line.achieved)
    return short


# -- promises by hand: who, where and how many from the tables, without the rule's own words for it ------------------------


def _by_hand(rule: Reservation, problem: Problem) -> bool:
    still = [rule, *_peers(rule, problem)] if rule.rounding == "largest_remainder" else [rule]
    return rule.denominator != "filled" and rule.mode != "over_and_above" and all(other.release is None for other in still)


def _competes(rule: Reservation) -> bool:
    return not rule.stackable and rule.mode not in ("set_aside", "cap")


def _rivals(problem: Problem) -> list[Reservation]:
    """Promises of which an assignment counts for one only."""
    return [rule for rule in problem.policy.constraints if isinstance(rule, Reservation) and _competes(rule)]


def _peers(rule: Reservation, problem: Problem) -> list[Reservation]:
    """Promises that are rounded together with this one, itself among them."""
    others = [other for other in problem.policy.constraints if isinstance(other, Reservation) and other.count is None]
    return [other for other in others if (other.rounding, other.scope, other.denominator) == (rule.rounding, rule.scope, rule.denominator)]


def _asked(rule: Reservation, problem: Problem, pairs: Pairs) -> int:
    def ask() -> int:
        promised = rule.count if rule.count is not None else _promised(rule, problem)
        return min(promised, _most_at_once(rule, problem, pairs)) if rule.mode == "minimum_best_effort" else promised

    return problem.once(("asked by hand", rule.label, pairs), ask)


def _exact(rule: Reservation, problem: Problem) -> Fraction:
    exact = Fraction(1 if rule.share is None else rule.share) * sum(
        slot["openings"] for slot in _records(problem, "slots") if _inside(rule.scope, slot, problem)
    )
    if rule.denominator == "applicants":
        pool = [person for person in _records(problem, "seekers") if person.get("status") in (None, "active")]
        exact *= Fraction(sum(_belongs(rule.beneficiaries, person, problem) for person in pool), max(1, len(pool)))
    return exact


def _promised(rule: Reservation, problem: Problem) -> int:
    """A share in whole seats."""
    exact = _exact(rule, problem)
    if rule.rounding != "largest_remainder":
        return {"floor": floor(exact), "ceil": ceil(exact), "half_up": floor(exact + Fraction(1, 2))}[rule.rounding]
    shares = {peer.label: _exact(peer, problem) for peer in _peers(rule, problem)}
    spare = floor(sum(shares.values(), Fraction(1, 2))) - sum(map(floor, shares.values()))
    by_remainder = sorted(shares, key=lambda label: (-(shares[label] % 1), label))
    return floor(exact) + (rule.label in by_remainder[:spare])


def _most_at_once(rule: Reservation, problem: Problem, pairs: Pairs) -> int:
    """Most members that could sit in the scope at once, by trying: nobody but them, no rule but the openings."""
    slots = _records(problem, "slots")
    here = {k: slot["openings"] for k, slot in enumerate(slots) if _inside(rule.scope, slot, problem)}
    members = {k for k, person in enumerate(_records(problem, "seekers")) if _belongs(rule.beneficiaries, person, problem)}
    options = [[-1, *pairs.slot[pairs.seeker == member].tolist()] for member in members]
    counts = (Counter(slot for slot in choice if slot in here) for choice in product(*options))
    return max((taken.total() for taken in counts if all(many <= here[slot] for slot, many in taken.items())), default=0)


def _placed(problem: Problem, plan: Plan, who: Beneficiaries | None, scope: Scope) -> list[int]:
    """Numbers of the plan's assignments of these people in this scope."""
    people, slots = _records(problem, "seekers"), _records(problem, "slots")
    return [
        k
        for k, (seeker, slot) in enumerate(zip(plan.seeker.tolist(), plan.slot.tolist(), strict=True))
        if (who is None or _belongs(who, people[seeker], problem)) and _inside(scope, slots[slot], problem)
    ]


def _credited(problem: Problem, pairs: Pairs, plan: Plan) -> dict[str, int]:
    """People credited to each rival promise, by trying every way to credit: hard promises are kept, then charges are least in the order of the goals."""
    rivals = _rivals(problem)
    fits: list[list[str]] = [[] for _ in range(len(plan))]
    for rule in rivals:
        for k in _placed(problem, plan, rule.beneficiaries, rule.scope):
            fits[k].append(rule.label)
    charging = {kind: {rule.label: each for rule, each in _charging(problem, priced=kind == "match_quality")} for kind in ("shortfall", "match_quality")}
    order = [charging[goal.kind] for goal in problem.goals if goal.kind in charging]
    best: tuple[tuple[float, ...], dict[str, int]] | None = None
    for ways in product(*(labels or [""] for labels in fits)):
        short = {rule.label: max(0, _asked(rule, problem, pairs) - ways.count(rule.label)) for rule in rivals}
        if not any(short[rule.label] for rule in rivals if rule.mode == "minimum_hard"):
            cost = tuple(sum(each * short[label] for label, each in charges.items() if label in short) for charges in order)
            if best is None or cost < best[0]:
                best = cost, {rule.label: ways.count(rule.label) for rule in rivals}
    assert best is not None, f"the law lets {sorted(plan.named())} pass, but no way to credit its people keeps the hard promises"
    return best[1]


def _records(problem: Problem, table: str) -> list[dict[str, Any]]:
    """The rows of a table; None where nothing is recorded."""

    def rows() -> list[dict[str, Any]]:
        if not problem.scenario.has(table):
            return []
        cells = problem.scenario.tables[table].astype(object)
        return cells.where(cells.notna(), None).to_dict("records")

    return problem.once(("records", table), rows)


def _belongs(who: Beneficiaries, person: dict[str, Any], problem: Problem) -> bool:
    partner, populations, tier = person.get("partner_id"), set((person.get("populations") or "").split(";")), _tier(person, problem)
    return (
        (bool(partner) and ("any" in who.partners or partner in who.partners))
        or bool(populations & set(who.populations))
        or any(name in (tier, tier[0]) for name in who.tiers)
        or person["seeker_id"] in who.seekers
    )


def _tier(person: dict[str, Any], problem: Problem) -> str:
    need = any(person.get(column) is True for column in ("public_assistance", "low_income", "basic_skills_deficient"))
    if person.get("veteran") is True:
        return "1" if need else "3"
    groups = problem.policy.local_tiers
    local = [k for k, codes in enumerate(groups) if set(codes) & set((person.get("populations") or "").split(";"))]
    return "2" if need else ("4" if len(groups) == 1 else f"4{'abcdefgh'[local[0]]}") if local else "5"


def _inside(scope: Scope, slot: dict[str, Any], problem: Problem) -> bool:
    employer = next((other for other in _records(problem, "employers") if other["employer_id"] == slot.get("employer_id")), {})
    naics, occupation = employer.get("naics") or "", slot.get("onet_soc") or ""
    asked = [
        (scope.sectors, any(naics[:2] in ("31", "32", "33") if sector == "31-33" else naics.startswith(sector) for sector in scope.sectors)),
        (scope.employers, slot.get("employer_id") in scope.employers),
        (scope.counties, slot.get("county_fips") in scope.counties),
        (scope.centers, slot.get("center_id") in scope.centers),
        (scope.funding_streams, slot.get("funding_stream") in scope.funding_streams),
        (scope.staff, (slot.get("staff_id") or employer.get("staff_id")) in scope.staff),
        (scope.occupations, any(occupation.startswith(prefix) for prefix in scope.occupations)),
        (scope.slots, slot["slot_id"] in scope.slots),
    ]
    return all(fits for named, fits in asked if named)
