"""What every explanation stands on: a program at its plan, what each pair would cost at least, and questions with a limit of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from allocator.engines.base import Clock
from allocator.engines.regret import Difference, Regrets, difference, regrets
from allocator.engines.warm import Change, Warm
from allocator.explanations.room import Room
from allocator.problem import Problem
from allocator.program import FREE, Program
from allocator.result import Result
from allocator.row_words import row_told
from allocator.scenario import Integers, Mask, Positions

KEEPING = ("commitments", "pins", "change_limit")
"""Rules that keep people where they are."""
SOFT_GOALS = ("lottery", "stability")
"""Goals whose decision is a verdict of its own: chance, and keeping what people have."""


class Ground:
    """A result with its program, and what was found out about it so far. `seconds` limits each question, `pricing` what is found out for all of them."""

    def __init__(
        self, problem: Problem, program: Program, columns: Integers, result: Result, warm: Callable[[], Warm], seconds: float | None, pricing: float | None
    ) -> None:
        self.problem, self.program, self.columns, self.result = problem, program, columns, result
        self.pairs, self.seconds, self._pricing, self._make_warm = program.pairs, seconds, pricing, warm
        self._deadline: float | None = None
        self.seeker_ids, self.slot_ids = problem.scenario.ids("seekers"), problem.scenario.ids("slots")

    @property
    def proved(self) -> bool:
        """Whether the plan was proved best."""
        return self.result.status == "optimal"

    @cached_property
    def warm(self) -> Warm:
        """The program, held as solved."""
        return self._make_warm()

    @cached_property
    def room(self) -> Room:
        """The rows at the plan."""
        return Room(self.program, self.columns)

    @cached_property
    def regrets(self) -> Regrets:
        """What each pair would cost at least."""
        if not len(self.pairs):
            empty = np.empty(0, dtype=np.int64)
            return Regrets(empty, empty, ())
        return regrets(self.warm, Clock(self._pricing))

    @cached_property
    def broken(self) -> tuple[Integers, Integers]:
        """Of each pair how many firm rows adding it breaks, and what bending them costs."""
        return self.room.broken()

    # -- who is where -------------------------------------------------------------------------------------------

    @cached_property
    def chosen(self) -> Integers:
        """The pairs of the plan."""
        return np.flatnonzero(self.columns[: len(self.pairs)])

    @cached_property
    def pair_of(self) -> Integers:
        """The pair that each seeker holds, -1 for none."""
        held = np.full(len(self.seeker_ids), -1, dtype=np.int64)
        held[self.pairs.seeker[self.chosen]] = self.chosen
        return held

    @cached_property
    def taken(self) -> Integers:
        """Openings of each slot that are taken."""
        return np.bincount(self.pairs.slot[self.chosen], minlength=len(self.slot_ids)).astype(np.int64)

    @property
    def open(self) -> Mask:
        """Which slots have an opening left."""
        return np.asarray(self.taken < self.problem.openings)

    def of_seeker(self, seeker: int) -> Integers:
        """Pairs of a seeker."""
        first, end = np.searchsorted(self.pairs.seeker, [seeker, seeker + 1])
        return np.arange(first, end)

    @cached_property
    def _by_slot(self) -> tuple[Integers, Positions]:
        order = np.argsort(self.pairs.slot, kind="stable")
        return order, self.pairs.slot[order]

    def of_slot(self, slot: int) -> Integers:
        """Pairs of a slot, in order."""
        order, slots = self._by_slot
        first, end = np.searchsorted(slots, [slot, slot + 1])
        return order[first:end]

    def seeker_id(self, pair: int) -> str:
        """The id of a pair's seeker."""
        return str(self.seeker_ids[self.pairs.seeker[pair]])

    def slot_id(self, pair: int) -> str:
        """The id of a pair's slot."""
        return str(self.slot_ids[self.pairs.slot[pair]])

    def holders(self, slot: int) -> list[dict[str, Any]]:
        """Who holds a slot, with score and tier, as plain data."""
        here = self.of_slot(slot)
        held = here[self.columns[here] > 0]
        tiers = self.problem.tiers[self.pairs.seeker[held]]
        scores = self.pairs.score[held] / 100
        return [
            {"seeker_id": self.seeker_id(int(pair)), "score": float(score), "tier": self.problem.tier_names[tier]}
            for pair, score, tier in zip(held, scores, tiers, strict=True)
        ]

    # -- questions ----------------------------------------------------------------------------------------------

    def until(self, seconds: float | None) -> None:
        """Let all further questions together take no longer than this."""
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def late(self) -> bool:
        """Whether the time for all questions is over."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def clock(self) -> Clock:
        """The time for one question."""
        left = [] if self._deadline is None else [max(0.05, self._deadline - time.monotonic())]
        limits = [*left, *([] if self.seconds is None else [self.seconds])]
        return Clock(min(limits) if limits else None)

    def hint(self, pairs: Integers) -> tuple[int, int]:
        """What is known beforehand of a question that wants one of these pairs: the goal that tells, and by how much at least."""
        goal = self.regrets.goal[pairs]
        if not len(pairs) or (goal < 0).any():
            return -1, 0
        last = int(goal.max())
        return last, int(self.regrets.loss[pairs][goal == last].min())

    def ask_one_of(self, pairs: Integers) -> Difference:
        """How a plan with one of these pairs compares with the plan."""
        return difference(self.warm, Change(any_of=(pairs,)), clock=self.clock(), hint=self.hint(pairs))

    def ask(self, change: Change, *, restricts: bool) -> Difference:
        """How the best plan under a change compares with the plan."""
        return difference(self.warm, change, clock=self.clock(), restricts=restricts)

    @cached_property
    def without_keeping(self) -> Integers | None:
        """The pair of each seeker, -1 for none, in a best plan without the rules that keep people in place; None where none is proved."""
        at_least: dict[int, float | None] = {}
        at_most: dict[int, float | None] = {}
        for start, block in zip(self.program.starts.tolist(), self.program.rows, strict=False):
            if block.kind in KEEPING:
                at_least.update((start + k, None) for k in np.flatnonzero(block.lower > 0).tolist())
        if not at_least or not self.proved:
            return None
        outcome = self.warm.ask(Change(at_least, at_most), clock=self.clock())
        if outcome.status != "optimal" or outcome.columns is None:
            return None
        chosen = np.flatnonzero(outcome.columns[: len(self.pairs)])
        placed = np.full(len(self.seeker_ids), -1, dtype=np.int64)
        placed[self.pairs.seeker[chosen]] = chosen
        return placed

    @property
    def keeping(self) -> list[str]:
        """The rules that keep people where they are, as far as they ask for anything."""
        return [
            block.kind if block.label in ("", block.kind) else f"{block.kind}[{block.label}]"
            for block in self.program.rows
            if block.kind in KEEPING and (block.lower > 0).any()
        ]

    # -- words --------------------------------------------------------------------------------------------------

    def amount(self, goal: int, least: float, most: float | None, *, first: bool = True) -> dict[str, Any]:
        """An amount of a goal, from the program's integers to the policy's units, as plain data."""
        objective = self.program.objectives[goal]
        label = objective.label if objective.label not in ("", objective.kind) else objective.kind
        scaled = [None if value is None else _units(value, objective.scale) for value in (least, most)]
        return {"kind": objective.kind, "label": label, "unit": objective.unit, "least": scaled[0], "most": scaled[1], "first": first}

    def cost(self, told: Difference) -> dict[str, Any] | None:
        """What a difference costs; None where it costs nothing or nothing is known."""
        if told.goal < 0 or (told.telling == "open" and not told.most):
            return None
        return self.amount(told.goal, told.least, told.most, first=told.first)

    def least_cost(self, pair: int) -> dict[str, Any] | None:
        """What a pair is proved to cost at least; None where nothing is."""
        goal = int(self.regrets.goal[pair])
        return None if goal < 0 else self.amount(goal, int(self.regrets.loss[pair]), None, first=goal == 0)

    def row(self, row: int) -> dict[str, Any]:
        """A row as plain data."""
        return row_told(self.problem, *self.room.block(row))

    def binds(self, row: int) -> bool:
        """Whether a row has nothing to spare on one of its sides."""
        room = self.room
        return bool((room.upper[row] < FREE and room.activity[row] >= room.upper[row]) or (room.lower[row] > -FREE and room.activity[row] <= room.lower[row]))

    def price(self, row: int, coefficient: float = 1.0) -> dict[str, Any] | None:
        """What a unit of a row is worth, by the relaxation of the first goal to which it is worth anything; None where it is worth nothing."""
        for goal, prices in enumerate(self.regrets.prices):
            if prices is not None and abs(float(prices[row]) * coefficient) > 1e-6:
                worth = round(abs(float(prices[row]) * coefficient), 2)
                return self.amount(goal, worth, worth) if worth else None
        return None

    def moves(self, columns: Integers, but: Mapping[int, Any] | int | None = None) -> list[dict[str, Any]]:
        """Who moves between the plan and another, apart from one seeker: from where to where."""
        now, then = self.columns[: len(self.pairs)], columns[: len(self.pairs)]
        gone, come = np.flatnonzero(now > then), np.flatnonzero(then > now)
        from_slot = {int(self.pairs.seeker[pair]): self.slot_id(int(pair)) for pair in gone}
        to_slot = {int(self.pairs.seeker[pair]): self.slot_id(int(pair)) for pair in come}
        people = sorted({*from_slot, *to_slot} - {but})
        return [{"seeker_id": str(self.seeker_ids[one]), "from": from_slot.get(one), "to": to_slot.get(one)} for one in people]


def _units(value: float, scale: int) -> int | float:
    whole = value / scale
    return int(whole) if float(whole).is_integer() else round(float(whole), 2)
