"""A first solution: keep most of what the relaxation has whole already, and solve the rest as small integer programs, one block after the other.

The blocks that have not had their turn keep their fractions meanwhile, and what a row lacks may be missing at a forbidding price, so that every block
has an answer. What is still missing in the end is mended in one program over the pairs that could fill it and whatever meets them.

Source: relax-and-fix: Pochet and Wolsey 2006, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from allocator.engines.base import Clock
from allocator.engines.core import WHOLE, Core, beyond_next
from allocator.engines.integer import scip
from allocator.engines.relaxation import Relaxation
from allocator.scenario import Floats, Integers, Mask

NEAR = 0.8
"""Pairs that take part in rounding: those that lack less than this, where the largest coefficient is 100."""
FURTHER = ((5.0, 40), (20.0, 200), (1e3, 1_000))
"""Where something is missing in the end, tried in turn: how much the pairs may lack that could fill a row, and how many of them for each row."""
KEPT = (0.95, 0.8, 0.4, 0.0)
"""Shares of the whole assignments of a block that rounding leaves alone, tried in turn until a block has an answer."""
NODES = 300
"""Nodes of the search tree of a block at most."""


class Rounding:
    """A relaxation's values on their way to whole ones. `goal` holds the coefficients over all columns; `distance` is what may be lost of it in all."""

    def __init__(self, core: Core, goal: Integers, relaxed: Relaxation, block_of_pair: Integers | None, distance: float, clock: Clock, seed: int) -> None:
        self.core, self.sieve, self.goal = core, core.sieve, goal
        self.clock, self.seed, self.distance = clock, seed, distance
        self.margin = relaxed.margin(self.sieve)
        self.spread = beyond_next(self.sieve, relaxed)
        self.block_of_pair = block_of_pair
        taking_part = np.union1d(np.flatnonzero(self.margin[relaxed.pairs] < NEAR), np.flatnonzero(relaxed.value > WHOLE))
        value = relaxed.value[taking_part]
        value = np.where(value > 1 - WHOLE, 1.0, np.where(value < WHOLE, 0.0, value))
        order = np.argsort(relaxed.pairs[taking_part], kind="stable")
        self._take(relaxed.pairs[taking_part][order], value[order])
        self.beside = np.zeros(core.program.size - len(self.sieve), dtype=np.int64)

    def _take(self, pairs: Integers, value: Floats) -> None:
        """These pairs (in order) take part from now on, at these values."""
        self.pairs, self.value = pairs, value
        self.who = self.sieve.seeker[pairs]
        self.once = self.sieve.once[self.who]
        self.entries = self.sieve.columns(pairs)
        self.used = np.asarray(self.entries.T @ value)
        self.held = np.array([float(hold.coefficients[pairs] @ value) for hold in self.core.holds])
        self.booked = np.bincount(self.who, weights=value, minlength=len(self.sieve.once))
        self.groups = [np.arange(len(pairs))] if self.block_of_pair is None else _grouped(self.block_of_pair[pairs])

    def whole(self) -> Integers | None:
        """The columns of a whole solution near the relaxation's; None where none is found, or not in time."""
        missing: int | None = None
        for group in self.groups:
            missing = self._settle(group, KEPT)
            if missing is None:
                return None
        for further, candidates in FURTHER:
            if not missing:
                break
            missing = self._settle(self._around_what_is_missing(further, candidates), (0.0,))
        if missing != 0:
            return None
        columns = np.zeros(self.core.program.size, dtype=np.int64)
        columns[self.pairs[self.value > 0.5]] = 1
        columns[len(self.sieve) :] = self.beside
        return columns

    def _short_and_over(self) -> tuple[Mask, Mask]:
        """The rows that lack something as things stand, and those that have too much."""
        sieve = self.sieve
        reached = self.used + (np.asarray(sieve.beside.T @ self.beside.astype(np.float64)) if len(self.beside) else 0.0)
        return reached < sieve.lower - WHOLE, reached > sieve.upper + WHOLE

    def _around_what_is_missing(self, further: float, count: int) -> Integers:
        """The pairs among which a row that is short, or has too much, can be mended: places in `pairs`.

        Of each row that is short, up to `count` pairs that would fill it and lack less than `further` are let in; with them come all pairs
        of their slots and seekers, and of those whose assignments a row has too much of.
        """
        sieve = self.sieve
        short, over = self._short_and_over()
        possible = np.flatnonzero(self.margin < further)
        fills = (sieve.columns(possible)[:, np.flatnonzero(short)] > 0).tocsc()
        chosen = [self.pairs[(np.abs(self.entries) @ over.astype(np.float64) > 0) & (self.value > 0.5)]]
        for start, end in pairwise(fills.indptr.tolist()):
            filling = possible[fills.indices[start:end]]
            filling = filling[~np.isin(filling, self.pairs[self.value > 0.5])]
            chosen.append(filling[np.argsort(self.margin[filling], kind="stable")[:count]])
        mending = np.unique(np.concatenate(chosen))
        fresh = np.setdiff1d(mending, self.pairs)
        pairs = np.concatenate([self.pairs, fresh])
        order = np.argsort(pairs, kind="stable")
        self._take(pairs[order], np.concatenate([self.value, np.zeros(len(fresh))])[order])
        return np.flatnonzero(np.isin(sieve.slot[self.pairs], sieve.slot[mending]) | np.isin(self.who, sieve.seeker[mending]))

    def _settle(self, mine: Integers, shares: Sequence[float]) -> int | None:
        """Whole values for some of the pairs, the others as they are; how much is missing then, or None where time is up or nothing is found."""
        value, who, once = self.value, self.who, self.once
        # Where the relaxation ended early, a seeker may be booked twice: then none of it is kept. Nor is what a row has too much of.
        _, over = self._short_and_over()
        strains = np.asarray(np.abs(self.entries[mine]) @ over.astype(np.float64)) > 0 if over.any() else np.zeros(len(mine), dtype=bool)
        whole = mine[(value[mine] == 1.0) & ~(once[mine] & (self.booked[who[mine]] > 1 + WHOLE)) & ~strains]
        whole = whole[np.argsort(-self.spread[who[whole]], kind="stable")]
        for share in shares:
            kept = whole[: int(share * len(whole))]
            loose = np.setdiff1d(mine, kept, assume_unique=True)
            taken = self.booked.copy()
            np.subtract.at(taken, who[loose], value[loose])
            free = loose[~(once[loose] & (taken[who[loose]] > WHOLE))]
            used = self.used - np.asarray(self.entries[loose].T @ value[loose])
            held = self.held - np.array([float(hold.coefficients[self.pairs[loose]] @ value[loose]) for hold in self.core.holds])
            model = self.core.model(self.goal, self.pairs[free], used, held, elastic=True)
            allowed = self.distance * len(mine) / max(1, len(self.pairs))
            step = scip(model, Clock(self.clock.left), self.seed, nodes=NODES, distance=allowed)
            if step.columns is None:
                if self.clock.over:
                    return None
                continue
            beside = len(free) + len(self.beside)
            missing = int(step.columns[beside:].sum())
            if missing and share != shares[-1] and len(mine) == len(self.pairs):
                continue
            answer = np.zeros(len(loose))
            answer[np.searchsorted(loose, free)] = step.columns[: len(free)]
            change = answer - value[loose]
            self.used += np.asarray(self.entries[loose].T @ change)
            self.held = self.held + np.array([float(hold.coefficients[self.pairs[loose]] @ change) for hold in self.core.holds])
            np.add.at(self.booked, who[loose], change)
            self.value[loose] = answer
            self.beside = step.columns[len(free) : beside]
            return missing
        return None


def _grouped(label: Integers) -> Sequence[Integers]:
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
