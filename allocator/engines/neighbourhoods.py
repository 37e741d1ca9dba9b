"""Better solutions where bounds leave a distance: free the people of a few knapsacks, let them change places at little loss, and keep what is better.

The few that are freed make a program that is solved in a moment; which knapsacks they are, chance decides. Where nothing is found any more,
more knapsacks are freed at once, with fewer places for each person.

Source: large neighbourhood search, Shaw 1998; places by what they lose against a bound: Danna, Rothberg and Le Pape 2005 have the idea for relaxations.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from allocator.engines.base import Clock, Hold
from allocator.engines.core import Core
from allocator.engines.cp_sat import better
from allocator.engines.knapsacks import Knapsacks
from allocator.engines.relaxation import Relaxation
from allocator.engines.sieve import Sieve
from allocator.scenario import Floats, Integers

ROUNDS = ((4, 6.0), (5, 5.0), (6, 4.0), (8, 3.0), (10, 3.0))
"""Knapsacks freed at once, and pairs for each person, on average."""
TRIES = 25
"""Tries without a better solution after which the next round begins."""
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
    draw, program = np.random.default_rng(seed), core.program
    loss = relaxed.margin(core.sieve)
    seeker, pairs = core.sieve.seeker, len(core.sieve)
    people = len(np.unique(seeker))
    for freed, each in ROUNDS:
        near = _near(loss, round(each * people))
        failed = 0
        while failed < TRIES and not clock.over and int(goal @ known) < enough:
            some = draw.choice(len(knapsacks), min(freed, len(knapsacks)), replace=False)
            inside = np.isin(knapsacks.of_pair, some)
            chosen = np.flatnonzero(known[:pairs])
            moving = np.zeros(len(core.sieve.once), dtype=bool)
            moving[seeker[chosen[inside[chosen]]]] = True
            unplaced = np.ones(len(moving), dtype=bool)
            unplaced[seeker[chosen]] = False
            kept = chosen[~moving[seeker[chosen]]]
            free = np.flatnonzero((moving | unplaced)[seeker] & inside & ((loss <= near) | (known[:pairs] > 0)) & np.isfinite(loss))
            found = _rearranged(core, goal, known, kept, free, clock, seed + failed)
            if found is None or next(program.broken_rows(found), None) is not None:
                failed += 1
            else:
                known, failed = found, 0
                saw(known)
    return known


def likely(loss: Floats, sieve: Sieve) -> Integers:
    """The pairs that lose least, a few for each person."""
    return np.flatnonzero(loss <= _near(loss, round(LIKELY * len(np.unique(sieve.seeker)))))


def _near(loss: Floats, count: int) -> float:
    """The loss that so many pairs do not exceed."""
    count = min(count, len(loss)) - 1
    return float(np.partition(loss, count)[count])


def _rearranged(core: Core, goal: Integers, known: Integers, kept: Integers, free: Integers, clock: Clock, seed: int) -> Integers | None:
    """A better solution that keeps some pairs and has others of the free ones; None where there is none, or none is found quickly."""
    pairs = len(core.sieve)
    holds = (*core.holds, Hold(goal, int(goal @ known) + 1))
    wanting = Core(core.program, core.sieve, holds)
    model = wanting.model(goal, free, *wanting.usage(kept, np.ones(len(kept))))
    found = better(model, np.concatenate([known[free], known[pairs:]]), clock, seed)
    if found is None:
        return None
    columns = np.zeros(len(known), dtype=np.int64)
    columns[kept] = 1
    columns[free] = found[: len(free)]
    columns[pairs:] = found[len(free) :]
    return columns
