"""What became of each reservation: promised, possible, filled, released, short, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from allocator.constraints.reservation import Reservation, Rung
from allocator.pairs import Pairs
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.scenario import Integers


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
            yield from lines(rule, plan, pairs)


def lines(rule: Reservation, plan: Plan, pairs: Pairs) -> Iterator[ReservationLine]:
    """One reservation of the plan's policy, rung by rung."""
    problem = plan.problem
    for rung, promised, standing in zip(rule.rungs(problem), rule.promise_in(plan), rule.standings(plan), strict=True):
        supply = rule.supply(problem, pairs, rung)
        filled = standing.achieved if rule.mode != "set_aside" else int(rung.counts(plan.seeker, plan.slot).sum())
        asked = standing.at_least if standing.at_least is not None else promised
        clipped = max(0, asked - supply) if rule.mode == "minimum_best_effort" else 0
        short = 0 if rule.mode == "cap" else max(0, asked - filled)
        gone = _released(rule, problem, rung)
        yield ReservationLine(
            rule.label, rung.who.describe(), rule.scope.describe(), rule.mode, rung.seats, asked, float(rule.exact(plan, rung)), supply, clipped, filled,
            int(gone.sum()), _released_why(rule, problem, gone), short, _short_why(rule, short, asked, supply, pairs),
        )  # fmt: skip


def _released(rule: Reservation, problem: Problem, rung: Rung) -> Integers:
    """Seats of each slot that have left the promise; those that committed members hold have not."""
    if rung.number:
        return np.zeros(len(problem.openings), dtype=np.int64)
    kept = np.bincount(rung.kept % max(1, len(problem.openings)), minlength=len(problem.openings))
    return np.where(rule.scope.members(problem) & ~rung.slots, np.maximum(problem.openings - kept, 0), 0)


def _released_why(rule: Reservation, problem: Problem, gone: Integers) -> str:
    slots = int((gone > 0).sum())
    if rule.release is None or slots == 0:
        return ""
    steps = " or ".join(rule.release.describe(number) for number in np.unique(rule.release.rungs(problem)[gone > 0]).tolist())
    return f"{slots} slot{'' if slots == 1 else 's'} released: {steps}"


def among_kept(pairs: Pairs) -> str:
    """What is to be added to a statement about all eligible pairs where a cap has left some out."""
    return " among the pairs that the cap kept" if pairs.left_out is not None and pairs.left_out.any() else ""


def _short_why(rule: Reservation, short: int, asked: int, supply: int, pairs: Pairs) -> str:
    if short == 0:
        return ""
    if supply < asked:
        return f"no supply: eligible members could take {supply} of these seats at most{among_kept(pairs)}"
    if rule.mode == "minimum_soft":
        return f"one more seat would cost more than its price of {rule.price} points"
    if rule.mode == "set_aside":
        return "kept empty until released"
    return "other rules and promises leave no more"
