"""Judge a plan by the law alone: every way in which it breaks a rule. Knows no solver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from allocator.constraints.base import Violation
from allocator.constraints.reservation import Reservation
from allocator.errors import InputError
from allocator.pairs import eligible, listed
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.scenario import Scenario


def check(scenario: Scenario, policy: Policy, assignments: Iterable[tuple[str, str]]) -> list[Violation]:
    """Every violation of the policy by these assignments, also of a hand-made or partial plan.

    Parameters
    ----------
    assignments
        (seeker_id, slot_id) of each assignment.

    Raises
    ------
    InputError
        The policy does not fit the facts, or a reservation `over_and_above` has no `merit_count`: what its beneficiaries win without it
        takes a solver to find (`Result.policy` has it).
    KeyError
        An id that the scenario does not have.
    """
    problem = Problem(scenario, policy)
    problem.require_sound()
    require_settled(problem.policy)
    return list(violations(Plan.of(problem, assignments)))


def require_settled(policy: Policy) -> None:
    """Raise InputError for reservations that cannot be judged before they are settled."""
    faults = [
        rule.fault("unsettled", "What its beneficiaries win without an over_and_above reservation is not known.", "Add merit_count, as result.json has it.")
        for rule in policy.constraints
        if isinstance(rule, Reservation) and rule.mode == "over_and_above" and rule.merit_count is None
    ]
    if faults:
        raise InputError(faults)


def violations(plan: Plan) -> Iterator[Violation]:
    """Every violation in a plan: of eligibility first, then of the constraints in the policy's order."""
    yield from _ineligible(plan)
    for constraint in plan.problem.policy.constraints:
        yield from constraint.violations(plan)


def _ineligible(plan: Plan) -> Iterator[Violation]:
    problem, facts = plan.problem, plan.problem.scenario
    for rule, may in eligible(problem, plan.seeker, plan.slot):
        for k in (~may).nonzero()[0]:
            seeker, slot = int(plan.seeker[k]), int(plan.slot[k])
            yield Violation(
                rule.kind, rule.label or rule.kind, f"{facts.ids('seekers')[seeker]} at {facts.ids('slots')[slot]}", rule.reason(problem, seeker, slot), 1
            )
    if facts.has("pairs"):
        yield from _not_listed(plan)


def _not_listed(plan: Plan) -> Iterator[Violation]:
    """Where the user brings pairs, nothing else is possible."""
    facts = plan.problem.scenario
    missing = ~listed(plan.problem, plan.seeker, plan.slot)
    for seeker, slot in sorted(set(zip(plan.seeker[missing].tolist(), plan.slot[missing].tolist(), strict=True))):
        one, other = facts.ids("seekers")[seeker], facts.ids("slots")[slot]
        yield Violation("pairs", "pairs", f"{one} at {other}", f"{one} at {other} is not among the scenario's pairs.", 1)
