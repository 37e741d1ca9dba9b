"""Settle `over_and_above` reservations: find what their beneficiaries win without the rule, so that the promise can be added on top.

Each such rule, in the order listed, is replaced by closing its seats to everybody; the program is solved to the end of its goals, and what the
beneficiaries hold then is the rule's `merit_count`. Where several best allocations differ in that, the one that gives the beneficiaries most is meant.
The settled policy is plain data: it can be checked, shown and solved again without any of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from allocator.constraints.base import SEAT, Constraint, Standing, Violation
from allocator.constraints.reservation import Reservation
from allocator.engines.base import Outcome, StopReason
from allocator.pairs import Pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import FREE, Draft, Objective, Program, Rows, build


class OpenCompetition(Constraint):
    """The reservation off, and its seats closed to all: X(all, S) <= c(S) - q, on every rung."""

    kind: Literal["open_competition"] = "open_competition"
    reservation: Reservation
    closed: tuple[int, ...]
    """Seats closed on each rung: the promises as they are with every rule on, so that shares rounded jointly still add up."""

    def rows(self, draft: Draft) -> Iterator[Rows]:
        problem = draft.problem
        for rung, promise in zip(self.reservation.rungs(problem), self.closed, strict=True):
            of_slot = np.where(rung.slots, 0, -1).astype(np.int32)
            room = np.array([max(0, int(problem.openings[rung.slots].sum()) - promise)])
            yield Rows(self.kind, self.label, [""], np.array([-FREE]), room, of_slot=of_slot, bend=SEAT)

    def violations(self, plan: Plan) -> Iterator[Violation]:
        for line in self.standings(plan):
            if line.at_most is not None and line.achieved > line.at_most:
                yield self.violation("", f"{line.achieved} assignments where {line.at_most} seats are open.", line.achieved - line.at_most)

    def standings(self, plan: Plan) -> Iterator[Standing]:
        problem = plan.problem
        for rung, promise in zip(self.reservation.rungs(problem), self.closed, strict=True):
            yield self.standing("", int(rung.slots[plan.slot].sum()), at_most=max(0, int(problem.openings[rung.slots].sum()) - promise))


def unsettled(policy: Policy) -> list[Reservation]:
    """The rules that still need settling."""
    return [
        rule for rule in policy.constraints if isinstance(rule, Reservation) and rule.mode == "over_and_above" and rule.merit_count is None and rule.enabled
    ]


def settle(problem: Problem, pairs: Pairs, solve: Callable[[Program], Outcome]) -> tuple[Problem, StopReason | None]:
    """The problem with every `over_and_above` reservation settled, and why a count is not proved (None where all are).

    Where a first pass has no solution, nothing is won without the rule: the count is 0.
    """
    unproved: StopReason | None = None
    for rule in unsettled(problem.policy):
        first, counting = _first_pass(problem, rule)
        program = build(first, pairs)
        columns = [np.flatnonzero(rung.counts(pairs.seeker, pairs.slot)) for rung in rule.rungs(first)]
        ones = [Objective("members", "members", chosen, np.ones(len(chosen), dtype=np.int64)) for chosen in columns]
        outcome = solve(Program(program.pairs, program.upper, program.rows, (*program.objectives, *ones)))
        if outcome.status not in ("optimal", "infeasible"):
            unproved = outcome.stop_reason
        last = max(counting) + 1
        merit = [0] * last
        if outcome.columns is not None:
            for number, chosen in zip(counting, columns, strict=True):
                merit[number] = int(outcome.columns[chosen].sum())
        settled = rule.model_copy(update={"merit_count": tuple(merit)})
        problem = Problem(problem.scenario, problem.policy.replacing([settled]), problem.seed)
    return problem, unproved


def _first_pass(problem: Problem, rule: Reservation) -> tuple[Problem, list[int]]:
    """The problem with one rule's seats closed and the unsettled rules after it left out; and the numbers of the rule's rungs."""
    waiting = {other.label for other in unsettled(problem.policy)}
    constraints = [entry for entry in problem.policy.constraints if not (isinstance(entry, Reservation) and entry.label in waiting)]
    closed = OpenCompetition(label=rule.label, reservation=rule, closed=tuple(rule.promises(problem)))
    first = Problem(problem.scenario, problem.policy.model_copy(update={"constraints": (*constraints, closed)}), problem.seed)
    return first, [rung.number for rung in rule.rungs(first)]
