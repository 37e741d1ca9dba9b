"""What changes against a reference (last night's plan, usually): who moved and why, and what it would cost to move fewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from allocator.change_curve import ChangeCurve
from allocator.engines.base import Clock
from allocator.errors import Fault, InputError
from allocator.goals.stability import Stability as StabilityGoal
from allocator.moved import CAUSES, UNCOUNTED, Moved, Witness
from allocator.opened import Opened, with_reference


@dataclass(frozen=True)
class Stability:
    """Everybody in the reference with what became of them, and the price of a limit of changes where it was asked for."""

    people: Sequence[Moved]
    curve: ChangeCurve | None = None

    @cached_property
    def counts(self) -> dict[str, int]:
        """People kept, moved to another slot, and left without one; and those whom no limit counts."""
        told = [line for line in self.people if line.cause not in UNCOUNTED]
        kept = sum(line.cause == "same" for line in told)
        moved = sum(line.cause != "same" and line.holds is not None for line in told)
        return {"same": kept, "moved": moved, "lost": len(told) - kept - moved, "not_counted": len(self.people) - len(told)}

    @cached_property
    def causes(self) -> dict[str, int]:
        """People by cause, those who keep their slot aside."""
        found = {cause: sum(line.cause == cause for line in self.people) for cause in CAUSES if cause != "same"}
        return {cause: count for cause, count in found.items() if count}

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON data; people who keep their slot are counted only."""
        return {
            "counts": self.counts,
            "causes": self.causes,
            "people": [line.as_dict() for line in self.people if line.cause != "same"],
            "curve": None if self.curve is None else self.curve.as_dict(),
        }


def stability(opened: Opened, *, clock: Clock | None = None, each: float | None = None) -> Stability:
    """Who moved against the reference of a result's scenario, and why.

    Parameters
    ----------
    clock
        What ends the search for causes; whoever has not been looked into by then has the cause `not_known`. No end where absent.
    each
        Seconds for one person at most, where only a whole answer tells.

    Raises
    ------
    InputError
        There is no reference, or the result has no plan.
    """
    require(opened)
    witness = Witness(opened.problem, opened.warm(), opened.plan, clock or Clock(), each)
    return Stability(witness.moved())


def require(opened: Opened) -> None:
    """InputError where there is nothing to compare, or nothing to compare it with."""
    faults = []
    if not opened.scenario.has("reference"):
        message = "There is no reference: nothing says who held what before."
        faults.append(Fault("missing_table", message, "Give --reference: last night's result folder or assignments.", opened.scenario.name))
    if not opened.result.verified:
        message = f"The result has no plan: it is {opened.result.status.replace('_', ' ')}."
        faults.append(Fault("no_plan", message, "Allocate again with other wishes or more time.", opened.scenario.name))
    if faults:
        raise InputError(faults)


def against(opened: Opened, reference: pd.DataFrame) -> Opened:
    """The same result, with these assignments as its reference in place of its own, if it has one.

    Raises InputError where the policy itself looks at the reference: with another one the result's proofs would be of another program.
    """
    looking = [
        rule.name
        for rule in (*opened.policy.constraints, *(opened.policy.goals or ()))
        if rule.kind == "change_limit" or (isinstance(rule, StabilityGoal) and not rule.keeps)
    ]
    if looking:
        message = f"The policy looks at the reference itself ({', '.join(looking)}), so another one makes another policy."
        raise InputError([Fault("other_reference", message, "Allocate again with --reference.", "--reference")])
    facts = with_reference(opened.scenario, reference)
    return Opened(facts, replace(opened.result, digests={**opened.result.digests, "scenario": facts.digest}))
