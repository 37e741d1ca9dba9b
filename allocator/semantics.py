"""What a reservation did, and what the other readings of the same words would have done: people misread them.

For each reservation of a result: where it stands; what one seat more and one seat less would change, by solving again with a promise of q + 1 and q - 1;
who holds a slot because of it and who does not, against the rule switched off; and the same promise under every other mode and denominator, solved.

Everything else stays as the result has it, over-and-above counts of other promises included. The lottery is left out unless it is asked for: between plans
that are equally good, the people named here may be others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from pydantic import ValidationError

from allocator.constraints.reservation import Reservation
from allocator.engines.base import Outcome
from allocator.engines.choose import choose
from allocator.engines.series import Series
from allocator.errors import Fault, InputError, InternalError
from allocator.goals.match_quality import MatchQuality
from allocator.opened import Opened
from allocator.policy import Policy
from allocator.program import Program
from allocator.promises import ReservationLine, lines
from allocator.readings import DENOMINATORS, MODES, Reading, say_off, say_other, say_present
from allocator.result import GoalResult
from allocator.variants import Terms, Variant, Variants


@dataclass(frozen=True)
class SeatPrice:
    """By how much a goal changes when one seat more, or one seat less, is promised; None where that is impossible or was not found in time.

    Differences of solved programs, one sided each; `exact` where all three are proved.
    """

    goal: str
    label: str
    unit: str
    more: float | None
    less: float | None
    exact: bool


@dataclass(frozen=True)
class ReservationReport:
    """One reservation: `present` is the reading of the policy, `off` the rule switched off, `others` every other reading that can be."""

    label: str
    lines: tuple[ReservationLine, ...]
    prices: tuple[SeatPrice, ...]
    present: Reading
    off: Reading
    others: tuple[Reading, ...]
    left_out: tuple[str, ...]
    """Readings that cannot be, with the reason."""

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON data."""
        return {
            "label": self.label,
            "lines": [line.as_dict() for line in self.lines],
            "prices": [asdict(price) for price in self.prices],
            "present": self.present.as_dict(),
            "off": self.off.as_dict(),
            "others": [reading.as_dict() for reading in self.others],
            "left_out": list(self.left_out),
        }


def reservation_reports(
    opened: Opened, label: str | None = None, *, terms: Terms | None = None, saw: Callable[[str], None] | None = None
) -> list[ReservationReport]:
    """The report of every reservation of a result, or of the one with this label.

    Parameters
    ----------
    terms
        Gap and seconds of each program that is solved; proof and no lottery where None.
    saw
        Told what is being looked at.

    Raises
    ------
    InputError
        No reservation has the label, or the result has no plan.
    """
    rules = [rule for rule in opened.policy.constraints if isinstance(rule, Reservation)]
    chosen = [rule for rule in rules if label in (None, rule.label)]
    if not chosen and label is not None:
        names = ", ".join(rule.label for rule in rules)
        fix = f"There are: {names}." if names else "The policy has no reservation."
        raise InputError([Fault("no_such_reservation", f"No reservation has the label {label!r}.", fix, file="--label")])
    if opened.outcome.columns is None:
        raise InputError([Fault("no_plan", "The result has no plan, so no promise was kept or missed.", "See ojt relax.", file="result.json")])
    asking = _Asking(opened, terms or Terms(lottery=False), saw or (lambda _: None))
    return [asking.report(rule) for rule in chosen]


class _Asking:
    """A result, and the programs much like its own."""

    def __init__(self, opened: Opened, terms: Terms, saw: Callable[[str], None]) -> None:
        self.opened, self.terms, self.saw = opened, terms, saw
        network = choose(opened.program).engine.name == "network" or len(opened.program.pairs) == 0
        self.variants = Variants(opened.scenario, opened.result.seed, terms, None if network else opened.warm())
        self.variants.adopt(opened.problem, opened.program.pairs)
        self.series = Series(opened.result.seed, None if network else opened.warm())
        self.goals = tuple(goal for goal in opened.result.goals if terms.lottery or goal.kind != "lottery" or len(opened.result.goals) == 1)
        self.placed = frozenset(opened.scenario.ids("seekers")[opened.plan.seeker].tolist())

    def report(self, rule: Reservation) -> ReservationReport:
        policy, present = self.opened.policy, self._present(rule)
        self.saw(f"{rule.label}: one seat more, one seat less")
        prices = tuple(self._prices(rule))
        self.saw(f"{rule.label}: switched off")
        off = self._off(rule, policy.model_copy(update={"constraints": tuple(entry for entry in policy.constraints if entry is not rule)}), present)
        others, left_out = [], []
        for changes, note in _readings(rule, self._average()):
            mode, denominator = changes.get("mode", rule.mode), changes.get("denominator", rule.denominator)
            self.saw(f"{rule.label}: {mode} of {denominator}")
            try:
                other = Reservation.model_validate({**rule.model_dump(), "merit_count": None, **changes})
            except ValidationError as error:
                left_out.append(f"{MODES[mode]} of {DENOMINATORS[denominator]}: {str(error.errors()[0]['msg']).removeprefix('Value error, ')}")
                continue
            others.append(self._other(other, self.variants.solve(policy.replacing([other])), present, note))
        return ReservationReport(rule.label, tuple(self._lines(rule)), prices, present, off, tuple(others), tuple(left_out))

    def _lines(self, rule: Reservation) -> Iterator[ReservationLine]:
        yield from lines(rule, self.opened.plan, self.opened.program.pairs)

    def _present(self, rule: Reservation) -> Reading:
        promised, filled, short = _sums(list(self._lines(rule)))
        plan = self.opened.plan
        scope = rule.scope.members(plan.problem)
        empty = int(plan.problem.openings[scope].sum() - scope[plan.slot].sum())
        reading = Reading(rule.mode, rule.denominator, self.opened.result.status, promised, filled, short, empty, len(plan), self.goals, (), (), "")
        return replace(reading, sentence=say_present(reading))

    def _prices(self, rule: Reservation) -> Iterator[SeatPrice]:
        """A seat more and a seat less on the promise itself; none where the promise moves with the plan."""
        if rule.denominator == "filled":
            return
        answers = [self._moved(rule, step) for step in (1, -1)]
        proved = [answer is not None and answer.status in ("optimal", "infeasible") for answer in answers]
        for number, goal in enumerate(self.goals):
            changes = [self._change(answer, number) for answer in answers]
            known = [is_proved for is_proved, change in zip(proved, changes, strict=True) if change is not None]
            yield SeatPrice(goal.kind, goal.label, goal.unit, changes[0], changes[1], all(known) and all(own.gap == 0 for own in self.goals[: number + 1]))

    def _change(self, answer: Outcome | None, number: int) -> float | None:
        if answer is None or answer.columns is None:
            return None
        value, now = GoalResult.of(answer.goals[number]).value, self.goals[number].value
        return None if value is None or now is None else float(Decimal(str(value)) - Decimal(str(now))) + 0.0

    def _moved(self, rule: Reservation, step: int) -> Outcome | None:
        """The answer with so many seats more promised on the reservation's first rung; None where there are none to take away."""
        problem, program = self.opened.problem, self.opened.program
        rung, promise = rule.rungs(problem)[0], rule.promises(problem)[0] + step
        if promise < 0:
            return None
        if not self.terms.lottery and len(self.goals) < len(program.objectives):
            program = replace(program, objectives=tuple(objective for objective in program.objectives if objective.kind != "lottery"))
        number = next(k for k, block in enumerate(program.rows) if (block.kind, block.label) == (rule.kind, rule.label))
        block, upper = program.rows[number], program.upper
        if rule.mode in ("set_aside", "cap"):
            most = rung.seats - promise if rule.mode == "set_aside" else promise
            if most < 0:
                return Outcome("infeasible", "proved", None, ())
            block = replace(block, upper=np.array([most]))
        else:
            least = rule.asked(problem, program.pairs, rung, promise)
            block = replace(block, lower=np.array([least]))
            if rule.mode in ("minimum_best_effort", "minimum_soft"):
                upper = upper.copy()
                upper[block.slack.column[0]] = max(least, 0)
        moved = replace(program, upper=upper, rows=(*program.rows[:number], block, *program.rows[number + 1 :]))
        return _sound(moved, self.series.solve(moved, self.terms.clock()).outcome)

    def _average(self) -> Decimal | None:
        """Points of an average assignment: what a seat short costs where nobody has said so; None where no goal could pay it."""
        if not any(isinstance(goal, MatchQuality) for goal in self.opened.problem.goals):
            return None
        chosen = self.opened.columns[: len(self.opened.program.pairs)] > 0
        scores = self.opened.program.pairs.score[chosen]
        return max(Decimal("0.01"), Decimal(int(scores.sum()) // max(1, len(scores))) / 100)

    def _off(self, rule: Reservation, policy: Policy, present: Reading) -> Reading:
        variant = self.variants.solve(policy)
        reading = self._reading(rule, variant, present.promised, _filled(rule, variant) if variant.found else None, None, "switched off")
        return replace(reading, sentence=say_off(reading, present))

    def _other(self, rule: Reservation, variant: Variant, present: Reading, note: str) -> Reading:
        own = next(entry for entry in variant.problem.policy.constraints if isinstance(entry, Reservation) and entry.label == rule.label)
        promised, filled, short = _sums(list(lines(own, variant.plan, variant.program.pairs))) if variant.found else (None, None, None)
        reading = self._reading(own, variant, promised, filled, short, note)
        return replace(reading, sentence=say_other(reading, present))

    def _reading(self, rule: Reservation, variant: Variant, promised: int | None, filled: int | None, short: int | None, note: str) -> Reading:
        if not variant.found:
            return Reading(rule.mode, rule.denominator, variant.status, None, None, None, None, None, (), None, None, note)
        scope, plan = rule.scope.members(variant.problem), variant.plan
        empty = int(variant.problem.openings[scope].sum() - scope[plan.slot].sum())
        gained, lost = tuple(sorted(variant.placed - self.placed)), tuple(sorted(self.placed - variant.placed))
        return Reading(rule.mode, rule.denominator, variant.status, promised, filled, short, empty, len(plan), variant.goals, gained, lost, note)


def _sound(program: Program, outcome: Outcome) -> Outcome:
    """An answer whose rows and values were counted again."""
    columns = outcome.columns
    if columns is not None:
        broken = list(program.broken_rows(columns)) or [goal.objective.label for goal in outcome.goals if goal.objective.value(columns) != goal.value]
        if broken:
            raise InternalError(f"The engine's answer breaks the rules: {broken[0]}")
    return outcome


def _readings(rule: Reservation, average: Decimal | None) -> Iterator[tuple[dict[str, Any], str]]:
    """Every other mode with the same share, then every other denominator with the same mode, as changes to the rule, with what else had to give way."""
    for mode in MODES:
        if mode == rule.mode or (mode == "minimum_soft" and average is None):
            continue
        changes: dict[str, Any] = {"mode": mode, "price": None}
        notes = []
        if mode == "minimum_soft":
            changes["price"] = average
            notes.append(f"at {average} points a seat, an average assignment")
        if mode == "cap" and rule.release is not None:
            changes["release"] = None
            notes.append("without its release")
        if mode in ("set_aside", "over_and_above") and rule.denominator == "filled":
            changes["denominator"] = "openings"
            notes.append("of the openings")
        yield changes, ", ".join(notes)
    for denominator in DENOMINATORS if rule.share is not None else ():
        if denominator != rule.denominator:
            yield {"denominator": denominator}, ""


def _sums(told: Sequence[ReservationLine]) -> tuple[int, int, int]:
    return sum(line.promised for line in told), sum(line.filled for line in told), sum(line.short for line in told)


def _filled(rule: Reservation, variant: Variant) -> int:
    """Beneficiaries in the reservation's seats, in a plan that knows nothing of it."""
    return sum(int(rung.counts(variant.plan.seeker, variant.plan.slot).sum()) for rung in rule.rungs(variant.problem))
