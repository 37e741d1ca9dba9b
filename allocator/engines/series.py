"""Programs that have much in common, solved one after the other: each is answered from where the last one stood.

What a program needs is read off the program itself, never off what was changed to get there: the same program is solved once; one that leaves less room
than another has what that has proved, as soon as a plan for it reaches as much; one with the same rows but other sides goes under the relaxation that is
warm; any other succeeds it. A network is solved as a network.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from allocator.engines.base import Clock, Outcome, Silent
from allocator.engines.choose import choose
from allocator.engines.completed import completed
from allocator.engines.nested import within
from allocator.engines.sifting import keeps
from allocator.engines.warm import Warm
from allocator.pairs import Pairs
from allocator.program import Program
from allocator.scenario import Integers, Positions

REMEMBERED = 4
"""Plans to start from, and programs whose answers may be those of programs with less room: the first and the latest."""

Road = Literal["network", "first", "same program", "less room", "other sides", "other rows"]


class Solved(NamedTuple):
    """A program's answer, and how it was come by."""

    outcome: Outcome
    road: Road


class _Answered(NamedTuple):
    """A program with its answer, which is proved, or as good as was asked for."""

    program: Program
    make: bytes
    clock: Clock
    outcome: Outcome


class Series:
    """A warm program that takes whatever program comes next."""

    def __init__(self, seed: int = 0, warm: Warm | None = None) -> None:
        self._seed, self._warm = seed, warm
        self._make = None if warm is None else make(warm.program)
        self._known: dict[tuple[bytes, bytes], tuple[Clock, Outcome]] = {}
        self._answered: list[_Answered] = []
        self._pairs: Pairs | None = None
        self._plans: list[Integers] = []
        if warm is not None:
            self._remember(warm.program, warm.outcome)

    def solve(self, program: Program, clock: Clock) -> Solved:
        """The best plan of a program within the clock's gap and time."""
        own, asks = make(program), sides(program)
        known = self._known.get((own, asks))
        if known is not None and known[0].gap <= clock.gap and known[1].stop_reason in ("proved", "gap_limit"):
            return Solved(known[1], "same program")
        near = self._start(program)
        outcome = self._narrowed(program, own, near, clock)
        solved = Solved(outcome, "less room") if outcome is not None else self._solved(program, own, near, clock)
        outcome = solved.outcome
        self._known[own, asks] = (clock, outcome)
        if solved.road != "less room" and outcome.stop_reason in ("proved", "gap_limit"):
            latest = self._answered[1:][-(REMEMBERED - 2) :]
            self._answered = [*self._answered[:1], *latest, _Answered(program, own, clock, outcome)]
        return solved

    def _narrowed(self, program: Program, own: bytes, near: Integers | None, clock: Clock) -> Outcome | None:
        """What a program that leaves more room has proved, where that is impossible, or a plan for this one reaches as much: with less room nothing can be
        better, nor possible that was not."""
        near = near if near is not None and keeps(program, (), near) else None
        worth = None if near is None else [int(objective.dense(program.size) @ near) for objective in program.objectives]
        for wider in self._answered:
            if wider.make != own or wider.clock.gap > clock.gap or not within(program, wider.program):
                continue
            if wider.outcome.columns is None:
                return wider.outcome
            if worth == [int(objective.dense(program.size) @ wider.outcome.columns) for objective in wider.program.objectives]:
                goals = zip(program.objectives, wider.outcome.goals, strict=False)
                return replace(wider.outcome, columns=near, goals=tuple(replace(goal, objective=objective) for objective, goal in goals))
        return None

    def _solved(self, program: Program, own: bytes, near: Integers | None, clock: Clock) -> Solved:
        chosen = choose(program)
        if chosen.engine.name == "network" or len(program.pairs) == 0:
            return Solved(chosen.engine.solve(program, clock, self._seed, Silent()), "network")
        if self._warm is not None and own == self._make:
            outcome = self._warm.under(program, clock=clock, near=near)
            self._remember(program, outcome)
            return Solved(outcome, "other sides")
        road: Road = "first" if self._warm is None else "other rows"
        self._warm = Warm(program, clock=clock, seed=self._seed) if self._warm is None else self._warm.succeed(program, near=near, clock=clock)
        self._make = own
        self._remember(program, self._warm.outcome)
        return Solved(self._warm.outcome, road)

    def _start(self, program: Program) -> Integers | None:
        """Who goes where may stay as it was in one of the plans found so far; who is short of what is another matter under other rows.

        The best of those plans that keep this program, else the latest; None where none has its pairs.
        """
        if self._pairs is not program.pairs:
            return None
        started = [columns for chosen in self._plans if (columns := completed(program, chosen)) is not None]
        kept = [columns for columns in started if keeps(program, (), columns)]
        goals = [objective.dense(program.size) for objective in program.objectives]
        return max(kept, key=lambda columns: [int(goal @ columns) for goal in goals]) if kept else started[-1] if started else None

    def _remember(self, program: Program, outcome: Outcome) -> None:
        """Keep the first plan and the latest ones."""
        if self._pairs is not program.pairs:
            self._pairs, self._plans = program.pairs, []
        if outcome.columns is not None:
            self._plans = [*self._plans[:1], *self._plans[1:][-(REMEMBERED - 2) :], np.flatnonzero(outcome.columns[: len(program.pairs)])]


def make(program: Program) -> bytes:
    """A digest of the program without the sides of its rows, the room of its columns and its goals."""
    digest = hashlib.blake2b(repr((program.size, len(program.rows))).encode(), digest_size=16)
    _add(digest, program.pairs.seeker, program.pairs.slot)
    for block in program.rows:
        digest.update(repr((block.kind, block.label, len(block))).encode())
        _add(digest, block.of_seeker, block.of_slot, block.pair, block.row, block.coefficient, block.slack.row, block.slack.column, block.slack.coefficient)
    return digest.digest()


def sides(program: Program) -> bytes:
    """A digest of what `make` leaves out."""
    digest = hashlib.blake2b(digest_size=16)
    _add(digest, program.upper)
    for block in program.rows:
        _add(digest, block.lower, block.upper)
    for goal in program.objectives:
        digest.update(repr((goal.kind, goal.label, goal.maximize, goal.scale, goal.unit)).encode())
        _add(digest, goal.column, goal.coefficient)
    return digest.digest()


def _add(digest: hashlib.blake2b, *arrays: Integers | Positions | None) -> None:
    for array in arrays:
        digest.update(b"none" if array is None else repr((array.dtype.str, array.shape)).encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
