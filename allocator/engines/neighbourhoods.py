"""Better solutions where bounds leave a distance: free the people of a few knapsacks, let them change places at little loss, and keep what is better.

The few that are freed make a program that is solved in a moment; which knapsacks they are, chance decides. Where nothing is found any more,
more knapsacks are freed at once, with fewer places for each person.

Source: large neighbourhood search, Shaw 1998; places by what they lose against a bound: Danna, Rothberg and Le Pape 2005 have the idea for relaxations.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from allocator.engines.base import Clock, Hold
from allocator.engines.core import Core
from allocator.engines.cp_sat import better
from allocator.engines.integer import Model
from allocator.engines.knapsacks import Knapsacks
from allocator.engines.relaxation import Relaxation
from allocator.engines.sieve import Sieve
from allocator.scenario import Floats, Integers, Mask

ROUNDS = ((4, 6.0), (5, 5.0), (6, 4.0), (8, 3.0), (10, 3.0))
"""Knapsacks freed at once, and pairs for each person, on average."""
TRIES = 25
"""Tries without a better solution after which the next round begins."""
SIDE_BY_SIDE = 2
"""Moves looked for at once, in threads; the same number on every machine, since it decides what is found."""
LIKELY = 2.6
"""Pairs for each person, on average, when everybody may move."""


def searched(
    core: Core,
    knapsacks: Knapsacks,
    goal: Integers,
    relaxed: Relaxation,
    known: Integers,
    enough: int,
    clock: Clock,
    seed: int,
    saw: Callable[[Integers], None],
) -> Integers:
    """The best solution found from `known` on; ends where it reaches `enough`, where nothing better is found, and with the clock."""
    draw, loss = np.random.default_rng(seed), relaxed.margin(core.sieve)
    people = len(np.unique(core.sieve.seeker))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        for freed, each in ROUNDS:
            near = (loss <= _near(loss, round(each * people))) & np.isfinite(loss)
            failed = 0
            while failed < TRIES and not clock.over and int(goal @ known) < enough:
                mixed = draw.permutation(len(knapsacks))
                groups = [mixed[k * freed : (k + 1) * freed] for k in range(SIDE_BY_SIDE)]
                moves = [_Move.of(core, knapsacks, goal, known, group, near, number) for number, group in enumerate(groups) if len(group)]
                asked = [threads.submit(better, move.model, move.hint, clock, seed + failed) for move in moves]
                before = known
                for move, answer in zip(moves, asked, strict=True):
                    found = answer.result()
                    if found is not None:
                        known = move.made(core, goal, known, found)
                if known is before:
                    failed += len(moves)
                else:
                    failed = 0
                    saw(known)
    return known


@dataclass(frozen=True, eq=False)
class _Move:
    """Pairs that are free to change, as a small program that asks for a better solution; people of one move are in no other."""

    free: Integers
    hint: Integers
    model: Model

    @classmethod
    def of(cls, core: Core, knapsacks: Knapsacks, goal: Integers, known: Integers, some: Integers, near: Mask, number: int) -> _Move:
        """Free the people of some knapsacks, and of those without a slot every so many, for the near pairs inside."""
        seeker, pairs = core.sieve.seeker, len(core.sieve)
        inside = np.isin(knapsacks.of_pair, some)
        chosen = np.flatnonzero(known[:pairs])
        moving = np.arange(len(core.sieve.once)) % SIDE_BY_SIDE == number
        moving[seeker[chosen]] = False
        moving[seeker[chosen[inside[chosen]]]] = True
        kept = chosen[~moving[seeker[chosen]]]
        free = np.flatnonzero(moving[seeker] & inside & (near | (known[:pairs] > 0)))
        wanting = Core(core.program, core.sieve, (*core.holds, Hold(goal, int(goal @ known) + 1)))
        return cls(free, np.concatenate([known[free], known[pairs:]]), wanting.model(goal, free, *wanting.usage(kept, np.ones(len(kept)))))

    def made(self, core: Core, goal: Integers, known: Integers, found: Integers) -> Integers:
        """The solution with this move made, where it is better and keeps every row; otherwise as it is, as where two moves want the same room."""
        columns = known.copy()
        columns[self.free], columns[len(core.sieve) :] = found[: len(self.free)], found[len(self.free) :]
        good = int(goal @ columns) > int(goal @ known) and all(int(hold.coefficients @ columns) >= hold.at_least for hold in core.holds)
        return columns if good and next(core.program.broken_rows(columns), None) is None else known


def likely(loss: Floats, sieve: Sieve) -> Integers:
    """The pairs that lose least, a few for each person."""
    return np.flatnonzero(loss <= _near(loss, round(LIKELY * len(np.unique(sieve.seeker)))))


def _near(loss: Floats, count: int) -> float:
    """The loss that so many pairs do not exceed."""
    count = min(count, len(loss)) - 1
    return float(np.partition(loss, count)[count])
