"""evaluate(): what a plan that somebody made is worth, goal by goal, and every rule it breaks. Nothing is placed.

A plan may be partial, empty or unlawful. The law judges all of it, as `check` does. Goals count the assignments that may stand: those whose pair is eligible,
each once. An assignment that a rule refuses is worth nothing until the rule is mended; it is listed with the rule, not scored in silence. People short and
credits are not part of a plan: they are taken at their best for the plan as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from allocator.bends import Elastic
from allocator.check import require_settled, violations
from allocator.constraints.base import UNITS, Standing, Violation
from allocator.engines.base import Reached
from allocator.engines.completed import completed
from allocator.errors import Fault, InputError
from allocator.pairs import Pairs, find_pairs, listed, reasons, records
from allocator.plan import Plan
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.program import Program, build
from allocator.promises import ReservationLine, promises
from allocator.result import Amount, GoalResult
from allocator.scenario import Integers, Scenario
from allocator.unplaced import blockers


@dataclass(frozen=True)
class GoalValue:
    """What a plan reaches in one goal, in the policy's units; None where it cannot be counted. `better` says which way is up."""

    kind: str
    label: str
    unit: str
    value: Amount | None
    better: Literal["more", "less"]


@dataclass(frozen=True)
class Refused:
    """An assignment that may not stand: the first rule that refuses the pair, and why."""

    seeker_id: str
    slot_id: str
    rule: str
    why: str


@dataclass(frozen=True)
class Use:
    """What an assignment takes of a limit that is measured in points or cents."""

    seeker_id: str
    slot_id: str
    rule: str
    key: str
    amount: int
    unit: str


@dataclass(frozen=True)
class OpenSlot:
    """A slot with openings left: how many unplaced people could take one now, and how many only a rule keeps from it."""

    slot_id: str
    openings: int
    left: int
    could_take: int
    blocked: int


@dataclass(frozen=True)
class Waiting:
    """People without a slot in the plan: who could take an open seat, whom a rule keeps from every open one, who finds all seats full, who has no pair."""

    could_take: int
    blocked: int
    full: int
    no_pair: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A plan, judged and counted.

    `assignments` has seeker_id, slot_id, eligible, score (empty where it is not known), tier and, where scoring is built in, each component, in
    the order of ids; a pair that the plan has twice is there once, and in `duplicates`.
    """

    assignments: pd.DataFrame
    goals: Sequence[GoalValue]
    violations: Sequence[Violation]
    rules: Sequence[Standing]
    reservations: Sequence[ReservationLine]
    refused: Sequence[Refused]
    duplicates: Sequence[tuple[str, str]]
    uses: Sequence[Use]
    open_slots: Sequence[OpenSlot]
    waiting: Waiting
    seekers: int
    openings: int
    policy: Policy
    seed: int
    scenario_digest: str

    @property
    def keeps_every_rule(self) -> bool:
        """Whether the plan breaks nothing."""
        return not self.violations

    def goal(self, kind: str, label: str | None = None) -> GoalValue:
        """A goal's value by kind (and label, where a goal has several levels). Raises KeyError where there is none."""
        for goal in self.goals:
            if goal.kind == kind and label in (None, goal.label):
                return goal
        raise KeyError(f"no goal {kind} {label or ''}".strip())

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as plain JSON data."""
        rows = self.assignments.astype(object).where(self.assignments.notna(), None).to_dict("records")
        return {
            "keeps_every_rule": self.keeps_every_rule,
            "assignments": len(self.assignments),
            "seekers": self.seekers,
            "openings": self.openings,
            "goals": [asdict(goal) for goal in self.goals],
            "violations": [violation.as_dict() for violation in self.violations],
            "rules": [line.as_dict() for line in self.rules],
            "reservations": [line.as_dict() for line in self.reservations],
            "plan": rows,
            "refused": [asdict(one) for one in self.refused],
            "duplicates": [{"seeker_id": seeker, "slot_id": slot} for seeker, slot in self.duplicates],
            "uses": [asdict(use) for use in self.uses],
            "open_slots": [asdict(slot) for slot in self.open_slots],
            "waiting": asdict(self.waiting),
            "seed": self.seed,
            "digests": {"scenario": self.scenario_digest},
        }


def evaluate(scenario: Scenario, policy: Policy, assignments: Iterable[tuple[str, str]], *, seed: int = 0) -> Evaluation:
    """What a plan is worth under a policy, and every way in which it breaks it.

    Parameters
    ----------
    assignments
        (seeker_id, slot_id) of each assignment.
    seed
        The run's seed, for a lottery that has none of its own.

    Raises
    ------
    InputError
        The policy does not fit the facts, a pin cannot hold, the plan names ids that the scenario does not have, or a reservation
        `over_and_above` has no `merit_count` (`Result.policy` has it).
    """
    return Evaluator(Problem(scenario, policy, seed)).evaluate(assignments)


class Evaluator:
    """A problem that plans are evaluated in, one after the other: its pairs and its program are built once."""

    def __init__(self, problem: Problem) -> None:
        problem.require_sound()
        require_settled(problem.policy)
        self.problem = problem

    @cached_property
    def program(self) -> Program:
        """The program whose goals are counted."""
        return build(self.problem, find_pairs(self.problem))

    def evaluate(self, assignments: Iterable[tuple[str, str]]) -> Evaluation:
        """What one plan is worth. Raises InputError where it names ids that the scenario does not have."""
        problem, facts = self.problem, self.problem.scenario
        plan = Plan.of(problem, _known(facts, assignments))
        once = _once(plan)
        program = with_pairs_of(self.program, once)
        number = program.pairs.find(once.seeker, once.slot)
        refused = [_refusal(problem, once, int(k)) for k in np.flatnonzero(number < 0)]
        chosen = np.sort(number[number >= 0])
        return Evaluation(
            assignments=_frame(once, number),
            goals=goal_values(program, chosen),
            violations=tuple(violations(plan)),
            rules=[line for rule in problem.policy.constraints for line in rule.standings(plan)],
            reservations=list(promises(plan, program.pairs)),
            refused=refused,
            duplicates=[pair for pair, times in Counter(plan.named()).items() if times > 1],
            uses=list(_uses(program, once, number)),
            **_open(plan, program, chosen),
            seekers=facts.size("seekers"),
            openings=int(problem.openings.sum()),
            policy=problem.policy,
            seed=problem.seed,
            scenario_digest=facts.digest,
        )


def with_pairs_of(program: Program, plan: Plan) -> Program:
    """A program, with the plan's own pairs where a cap of pairs per seeker has left them out."""
    problem = plan.problem
    if program.pairs.left_out is None:
        return program
    absent = np.flatnonzero(program.pairs.find(plan.seeker, plan.slot) < 0)
    may = [k for k in absent.tolist() if not _refusals(problem, plan, k)]
    return build(problem, _and_also(problem, program.pairs, plan, np.array(may, dtype=np.int64))) if may else program


def _known(facts: Scenario, assignments: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The assignments; InputError with every id that the scenario does not have."""
    told = [(str(seeker), str(slot)) for seeker, slot in assignments]
    faults: dict[tuple[str, str], Fault] = {}
    for pair in told:
        for table, column, name in (("seekers", "seeker_id", pair[0]), ("slots", "slot_id", pair[1])):
            if facts.position(table, name) < 0:
                faults.setdefault((table, name), Fault("unknown_id", f"{table} has no {name}.", "Correct the id.", "plan", column=column, value=name))
    if faults:
        raise InputError(faults.values())
    return told


def _once(plan: Plan) -> Plan:
    """The plan with each pair once, in the order of seeker and slot."""
    keys = np.unique(plan.seeker.astype(np.int64) * max(1, len(plan.problem.openings)) + plan.slot)
    width = max(1, len(plan.problem.openings))
    return Plan(plan.problem, (keys // width).astype(np.int32), (keys % width).astype(np.int32))


def _refusals(problem: Problem, plan: Plan, k: int) -> list[tuple[str, str]]:
    """Every rule that refuses an assignment's pair, with its sentence."""
    seeker, slot = int(plan.seeker[k]), int(plan.slot[k])
    told = reasons(problem, seeker, slot)
    if problem.scenario.has("pairs") and not listed(problem, plan.seeker[k : k + 1], plan.slot[k : k + 1])[0]:
        told.append(("pairs", "The pair is not among the scenario's pairs."))
    return told


def _refusal(problem: Problem, plan: Plan, k: int) -> Refused:
    told = _refusals(problem, plan, k) or [("commitments", "The pair was declined, or has been completed.")]
    one, other = problem.scenario.ids("seekers")[plan.seeker[k]], problem.scenario.ids("slots")[plan.slot[k]]
    return Refused(str(one), str(other), *told[0])


def _and_also(problem: Problem, pairs: Pairs, plan: Plan, more: Integers) -> Pairs:
    """The pairs and some of the plan's, which are eligible but were left out by the cap."""
    seeker, slot = plan.seeker[more], plan.slot[more]
    own = records(problem, seeker, slot)
    facts = problem.scenario
    score = _brought(facts, own) if facts.has("pairs") else problem.policy.match_quality.score(problem, seeker, slot)
    seekers, slots = np.concatenate([pairs.seeker, seeker]), np.concatenate([pairs.slot, slot])
    order = np.lexsort((slots, seekers))

    def joined(column: Integers | None, name: str) -> Integers | None:
        return None if column is None else np.concatenate([column, facts.integers("pairs", name)[own]])[order]

    return replace(
        pairs, seeker=seekers[order], slot=slots[order], score=np.concatenate([pairs.score, score])[order],
        points=joined(pairs.points, "staff_points"), cost=joined(pairs.cost, "cost_cents"),
    )  # fmt: skip


def _brought(facts: Scenario, record: Integers) -> Integers:
    """Scores of records in the scenario's pairs, in hundredths of a point."""
    return np.rint(facts.numbers("pairs", "score")[record] * 100).astype(np.int64)


# -- goals ----------------------------------------------------------------------------------------------------------


def goal_values(program: Program, chosen: Integers) -> list[GoalValue]:
    """What these pairs, each once and in order, are worth in each goal, lawful together or not."""
    columns = completed(program, chosen)
    if columns is None:
        columns = _completed_as_far_as_possible(program, chosen)
    told = []
    for objective in program.objectives:
        counted = columns is not None or not (objective.column >= len(program.pairs)).any()
        value = objective.value(_alone(program, chosen) if columns is None else columns) if counted else None
        reached = GoalResult.of(Reached(objective, value, None))
        told.append(GoalValue(reached.kind, reached.label, reached.unit, reached.value, "more" if objective.maximize else "less"))
    return told


def _alone(program: Program, chosen: Integers) -> Integers:
    columns = np.zeros(program.size, dtype=np.int64)
    columns[chosen] = 1
    return columns


def _completed_as_far_as_possible(program: Program, chosen: Integers) -> Integers | None:
    """The columns beside where no such columns keep every row: hard promises that credits cannot keep are missed by as little as can be, and as many
    people are short as there are. None where even that is not enough."""
    elastic = Elastic.of(program).program
    upper = elastic.upper.copy()
    for objective in program.objectives:
        charged = objective.column[objective.column >= len(program.pairs)]
        upper[charged] = np.maximum(upper[charged], len(chosen))
    columns = completed(replace(elastic, upper=upper, objectives=(*elastic.objectives, *program.objectives)), chosen)
    return None if columns is None else columns[: program.size]


# -- assignments ----------------------------------------------------------------------------------------------------


def _frame(plan: Plan, number: Integers) -> pd.DataFrame:
    """Each assignment with what it is worth. The score of a pair that may not stand is told where it is known, for whoever wants to mend the rule."""
    problem, facts = plan.problem, plan.problem.scenario
    score = np.full(len(plan), np.nan)
    if facts.has("pairs"):
        own = records(problem, plan.seeker, plan.slot)
        score[own >= 0] = _brought(facts, own[own >= 0]) / 100
    elif len(plan):
        score = problem.policy.match_quality.score(problem, plan.seeker, plan.slot) / 100
    columns: dict[str, Any] = {
        "seeker_id": facts.ids("seekers")[plan.seeker],
        "slot_id": facts.ids("slots")[plan.slot],
        "eligible": number >= 0,
        "score": score,
        "tier": np.array(problem.tier_names, dtype=object)[problem.tiers[plan.seeker]],
    }
    if not facts.has("pairs"):
        for name, fit in problem.policy.match_quality.components(problem, plan.seeker, plan.slot).items():
            columns[name] = np.where(fit >= 0, fit / 100, np.nan)
    return pd.DataFrame(columns)


def _uses(program: Program, plan: Plan, number: Integers) -> Iterable[Use]:
    """What each assignment that may stand takes of staff time and money."""
    ids, slots = plan.problem.scenario.ids("seekers"), plan.problem.scenario.ids("slots")
    place = np.full(len(program.pairs) + 1, -1, dtype=np.int64)
    place[number] = np.arange(len(number))
    for block in program.rows:
        if block.kind in UNITS:
            row, pair, coefficient = block.entries(program.pairs)
            inside = np.flatnonzero(place[pair] >= 0)
            inside = inside[np.argsort(place[pair[inside]], kind="stable")]
            for r, k, amount in zip(row[inside].tolist(), place[pair[inside]].tolist(), coefficient[inside].tolist(), strict=True):
                name = block.kind if block.label in ("", block.kind) else f"{block.kind}[{block.label}]"
                yield Use(str(ids[plan.seeker[k]]), str(slots[plan.slot[k]]), name, str(block.names[r]), int(amount), UNITS[block.kind])


# -- what is still open ---------------------------------------------------------------------------------------------


def _open(plan: Plan, program: Program, chosen: Integers) -> dict[str, Any]:
    """The openings left in each slot, and the people who could take them. Seats are counted by the law, other rules' room by what may stand."""
    problem, pairs, people = plan.problem, program.pairs, len(plan.problem.tiers)
    left = problem.openings - np.bincount(plan.slot, minlength=len(problem.openings))
    waiting = np.bincount(plan.seeker, minlength=people) == 0
    candidates = np.flatnonzero((left[pairs.slot] > 0) & waiting[pairs.seeker])
    blocker = blockers(program, _alone(program, chosen), candidates)
    free, kept = candidates[blocker < 0], candidates[blocker >= 0]
    could, blocked = np.bincount(pairs.slot[free], minlength=len(left)), np.bincount(pairs.slot[kept], minlength=len(left))
    ids = problem.scenario.ids("slots")
    slots = [OpenSlot(str(ids[j]), int(problem.openings[j]), int(left[j]), int(could[j]), int(blocked[j])) for j in np.flatnonzero(left > 0)]
    has_pair, has_seat, may_take = (np.zeros(people, dtype=bool) for _ in range(3))
    has_pair[pairs.seeker], has_seat[pairs.seeker[candidates]], may_take[pairs.seeker[free]] = True, True, True
    groups = (may_take, has_seat & ~may_take, has_pair & ~has_seat, ~has_pair)
    return {"open_slots": slots, "waiting": Waiting(*(int((group & waiting).sum()) for group in groups))}
