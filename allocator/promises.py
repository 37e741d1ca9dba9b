"""What became of each reservation: promised, possible, filled, released, short, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from allocator.constraints.reservation import Reservation
from allocator.pairs import Pairs
from allocator.plan import Plan


@dataclass(frozen=True)
class ReservationLine:
    """One rung of one reservation, in people and seats. `supply` is what its eligible members could take at most."""

    label: str
    beneficiaries: str
    scope: str
    mode: str
    openings: int
    promised: int
    exact: float
    supply: int
    clipped: int
    filled: int
    released: int
    released_why: str
    short: int
    short_why: str

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        return asdict(self)


def promises(plan: Plan, pairs: Pairs) -> Iterator[ReservationLine]:
    """Every reservation of the plan's policy, rung by rung."""
    for rule in plan.problem.policy.constraints:
        if isinstance(rule, Reservation):
            yield from _lines(rule, plan, pairs)


def _lines(rule: Reservation, plan: Plan, pairs: Pairs) -> Iterator[ReservationLine]:
    problem = plan.problem
    in_scope = rule.scope.members(problem)
    for rung, promised, standing in zip(rule.rungs(problem), rule.promise_in(plan), rule.standings(plan), strict=True):
        supply = rule.supply(problem, pairs, rung)
        filled = standing.achieved if rule.mode != "set_aside" else int(rung.counts(plan.seeker, plan.slot).sum())
        asked = standing.at_least if standing.at_least is not None else promised
        clipped = max(0, asked - supply) if rule.mode == "minimum_best_effort" else 0
        short = 0 if rule.mode == "cap" else max(0, asked - filled)
        gone = in_scope & ~rung.slots if rung.number == 0 else in_scope & False
        yield ReservationLine(
            rule.label, rung.who.describe(), rule.scope.describe(), rule.mode, rung.seats, asked, float(rule.exact(plan, rung)), supply, clipped, filled,
            int(problem.openings[gone].sum()), _released_why(rule, int(gone.sum())), short, _short_why(rule, short, asked, supply),
        )  # fmt: skip


def _released_why(rule: Reservation, slots: int) -> str:
    if rule.release is None or slots == 0:
        return ""
    steps = " or ".join(rule.release.describe(number) for number in range(1, len(rule.release.steps) + 1))
    return f"{slots} slot{'' if slots == 1 else 's'} released: {steps}"


def _short_why(rule: Reservation, short: int, asked: int, supply: int) -> str:
    if short == 0:
        return ""
    if supply < asked:
        return f"no supply: eligible members could take {supply} of these seats at most"
    if rule.mode == "minimum_soft":
        return f"one more seat would cost more than its price of {rule.price} points"
    if rule.mode == "set_aside":
        return "kept empty until released"
    return "other rules and promises leave no more"
