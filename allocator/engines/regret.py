"""What a plan would have to give up: for every pair at once by relaxations, and for one question goal by goal until it is decided.

A whole lexicographic answer is seldom needed. If every plan with some pair that keeps the goals before goal k falls short of goal k, then every plan with the
pair is worse, whatever it does in later goals; and a question ends at the first goal that tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from allocator.engines.base import Clock
from allocator.engines.goal_by_goal import Step
from allocator.engines.sifting import keeps
from allocator.engines.warm import Change, Warm
from allocator.program import Program
from allocator.scenario import Floats, Integers

Telling = Literal["impossible", "worse", "equal", "better", "open"]

FIRST_TRY = 0.6
"""Part of the time for the goal that is likely to tell; the rest is for going through the goals before it."""


@dataclass(frozen=True, eq=False)
class Regrets:
    """For each pair the first goal that proves every plan with it worse than the plan held, and by how much at least, `[pair]`; goal -1 where none does.

    Worse means lexicographically: a plan with the pair falls `loss` short in that goal, or gives something up in an earlier one. `loss` is in the
    objective's integers. `prices` has one array a goal, `[row]`: what a unit of the row's binding side is worth to it; None where the goal was not relaxed.
    """

    goal: Integers
    loss: Integers
    prices: tuple[Floats | None, ...]

    def nearest(self, pairs: Integers) -> int:
        """Of some pairs the one that is proved to cost least: in the latest goal, then by the least; an open one first; the first of equals."""
        goal = np.where(self.goal[pairs] < 0, len(self.prices), self.goal[pairs])
        return int(pairs[np.lexsort((pairs, self.loss[pairs], -goal))[0]])


def regrets(warm: Warm, clock: Clock | None = None) -> Regrets:
    """Of every pair at once: one relaxation a goal, the goals before it held."""
    program, plan = warm.program, warm.outcome.columns
    assert plan is not None
    goal, loss = np.full(len(program.pairs), -1, dtype=np.int64), np.zeros(len(program.pairs), dtype=np.int64)
    prices: list[Floats | None] = []
    for number, value in enumerate(values(program, plan)):
        found = warm.ceilings(number, clock=clock)
        prices.append(None if found is None else found.prices)
        if found is not None:
            worse = np.flatnonzero((goal < 0) & (found.most_with < value))
            goal[worse], loss[worse] = number, value - found.most_with[worse]
    return Regrets(goal, loss, tuple(prices))


@dataclass(frozen=True, eq=False)
class Difference:
    """How the best plan under a change compares with the plan held, in the first goal that tells (by number, -1 where none does).

    It is `least` to `most` worse, or better, in the objective's integers; `most` is None where no plan was found that shows it. `first` where no earlier goal
    can be worse; else it is that goal or an earlier one. `columns` is a plan that shows what is claimed. `open` where time ran out.
    """

    telling: Telling
    goal: int = -1
    least: int = 0
    most: int | None = 0
    first: bool = True
    columns: Integers | None = None

    @property
    def proved(self) -> bool:
        """Whether the amount is exact."""
        return self.telling != "open" and self.first and self.least == self.most


def difference(warm: Warm, change: Change, *, clock: Clock | None = None, hint: tuple[int, int] = (-1, 0), restricts: bool = True) -> Difference:
    """How the best plan under a change compares with the plan held, goal by goal, ending at the first goal that tells.

    `hint` is a goal in which every plan under the change is known to be worse (or an earlier one is), and by how much at least; -1 for none.
    `restricts` says that the change admits no plan that the program does not: then what is proved best of the program stays out of reach.
    """
    return _Question(warm, change, clock or Clock(), restricts).answer(*hint)


def values(program: Program, columns: Integers) -> list[int]:
    """Each objective of a solution, as something to be maximised."""
    return [(1 if objective.maximize else -1) * objective.value(columns) for objective in program.objectives]


class _Question:
    def __init__(self, warm: Warm, change: Change, clock: Clock, restricts: bool) -> None:
        self.warm, self.change, self.clock = warm, change, clock
        assert warm.outcome.columns is not None
        self.plan = warm.outcome.columns
        self.changed = change.of(warm.program)
        self.held = values(warm.program, self.plan)
        self.tops = _tops(warm, self.held) if restricts else [None] * len(self.held)
        self.restricts = restricts

    def answer(self, goal: int, least: int) -> Difference:
        """The hinted goal first, or the last one: where it tells, the goals before it need not be looked at one by one."""
        if any((block.lower > block.upper).any() for block in self.changed.rows):
            return Difference("impossible")
        wanted = self.change.wanted(self.changed)
        if self.restricts and keeps(self.changed, wanted, self.plan):
            return Difference("equal", columns=self.plan)
        if not self.held:
            return self._possible()
        if not self.restricts:
            return self._in_order(len(self.held), None)
        jump = goal if goal >= 0 else len(self.held) - 1
        step = self.warm.reach(jump, self.change, clock=self.clock.part(FIRST_TRY))
        if step.columns is not None:
            told = self._told(jump, step, least if goal >= 0 else 0)
            return told or Difference("equal", columns=step.columns)
        if step.status == "infeasible" and jump == 0:
            return Difference("impossible")
        found = self._in_order(jump, None)
        if found.telling == "open" and goal >= 0:
            return Difference("worse", goal, least, None, first=False)
        return found

    def _in_order(self, goals: int, near: Integers | None) -> Difference:
        """The first so many goals, one after the other."""
        shown: Integers | None = None
        for goal in range(goals):
            step = self.warm.reach(goal, self.change, clock=self.clock, near=near)
            if step.status == "infeasible":
                return Difference("impossible") if goal == 0 else Difference("open", goal, 0, None, first=False)
            if step.columns is None:
                return Difference("open", goal, 0, None, first=goal == 0)
            told = self._told(goal, step, 0)
            if told is not None:
                return told
            shown = near = step.columns
        return Difference("equal", columns=shown) if goals == len(self.held) else Difference("open", goals, 0, None, first=False, columns=shown)

    def _told(self, goal: int, step: Step, least: int) -> Difference | None:
        """What a goal says; None where it is as good as in the plan held."""
        assert step.columns is not None
        value, held, top = values(self.changed, step.columns)[goal], self.held[goal], self.tops[goal]
        bound = step.bound if top is None or step.bound is None else min(step.bound, top)
        if value > held:
            most = None if bound is None else bound - held
            return Difference("better", goal, value - held, most, columns=step.columns)
        if value == held and bound == held:
            return None
        if value < held and (least or (bound is not None and bound < held)):
            surely = max(least, 0 if bound is None else held - bound)
            return Difference("worse", goal, surely, held - value, columns=step.columns)
        if value == held:
            # As good as the plan held; whether it could be better still was not settled.
            return None if self.restricts else Difference("open", goal, 0, None if bound is None else bound - held, columns=step.columns)
        return Difference("open", goal, 0, held - value, columns=step.columns)

    def _possible(self) -> Difference:
        """A program without goals: only whether there is a plan."""
        outcome = self.warm.ask(self.change, clock=self.clock)
        if outcome.columns is not None:
            return Difference("equal", columns=outcome.columns)
        return Difference("impossible" if outcome.status == "infeasible" else "open", most=None)


def _tops(warm: Warm, held: Sequence[int]) -> list[int | None]:
    """What is proved of each goal of the program, to be maximised: that nothing is better where it was proved, else the bound."""
    tops: list[int | None] = []
    for reached in warm.outcome.goals:
        bound = reached.bound
        tops.append(None if bound is None else bound if reached.objective.maximize else -bound)
    return [*tops, *([None] * (len(held) - len(tops)))]
