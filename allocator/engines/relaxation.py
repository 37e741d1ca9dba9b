"""The linear relaxation over all pairs, solved over few of them: price all pairs, let in those that are worth more than they cost, solve again.

Seekers' own rows stay out until they are broken; the bound does not need them (see `sieve`). It ends when no pair prices in and no seeker has more than
one slot: then the small program's optimum is the whole program's. It may end earlier, when the bound is close enough for what was asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from allocator.engines.master import Basis, Master
from allocator.engines.sieve import FULL, Goal, Level, Prices, Sieve
from allocator.scenario import Floats, Integers

TOLERANCE = 1e-6
"""Worth below which a pair is not let in, in the goal's scale (its largest coefficient is 100)."""
ROOM = 2_000
"""Pairs let in at once, at least; at most a third of those inside."""
MISSING = (2.0 * FULL, 20.0 * FULL, 1e3 * FULL, 1e5 * FULL)
"""Prices of what is missing, tried in turn: a price that is higher than needed makes a program hard to solve."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The relaxation's answer. `limit` bounds every solution, in the goal's scale; `worth` of each pair and `best` of each seeker are at its prices.

    `value[k]` belongs to pair `pairs[k]`; pairs that are not named are 0. `whole` where the values are optimal, not only the limit close.
    """

    limit: float
    prices: Prices
    worth: Floats
    best: Floats
    pairs: Integers
    value: Floats
    beside: Floats
    whole: bool
    loss: Floats | None = None
    """What a solution loses at least that has the pair, `[pair]`, where more is known than prices say."""
    filled: tuple[Floats, Floats] | None = None
    """Prices of rows, and of each seeker's own row, at which knapsacks filled with whole people give the limit; see `knapsacks`."""

    def margin(self, sieve: Sieve) -> Floats:
        """How much a solution loses that has the pair (negative worth beyond the seeker's best), `[pair]`; 0 for each seeker's best pair."""
        if self.loss is not None:
            return self.loss
        over = np.where(sieve.once, self.best, 0.0)[sieve.seeker]
        return np.asarray(over - self.worth)


class Sifter:
    """A program's relaxation, kept warm: goals, holds and bounds may change between answers."""

    def __init__(self, sieve: Sieve, start: Integers) -> None:
        self.sieve = sieve
        self.master = Master(sieve, MISSING[0])
        self.inside = np.zeros(len(sieve), dtype=bool)
        self._missing_price = 0
        self._start = start
        self.against: Prices | None = None
        """Prices that showed, in floating point, that the rows cannot hold."""

    def go_under(self, sieve: Sieve) -> None:
        """Take the bounds of another sieve of the same pairs and rows."""
        self.sieve = sieve
        self._missing_price = 0
        self.master.go_under(sieve)

    def renewed(self, goal: Goal) -> Sifter:
        """The same relaxation without the rows of goals that were held once."""
        stand = self.master.stand()
        sifter = Sifter(self.sieve, stand.pairs)
        sifter.start_from(stand, goal)
        return sifter

    def start_from(self, basis: Basis, goal: Goal) -> None:
        """Let in the pairs of a basis, and start from it."""
        self.let_in(basis.pairs, goal)
        self.master.start_from(basis)

    def let_in(self, pairs: Integers, goal: Goal) -> None:
        """Add pairs that are not inside yet."""
        fresh = pairs[~self.inside[pairs]]
        if len(fresh):
            self.master.add_pairs(fresh, goal)
            self.inside[fresh] = True

    def relax(self, goal: Goal, over: Callable[[], bool], close: float = 0.0) -> Relaxation | str:
        """The relaxation for a goal, or "infeasible" (proved), "stopped" or "lost" (numbers went astray).

        `close` is the distance between value and bound, as a part of the bound, at which the answer will do.
        """
        if not self.inside.any():
            self.let_in(self._start, goal)
        self.master.pursue(goal)
        self.master.price_of_missing(MISSING[self._missing_price])
        while True:
            found = self._loop(goal, over, close)
            if isinstance(found, str):
                return found
            relaxation, missing = found
            if missing <= TOLERANCE:
                return relaxation
            if self._missing_price + 1 == len(MISSING):
                return "lost"
            verdict = self._possible(goal, over)
            if verdict != "possible":
                return verdict
            self._missing_price += 1
            self.master.price_of_missing(MISSING[self._missing_price])
            self.master.pursue(goal)

    def relax_with_missing(self, goal: Goal, over: Callable[[], bool]) -> Relaxation | None:
        """The relaxation at the first price of what is missing, whether or not something still is; None where there is no answer."""
        self.let_in(self._start, goal)
        self.master.pursue(goal)
        found = self._loop(goal, over, 0.0)
        return None if isinstance(found, str) else found[0]

    def _possible(self, goal: Goal, over: Callable[[], bool]) -> str:
        """Whether the rows can hold at all: the least that is missing. "infeasible" is proved by a bound below nothing (Farkas)."""
        nothing = Level(np.zeros(len(self.sieve)), np.zeros(len(self.sieve.beside_upper)), 1.0)
        idle = Goal(nothing, goal.held)
        self.master.pursue(idle)
        self.master.price_of_missing(FULL)
        found = self._loop(idle, over, 0.0)
        if isinstance(found, str):
            return found
        relaxation, missing = found
        if missing <= TOLERANCE:
            return "possible"
        self.against = relaxation.prices
        return "infeasible" if relaxation.limit < -TOLERANCE else "lost"

    def _loop(self, goal: Goal, over: Callable[[], bool], close: float) -> tuple[Relaxation, float] | str:
        """Solve, price, let in, until nothing changes; the answer and how much is missing."""
        sieve, master = self.sieve, self.master
        limit = np.inf
        kept: tuple[Prices, Floats, Floats] | None = None
        while True:
            ending = master.run(over)
            if ending != "optimal":
                return ending
            prices, own = master.prices(goal)
            worth = sieve.worth(goal, prices)
            best = sieve.best_of_seeker(worth)
            bound = sieve.bound(goal, prices, worth, best)
            if bound < limit or kept is None:
                limit, kept = bound, (prices, worth, best)
            missing, beside, value = master.values()
            used = np.bincount(sieve.seeker[master.pairs], weights=value, minlength=len(sieve.once))
            broken = np.flatnonzero((used > 1 + 1e-7) & (master.own_row < 0) & sieve.once)
            wanted = self._wanted(worth, own)
            total = float(goal.level.pairs[master.pairs] @ value + goal.level.beside @ beside)
            whole = len(broken) == 0 and len(wanted) == 0
            if whole or (close and missing.sum() <= TOLERANCE and abs(limit - total) <= close * abs(limit)):
                return Relaxation(limit, *kept, master.pairs.copy(), value, beside, whole), float(missing.sum())
            if len(broken):
                master.add_own_rows(broken)
            self.let_in(wanted, goal)

    def _wanted(self, worth: Floats, own: Floats) -> Integers:
        """The pairs to let in next: of each seeker the one that is worth most beyond its price, and not too many at once."""
        sieve = self.sieve
        beyond = worth - own[sieve.seeker] if own.any() else worth
        asking = np.flatnonzero((beyond > TOLERANCE) & ~self.inside)
        if len(asking) < 2:
            return asking
        order = np.lexsort((-beyond[asking], sieve.seeker[asking]))
        asking = asking[order]
        first = np.r_[True, sieve.seeker[asking][1:] != sieve.seeker[asking][:-1]] & sieve.once[sieve.seeker[asking]]
        asking = np.sort(asking[first | ~sieve.once[sieve.seeker[asking]]])
        room = max(ROOM, int(self.inside.sum()) // 3)
        if len(asking) > room:
            asking = np.sort(asking[np.argpartition(-beyond[asking], room)[:room]])
        return asking
