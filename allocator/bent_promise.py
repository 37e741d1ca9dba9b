"""A promise that gives way when nothing fits: in words, in the planner's units, and as the reservation's own parameters moved no further than they must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from allocator.constraints.base import Give, Mend, furthest, shortest
from allocator.problem import Problem

if TYPE_CHECKING:
    from allocator.constraints.reservation import Reservation, Rung
    from allocator.plan import Plan


def because(rule: Reservation, problem: Problem, key: str, value: int) -> str:
    """What a promise says, as part of a sentence: what stands in another rule's way."""
    who, where = _rung(rule, problem, key).who.describe(), _where(rule)
    if rule.denominator == "filled":
        return f"{float(rule.exact_share):.0%} of what is filled{where} is {'the most allowed to' if rule.mode == 'cap' else 'promised to'} {who}"
    if rule.mode == "cap":
        return f"{who} may have {_seats(value)}{where} at most"
    if rule.mode == "set_aside":
        return f"others than {who} may have {_seats(value)}{where} at most"
    return f"{_seats(value)}{where} {'is' if value == 1 else 'are'} promised to {who}"


def gives(rule: Reservation, problem: Problem, give: Give) -> str:
    """How far a promise can be kept, as a sentence without its full stop."""
    who, where = _rung(rule, problem, give.key).who.describe(), _where(rule)
    if rule.denominator == "filled":
        return f"{float(rule.exact_share):.0%} of what is filled{where} cannot be {'the most allowed to' if rule.mode == 'cap' else 'promised to'} {who}"
    if rule.mode == "cap":
        return f"{who} would have to have {_seats(give.possible)}{where}, where {give.asked} are the most allowed"
    if rule.mode == "set_aside":
        seats = _rung(rule, problem, give.key).seats
        return f"At most {max(0, seats - give.possible)} of the {_seats(seats - give.asked)} set aside for {who}{where} can be kept from others"
    return f"At most {give.possible} of the {_seats(give.asked)} promised to {who}{where} can be kept"


def terms(rule: Reservation, plan: Plan, give: Give) -> tuple[int, int]:
    """What is promised and what is possible, in seats; of a share of what is filled, in the plan that the bends allow."""
    rung = _rung(rule, plan.problem, give.key)
    if rule.denominator == "filled":
        place = [rule.key(other) for other in rule.rungs(plan.problem)].index(give.key)
        return rule.promise_in(plan)[place], int(rung.counts(plan.seeker, plan.slot).sum())
    if rule.mode == "set_aside":
        return rung.seats - give.asked, max(0, rung.seats - give.possible)
    return give.asked, give.possible


def mended(rule: Reservation, plan: Plan, gives: Sequence[Give]) -> Iterator[Mend]:
    """The parameter moved just so far that every rung asks for no more than is possible; rungs share it, so that others may come to ask for less."""
    problem, down = plan.problem, rule.mode != "cap"
    rungs = [rule.key(rung) for rung in rule.rungs(problem)]

    def asked(**parameters: object) -> list[int]:
        return rule.model_copy(update=parameters).promises(_among(problem, rule, parameters))

    sides = {rungs.index(give.key): _allowed(rule, plan, give) for give in gives}

    def fits(promises: list[int]) -> bool:
        return all(promises[rung] <= most if down else promises[rung] >= most for rung, most in sides.items())

    note = "" if len(rungs) == 1 else f"{rule.name} has one number for all its steps: those after the first may come to ask for less as well."
    if rule.denominator == "filled":
        reached = [
            Decimal(line.achieved) / int(rung.filled(plan.seeker, plan.slot).sum())
            for number, (rung, line) in enumerate(zip(rule.rungs(problem), rule.standings(plan), strict=True))
            if number in sides and rung.filled(plan.seeker, plan.slot).any()
        ]
        exact = min(reached, default=Decimal(0)) if down else max(reached, default=Decimal(1))
        share = exact.quantize(Decimal("0.000001"), ROUND_FLOOR if down else ROUND_CEILING)
        yield Mend("set", rule.place("share"), shortest(share, lambda cut: abs(cut - share) <= Decimal("0.0005"), down=down), note)
    elif rule.count is not None:
        count = rule.count
        if not down:
            count = max(sides.values())
        while down and count and not fits(asked(count=count)):
            count -= max(1, max(asked(count=count)[rung] - most for rung, most in sides.items()))
        yield Mend("set", rule.place("count"), max(0, count), note)
    else:
        far = furthest(lambda share: fits(asked(share=share)), largest=down)
        if far is not None:
            yield Mend("set", rule.place("share"), shortest(far, lambda cut: asked(share=cut) == asked(share=far), down=down), note)
        else:
            yield Mend("set", rule.place("enabled"), False, f"No share of {rule.name} says it; the rule is switched off.")


def _allowed(rule: Reservation, plan: Plan, give: Give) -> int:
    """The promise of a rung that asks for no more than is possible (of a cap: the smallest that allows it)."""
    rung = _rung(rule, plan.problem, give.key)
    if rule.mode == "set_aside":
        return rung.seats - give.possible
    return give.possible - (rule.merit(rung) if rule.mode == "over_and_above" else 0)


def _rung(rule: Reservation, problem: Problem, key: str) -> Rung:
    return next(rung for rung in rule.rungs(problem) if rule.key(rung) == key)


def _where(rule: Reservation) -> str:
    return "" if rule.scope.everything else f" in {rule.scope.describe()}"


def _seats(count: int) -> str:
    return f"{count} seat{'' if count == 1 else 's'}"


def _among(problem: Problem, rule: Reservation, parameters: Mapping[str, object]) -> Problem:
    """The problem in which a rule has other parameters, as far as the rounding of its peers goes."""
    changed = rule.model_copy(update=dict(parameters))
    return Problem(problem.scenario, problem.policy.replacing([changed]), problem.seed)
