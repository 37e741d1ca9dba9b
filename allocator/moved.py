"""Who does not hold what they held in a reference, and why: facts first, then what it would take to leave them where they were.

same           holds the same slot
left_pool      has left the pool; no plan moves them
ended          has declined or completed the slot
begun          has begun at another slot
slot_gone      the slot is not there any more
not_eligible   the slot does not admit them any more; the sentence names the rule
decided        a pin keeps them out of the slot, or puts them elsewhere
full           the slot has no opening any more, or all are held by people who have begun or are pinned there
no_plan        no plan that keeps every rule leaves them there (proved)
promise        leaving them there would leave promises further short
better_total   leaving them there would worsen another goal
tie            another plan, just as good, leaves them there
not_proved     a better plan leaves them there: the run ended before it was found
not_known      the time for looking was up

The last six take the program to tell. The relaxation is asked about everybody: it proves that a goal cannot be held, or tells what staying would cost by
its prices; then, while there is time, whole answers are asked for. A line says whether it is `proved`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from allocator.baselines.base import DECIDED, decided
from allocator.engines.base import Clock, Reached
from allocator.engines.warm import Change, Warm
from allocator.pairs import Pairs, reasons
from allocator.plan import Plan
from allocator.problem import CLOSED_STATUSES, FROZEN_STATUSES, Problem
from allocator.program import Objective, Program
from allocator.result import Amount, GoalResult
from allocator.scenario import Positions

CAUSES = (
    "same", "left_pool", "ended", "begun", "slot_gone", "not_eligible", "decided", "full", "no_plan", "promise", "better_total", "tie", "not_proved",
    "not_known",
)  # fmt: skip
UNCOUNTED = ("left_pool", "ended", "begun")
"""Causes of people whom no change limit counts."""
UNAVOIDABLE = ("slot_gone", "not_eligible", "decided", "full", "no_plan")
"""Causes that no wish could have prevented."""

How = Literal["", "at least", "about", "at most"]
"""How a cost is known: exactly, by the relaxation's bound, by its prices, or by the best plan that was found."""


@dataclass(frozen=True)
class Moved:
    """One person of the reference: what they held, what they hold now (None where nothing), why, and what staying would cost.

    `goal` is the first goal that staying would worsen and `cost` by how much, in the goal's unit: exactly that, or as `how` says ("at least" may
    also be lost in a goal before it). `proved` where the cause is.
    """

    seeker_id: str
    held: str
    holds: str | None
    cause: str
    sentence: str
    goal: str | None = None
    cost: Amount | None = None
    how: How = ""
    proved: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        numbers = {} if self.goal is None else {"goal": self.goal, "cost": self.cost, "how": self.how or "exactly"}
        return {
            "seeker_id": self.seeker_id, "from": self.held, "to": self.holds, "cause": self.cause, "sentence": self.sentence, "proved": self.proved,
            "numbers": numbers,
        }  # fmt: skip


class Told(NamedTuple):
    """A cause and its sentence."""

    cause: str
    sentence: str


UNKNOWN = Told("not_known", "The time for looking into it was up.")


@dataclass
class Witness:
    """What can be asked about a plan: its program, held warm, and the time there is for asking."""

    problem: Problem
    warm: Warm
    plan: Plan
    clock: Clock
    each: float | None = None
    """Seconds for one person at most."""
    values: Sequence[int] = field(init=False)
    free: dict[int, float] = field(init=False, default_factory=dict)
    """The relaxation's limits of goals where nobody in particular stays."""

    def __post_init__(self) -> None:
        self.values = [goal.value or 0 for goal in self.warm.outcome.goals]

    @property
    def program(self) -> Program:
        """The program."""
        return self.warm.program

    def moved(self) -> list[Moved]:
        """Everybody in the reference, in the order of their ids: facts first, then the relaxation, then, while there is time, whole answers."""
        facts = self.problem.scenario
        table = facts.tables["reference"]
        holds = dict(self.plan.named())
        facts_say = self._facts()
        lines: list[Moved] = []
        for seeker_id, held in sorted(zip(table["seeker_id"], table["slot_id"], strict=True)):
            now = holds.get(seeker_id)
            told = Told("same", f"They keep {held}.") if now == held else facts_say(facts.position("seekers", seeker_id), facts.position("slots", held), held)
            cause, sentence = told or UNKNOWN
            lines.append(Moved(seeker_id, held, now, cause, sentence, proved=told is not None))
        for step in (self._relaxed, self._answered):
            for k, line in enumerate(lines):
                if not line.proved and not self.clock.over:
                    lines[k] = step(line, self._stays(line))
        return lines

    def _stays(self, line: Moved) -> Change:
        """The question of leaving somebody where they were."""
        facts = self.problem.scenario
        number = _number(self.program.pairs, facts.position("seekers", line.seeker_id), facts.position("slots", line.held))
        return Change(forced=np.array([number], dtype=np.int64))

    # -- facts --------------------------------------------------------------------------------------------------

    def _facts(self) -> Any:
        """What the tables alone say of a person and the slot they held; None where they say nothing."""
        problem, pairs = self.problem, self.program.pairs
        begun = problem.commitments(FROZEN_STATUSES)
        begun_at = dict(zip(begun.seeker.tolist(), begun.slot.tolist(), strict=True))
        closed = problem.commitments(CLOSED_STATUSES)
        ended = set(zip(closed.seeker.tolist(), closed.slot.tolist(), strict=True))
        fixed = decided(self.program)
        fixed_at = dict(zip(pairs.seeker[fixed].tolist(), pairs.slot[fixed].tolist(), strict=True))
        taken, forbidden = Counter(pairs.slot[fixed].tolist()), _forbidden(self.program)
        ids = problem.scenario.ids("slots")

        def say(seeker: int, slot: int, held: str) -> Told | None:
            if seeker < 0 or (not problem.in_pool[seeker] and seeker not in begun_at):
                return Told("left_pool", "They have left the pool.")
            if (seeker, slot) in ended:
                return Told("ended", f"They have declined or completed {held}.")
            if seeker in begun_at:
                return Told("begun", f"They have begun at {ids[begun_at[seeker]]}.")
            if slot < 0:
                return Told("slot_gone", f"{held} is not among the slots any more.")
            if (number := int(_number(pairs, seeker, slot))) < 0:
                return Told("not_eligible", _why_not(problem, seeker, slot, held))
            if number in forbidden:
                return Told("decided", f"A pin forbids {held} for them.")
            if seeker in fixed_at:
                return Told("decided", f"A pin puts them at {ids[fixed_at[seeker]]}.")
            if problem.openings[slot] == 0:
                return Told("full", f"{held} has no opening any more.")
            if taken[slot] >= problem.openings[slot]:
                return Told("full", f"Others have begun or are pinned at {held} and hold all that it has: {_openings(int(problem.openings[slot]))}.")
            return None

        return say

    # -- the program --------------------------------------------------------------------------------------------

    def _relaxed(self, line: Moved, stay: Change) -> Moved:
        """What the relaxation proves: the first goal that cannot be held if they stay. Where it proves nothing, what it makes likely."""
        likely = line
        for k, objective in enumerate(self.program.objectives):
            try:
                limit = self.warm.limit(stay, k)
            except ArithmeticError:
                return likely
            if limit is None:
                return replace(line, cause="no_plan", sentence=_no_plan(line), proved=True) if k == 0 else likely
            loss = self._loss(objective, self.values[k], limit.value)
            if loss:
                return self._costs(line, objective, loss, "at least")
            drop = self._drop(k, limit.value)
            if drop and likely is line:
                likely = self._costs(line, objective, drop, "about")
        return likely

    def _loss(self, objective: Objective, value: int, limit: float) -> int:
        """By how much a goal must worsen at least, by the relaxation's limit with those before it held."""
        sign = 1 if objective.maximize else -1
        best = int(np.floor(sign * limit + 1e-6 * max(1.0, abs(limit))))
        return max(0, sign * value - best)

    def _drop(self, goal: int, limit: float) -> int:
        """By how much the relaxation's limit itself worsens, rounded."""
        if goal not in self.free:
            free = self.warm.limit(goal=goal)
            assert free is not None, "the program's own plan keeps its rows"
            self.free[goal] = free.value
        return max(0, round((1 if self.program.objectives[goal].maximize else -1) * (self.free[goal] - limit)))

    def _answered(self, line: Moved, stay: Change) -> Moved:
        """What the best plan says in which they stay. Where it is not proved, what the relaxation makes likely stands."""
        left = [seconds for seconds in (self.clock.left, self.each) if seconds is not None]
        outcome = self.warm.ask(stay, clock=Clock(min(left) if left else None, cancelled=self.clock.cancelled))
        if outcome.columns is None:
            return replace(line, cause="no_plan", sentence=_no_plan(line), proved=True) if outcome.status == "infeasible" else line
        for k, (goal, value) in enumerate(zip(outcome.goals, self.values, strict=True)):
            loss = (1 if goal.objective.maximize else -1) * (value - (goal.value or 0))
            if loss < 0:
                said = f"A plan that is better in {_name(goal.objective)} leaves them at {line.held}; the run had ended before it."
                return replace(line, cause="not_proved", sentence=said, goal=None, cost=None, how="", proved=True)
            if loss:
                proved = all(reached.proved for reached in outcome.goals[: k + 1])
                return self._costs(line, goal.objective, loss, "") if proved else line if line.how else self._costs(line, goal.objective, loss, "at most")
        said = f"Another plan, just as good, leaves them at {line.held}; the goal stability would prefer it."
        return replace(line, cause="tie", sentence=said, goal=None, cost=None, how="", proved=True)

    def _costs(self, line: Moved, objective: Objective, loss: int, how: How) -> Moved:
        cost = GoalResult.of(Reached(objective, loss, None)).value or 0
        said = f"{how} {amount_of(cost)} {_unit(objective.unit, cost)}".strip()
        if objective.kind == "shortfall":
            cause, sentence = "promise", f"Leaving them at {line.held} would leave promises and targets further short, by {said}"
        else:
            cause, sentence = "better_total", f"Leaving them at {line.held} would cost {said} of {_name(objective)}"
        if how == "at least" and objective is not self.program.objectives[0]:
            sentence += ", or more in a goal before it"
        sentence += {"about": ", going by prices.", "at most": ", by the best such plan that was found in time."}.get(how, ".")
        return replace(line, cause=cause, sentence=sentence, goal=_name(objective), cost=cost, how=how, proved=how in ("", "at least"))


def _no_plan(line: Moved) -> str:
    return f"No plan that keeps every rule leaves them at {line.held}."


def amount_of(cost: Amount) -> str:
    """A whole number as such, a decimal with two digits."""
    return f"{cost:,}" if isinstance(cost, int) else f"{cost:,.2f}"


def _number(pairs: Pairs, seeker: int, slot: int) -> int:
    one: Positions = np.array([seeker], dtype=np.int32)
    return int(pairs.find(one, np.array([slot], dtype=np.int32))[0])


def _why_not(problem: Problem, seeker: int, slot: int, held: str) -> str:
    refused = reasons(problem, seeker, slot)
    if not refused and problem.scenario.has("pairs"):
        return f"The scenario's pairs have none of them and {held}."
    if not refused:
        return f"{held} is not among the pairs that were looked at for them."
    rule, why = refused[0]
    return f"{held} does not admit them any more ({rule}): {why}"


def _forbidden(program: Program) -> set[int]:
    """Pairs that a pin forbids."""
    found: set[int] = set()
    for block in program.rows:
        if block.kind in DECIDED:
            row, pair, _ = block.entries(program.pairs)
            found.update(pair[block.upper[row] <= 0].tolist())
    return found


def _name(objective: Objective) -> str:
    return objective.kind if objective.label in ("", objective.kind) else f"{objective.kind}, {objective.label}"


def _openings(count: int) -> str:
    return f"{count} opening{'' if count == 1 else 's'}"


def _unit(unit: str, cost: Amount) -> str:
    return unit if cost != 1 else "person" if unit == "people" else unit.removesuffix("s")
