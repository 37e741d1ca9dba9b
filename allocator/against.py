"""A plan against a solved result of the same facts and wishes: how far behind it is, goal by goal, and no more than that is claimed.

Goals are held in their order, so a bound speaks of a plan only up to the first goal in which the two differ: in the goals after it either may be ahead,
at the cost of an earlier one. A bound says nothing of a plan that breaks a rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from allocator.errors import Fault, InputError, InternalError
from allocator.evaluate import Evaluation
from allocator.result import Amount, Result
from allocator.wording import goal_words


@dataclass(frozen=True)
class Distance:
    """One goal: what the plan reaches, what the result reached and proved, and how far the plan is `behind` the result (negative: ahead).

    `behind_bound` is how far it can be behind the best there is; None where the result's bound does not speak of it.
    """

    kind: str
    label: str
    unit: str
    value: Amount | None
    result: Amount | None
    bound: Amount | None
    behind: Amount | None
    behind_bound: Amount | None


@dataclass(frozen=True, eq=False)
class Against:
    """The distances in the order of the goals, and what they come to: the plan is `as good`, `worse`, `better` or, where it breaks a rule or a value is
    not known, `not comparable`. `first` is the goal in which the two differ first."""

    goals: Sequence[Distance]
    verdict: Literal["as good", "worse", "better", "not comparable"]
    first: Distance | None
    proved: bool

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON data."""
        first = None if self.first is None else {"kind": self.first.kind, "label": self.first.label}
        return {"verdict": self.verdict, "first": first, "proved": self.proved, "goals": [asdict(goal) for goal in self.goals]}

    @property
    def sentence(self) -> str:
        """The verdict as one would say it."""
        if self.first is None:
            return "The plan is as good as the result in every goal." if self.verdict == "as good" else "The plan cannot be compared with the result."
        goal, behind = self.first, self.first.behind or 0
        where = goal_words(goal.kind, goal.label)
        by = f"{_said(abs(behind), goal.unit)} {'behind' if behind > 0 else 'ahead'} in {where}, the first goal in which they differ"
        if self.verdict == "not comparable":
            return f"The plan is {by}; it breaks rules that the result keeps."
        if self.verdict == "better":
            return f"The plan is better than the result: {by}."
        least = goal.behind_bound
        more = f" The best there is can be ahead of it by up to {_said(least, goal.unit)}." if least is not None and least > behind else ""
        return f"The plan is worse than the result: {by}.{more}"


def against(evaluation: Evaluation, result: Result) -> Against:
    """A plan against a result.

    Raises
    ------
    InputError
        The result is of other facts, another policy or another seed, or has no plan: its bounds say nothing of this one.
    InternalError
        A lawful plan beats a bound that was proved: our mistake.
    """
    faults = list(_unlike(evaluation, result))
    if faults:
        raise InputError(faults)
    lawful, distances, first = evaluation.keeps_every_rule, [], None
    for mine, best in zip(evaluation.goals, result.goals, strict=True):
        sign = 1 if mine.better == "more" else -1
        behind = _minus(best.value, mine.value, sign)
        speaks = lawful and first is None and result.restriction is None
        room = _minus(best.bound, mine.value, sign) if speaks else None
        distances.append(Distance(mine.kind, mine.label, mine.unit, mine.value, best.value, best.bound, behind, room))
        if room is not None and room < 0:
            message = f"A plan that keeps every rule reaches {mine.value} in {mine.label}; {best.bound} was proved to be the limit."
            raise InternalError(message)
        first = distances[-1] if first is None and behind else first
    known = all(distance.behind is not None for distance in distances)
    proved = lawful and result.restriction is None and first is not None and first.behind == first.behind_bound
    if first is None:
        return Against(distances, "as good" if known and lawful else "not comparable", None, proved)
    verdict: Literal["worse", "better"] = "worse" if (first.behind or 0) > 0 else "better"
    return Against(distances, verdict if lawful else "not comparable", first, proved)


def _said(amount: Amount, unit: str) -> str:
    one = "person" if unit == "people" else unit.removesuffix("s")
    return f"{amount:,} {one if amount == 1 else unit}" if isinstance(amount, int) else f"{amount:,.2f} {unit}"


def _minus(best: Amount | None, mine: Amount | None, sign: int) -> Amount | None:
    """The distance in hundredths exactly: amounts have two decimals at most."""
    if best is None or mine is None:
        return None
    hundredths = sign * (round(best * 100) - round(mine * 100))
    return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100


def _unlike(evaluation: Evaluation, result: Result) -> Iterator[Fault]:
    if not result.verified:
        yield Fault("no_plan", "The result has no plan to compare with.", "Name the result of a run that found one.", "--against")
    if result.digests["scenario"] != evaluation.scenario_digest:
        yield Fault("other_facts", "The result was made from other facts than these.", "Allocate again, or give the same --as-of and --reference.", "--against")
    elif result.policy.digest != evaluation.policy.digest:
        message = "The result was made under another policy: its bounds say nothing of this plan."
        yield Fault("other_policy", message, "Give the same --policy and --set as for the result, or allocate again.", "--against")
    elif result.seed != evaluation.seed and any(goal.kind == "lottery" for goal in evaluation.goals):
        yield Fault("other_seed", f"The result's lottery was drawn with seed {result.seed}.", f"Give --seed {result.seed}.", "--against")
