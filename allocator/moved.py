"""Who does not hold what they held in a reference, and why: facts first, then what it would take to leave them where they were.

same           holds the same slot
left_pool      has left the pool; no plan moves them
ended          has declined or completed the slot
begun          has begun at another slot
slot_gone      the slot is not there any more
not_eligible   the slot does not admit them any more; the sentence names the rule
decided        a pin keeps them out of the slot, or puts them elsewhere
full           all openings of the slot are held by people who have begun or are pinned there
no_plan        no plan that keeps every rule leaves them there (proved)
promise        leaving them there would leave promises further short
better_total   leaving them there would worsen another goal
tie            another plan, just as good, leaves them there
not_proved     a better plan leaves them there: the run ended before it was found
not_known      the time for looking was up

The last six take the program to tell. A claim is `proved` where the relaxation or an exact answer bears it out; if not, the best plan that was found is
what it goes by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from allocator.baselines.base import DECIDED, decided
from allocator.engines.base import Clock, Outcome, Reached
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


@dataclass(frozen=True)
class Moved:
    """One person of the reference: what they held, what they hold now (None where nothing), why, and what staying would cost.

    `goal` is the first goal that staying would worsen and `cost` by how much, in the goal's unit: at least that where `at_least`, else exactly.
    """

    seeker_id: str
    held: str
    holds: str | None
    cause: str
    sentence: str
    goal: str | None = None
    cost: Amount | None = None
    at_least: bool = False
    proved: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        numbers = {} if self.goal is None else {"goal": self.goal, "cost": self.cost, "at_least": self.at_least}
        return {
            "seeker_id": self.seeker_id, "from": self.held, "to": self.holds, "cause": self.cause, "sentence": self.sentence, "proved": self.proved,
            "numbers": numbers,
        }  # fmt: skip


class Told(NamedTuple):
    """A cause and its sentence."""

    cause: str
    sentence: str


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

    def __post_init__(self) -> None:
        self.values = [goal.value or 0 for goal in self.warm.outcome.goals]

    @property
    def program(self) -> Program:
        """The program."""
        return self.warm.program

    def moved(self) -> Iterator[Moved]:
        """Everybody in the reference who is in the seekers table or was, in the order of their ids."""
        facts = self.problem.scenario
        table = facts.tables["reference"]
        holds = dict(self.plan.named())
        facts_say = self._facts()
        for seeker_id, held in sorted(zip(table["seeker_id"], table["slot_id"], strict=True)):
            now = holds.get(seeker_id)
            if now == held:
                yield Moved(seeker_id, held, now, "same", f"They keep {held}.")
                continue
            told = facts_say(facts.position("seekers", seeker_id), facts.position("slots", held), held)
            if told is not None:
                yield Moved(seeker_id, held, now, *told)
            else:
                yield self._weighed(seeker_id, held, now)

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
            if taken[slot] >= problem.openings[slot]:
                return Told("full", f"People who have begun or are pinned at {held} hold all that it has: {_openings(int(problem.openings[slot]))}.")
            return None

        return say

    # -- the program --------------------------------------------------------------------------------------------

    def _weighed(self, seeker_id: str, held: str, now: str | None) -> Moved:
        """What leaving somebody there would cost: by the relaxation where that tells, else by an answer."""
        facts = self.problem.scenario
        number = _number(self.program.pairs, facts.position("seekers", seeker_id), facts.position("slots", held))
        stay = Change(forced=np.array([number], dtype=np.int64))
        if self.clock.over:
            return Moved(seeker_id, held, now, "not_known", "The time for looking into it was up.", proved=False)
        return self._relaxed(stay, seeker_id, held, now) or self._answered(stay, seeker_id, held, now)

    def _relaxed(self, stay: Change, seeker_id: str, held: str, now: str | None) -> Moved | None:
        """What the relaxation alone proves: the first goal that cannot be held if they stay. None where it proves nothing."""
        goals = self.program.objectives
        if not goals or self._loss(stay, len(goals) - 1) == 0:
            return None
        for k, objective in enumerate(goals):
            loss = self._loss(stay, k)
            if loss is None:
                return Moved(seeker_id, held, now, "no_plan", f"No plan that keeps every rule leaves them at {held}.") if k == 0 else None
            if loss:
                return self._costs(objective, loss, seeker_id, held, now, at_least=True)
        return None

    def _loss(self, stay: Change, goal: int) -> int | None:
        """By how much a goal must worsen at least if those before it are held; None where they cannot be."""
        objective, value = self.program.objectives[goal], self.values[goal]
        try:
            limit = self.warm.limit(stay, goal)
        except ArithmeticError:
            return 0  # nothing is proved
        if limit is None:
            return None
        sign = 1 if objective.maximize else -1
        best = int(np.floor(sign * limit.value + 1e-6 * max(1.0, abs(limit.value))))
        return max(0, sign * value - best)

    def _answered(self, stay: Change, seeker_id: str, held: str, now: str | None) -> Moved:
        """What the best plan says in which they stay, as good as it is found in time."""
        left = [seconds for seconds in (self.clock.left, self.each) if seconds is not None]
        outcome = self.warm.ask(stay, clock=Clock(min(left) if left else None, gap=Fraction(0), cancelled=self.clock.cancelled))
        if outcome.columns is None:
            if outcome.status == "infeasible":
                return Moved(seeker_id, held, now, "no_plan", f"No plan that keeps every rule leaves them at {held}.")
            return Moved(seeker_id, held, now, "not_known", "The time for looking into it was up.", proved=False)
        for k, (goal, value) in enumerate(zip(outcome.goals, self.values, strict=True)):
            sign = 1 if goal.objective.maximize else -1
            loss = sign * (value - (goal.value or 0))
            if loss:
                if loss < 0:
                    name = _name(goal.objective)
                    return Moved(seeker_id, held, now, "not_proved", f"A plan that is better in {name} leaves them at {held}; the run had ended before it.")
                exact = _proved_up_to(outcome, k)
                return self._costs(goal.objective, loss, seeker_id, held, now, proved=exact)
        return Moved(seeker_id, held, now, "tie", f"Another plan, just as good, leaves them at {held}; the goal stability would prefer it.")

    def _costs(
        self, objective: Objective, loss: int, seeker_id: str, held: str, now: str | None, *, at_least: bool = False, proved: bool = True
    ) -> Moved:
        cost = GoalResult.of(Reached(objective, loss, None)).value or 0
        said = f"{'at least ' if at_least else ''}{cost:,} {'person' if objective.unit == 'people' and cost == 1 else objective.unit}"
        if objective.kind == "shortfall":
            sentence, cause = f"Leaving them at {held} would leave promises and targets further short, by {said} as the goal shortfall weighs them.", "promise"
        else:
            sentence, cause = f"Leaving them at {held} would cost {said} of {_name(objective)}.", "better_total"
        if not proved:
            sentence = sentence.removesuffix(".") + ", by the best such plan that was found in time."
        return Moved(seeker_id, held, now, cause, sentence, _name(objective), cost, at_least, proved)


def _number(pairs: Pairs, seeker: int, slot: int) -> int:
    one: Positions = np.array([seeker], dtype=np.int32)
    return int(pairs.find(one, np.array([slot], dtype=np.int32))[0])


def _why_not(problem: Problem, seeker: int, slot: int, held: str) -> str:
    refused = reasons(problem, seeker, slot)
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


def _proved_up_to(outcome: Outcome, goal: int) -> bool:
    """Whether no plan does better in the goals up to this one."""
    return all(reached.proved for reached in outcome.goals[: goal + 1])


def _name(objective: Objective) -> str:
    return objective.kind if objective.label in ("", objective.kind) else f"{objective.kind}, {objective.label}"


def _openings(count: int) -> str:
    return f"{count} opening{'' if count == 1 else 's'}"
