"""A result with the facts and the program it came from: what explanations, comparisons and reports start from.

Nothing is solved again. The scenario is read from where the run had it, and its digest says whether it is still the same; pairs and program are built
anew, which takes a moment; what the run has proved is taken from its result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from allocator.changes import changed_facts, read_changes
from allocator.check import violations
from allocator.engines.base import Outcome, Reached
from allocator.engines.completed import completed
from allocator.engines.warm import Warm
from allocator.errors import Fault, InputError, InternalError
from allocator.pairs import find_pairs
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Objective, Program, build
from allocator.read import read_assignments, read_scenario
from allocator.result import CHANGES_FILE, REFERENCE_FILE, GoalResult, Result
from allocator.scenario import Integers, Scenario
from allocator.stored import read_result


@dataclass(frozen=True, eq=False)
class Opened:
    """A scenario and a result of it, with what follows from both."""

    scenario: Scenario
    result: Result

    @classmethod
    def of(cls, scenario: Scenario, result: Result) -> Opened:
        """A result in memory.

        Raises InputError where it is not the scenario's.
        """
        if result.digests["scenario"] != scenario.digest:
            message = (
                f"The facts have changed since the result was made: their digest was {_short(result.digests['scenario'])}, it is {_short(scenario.digest)}."
            )
            raise InputError([Fault("other_facts", message, "Allocate again, or name the scenario that the result was made from.", scenario.name)])
        return cls(scenario, result)

    @property
    def policy(self) -> Policy:
        """The policy as solved: defaults written out, over-and-above reservations settled."""
        return self.result.policy

    @cached_property
    def problem(self) -> Problem:
        """Facts and wishes together."""
        return Problem(self.scenario, self.policy, self.result.seed)

    @cached_property
    def program(self) -> Program:
        """The program that the run has solved, with its pairs."""
        return build(self.problem, find_pairs(self.problem))

    @cached_property
    def plan(self) -> Plan:
        """The result's assignments."""
        return Plan.of(self.problem, self.result.plan())

    @cached_property
    def columns(self) -> Integers:
        """All columns of the program at the plan."""
        chosen = self.program.pairs.find(self.plan.seeker, self.plan.slot)
        columns = completed(self.program, np.sort(chosen)) if (chosen >= 0).all() else None
        if columns is None:
            message = "The result's assignments are none of its program's."
            raise InternalError(message)
        return columns

    @property
    def outcome(self) -> Outcome:
        """What the run has proved, as its engine said it. Without a plan there are no columns, and no goals."""
        result = self.result
        if not result.verified:
            return Outcome(result.status, result.stop_reason, None, ())
        goals = zip(self.program.objectives, result.goals, strict=True)
        return Outcome(result.status, result.stop_reason, self.columns, tuple(_reached(objective, goal) for objective, goal in goals))

    def warm(self) -> Warm:
        """The program, held as solved; a new one at each call."""
        return Warm.resumed(self.program, self.outcome, seed=self.result.seed)


def open_result(folder: str | Path, scenario: str | Path | None = None) -> Opened:
    """The result in a folder, with the scenario it came from; `scenario` says where that is now, if not where it was.

    Raises
    ------
    InputError
        There is no result, its scenario is gone, or the facts have changed since.
    """
    target = Path(folder)
    result = read_result(target)
    told = result.inputs.get("scenario")
    if scenario is None and told is None:
        message = "The result does not say where its scenario is."
        raise InputError([Fault("no_scenario", message, "Name it with --scenario.", str(target))])
    facts = read_scenario(target / str(told) if scenario is None else scenario, as_of=date.fromisoformat(result.as_of))
    if result.inputs.get("reference"):
        facts = with_reference(facts, read_assignments(target / REFERENCE_FILE))
    if result.inputs.get("changes"):
        facts = changed_facts(facts, read_changes(target / CHANGES_FILE))
    opened = Opened.of(facts, result)
    _require_whole(opened, target)
    return opened


def _require_whole(opened: Opened, target: Path) -> None:
    """InputError where the files of a result do not belong together: its assignments are not lawful, or not worth what it says."""
    result = opened.result
    if not result.verified:
        return
    try:
        broken = next((str(violation) for violation in violations(opened.plan)), None)
        objectives = opened.program.objectives
        if broken is None and [(goal.kind, goal.value) for goal in result.goals] != [
            (objective.kind, GoalResult.of(Reached(objective, objective.value(opened.columns), None)).value) for objective in objectives
        ]:
            broken = "they are not worth what its goals say"
    except KeyError as error:
        broken = f"{error.args[0]} is not in the scenario"
    except InternalError as error:
        broken = str(error)
    if broken is not None:
        message, mend = f"The assignments of the result are not those that it speaks of: {broken}", "Allocate again; the files of a run belong together."
        raise InputError([Fault("bad_result", message, mend, str(target))])


def with_reference(scenario: Scenario, assignments: pd.DataFrame) -> Scenario:
    """The scenario with these assignments as its reference."""
    tables = {**scenario.tables, "reference": assignments[["seeker_id", "slot_id"]]}
    return Scenario.of(tables, as_of=scenario.as_of, name=scenario.name, warnings=scenario.warnings)


def _reached(objective: Objective, goal: GoalResult) -> Reached:
    value, bound = (None if amount is None else round(amount * objective.scale) for amount in (goal.value, goal.bound))
    return Reached(objective, value, bound)


def _short(digest: str) -> str:
    return digest[:12]
