"""From the relaxation to whole people: solutions near the relaxation's, by rounding and mending. They are judged exactly by whoever asks.

The relaxation of a large program is whole but for a few seekers in a hundred. The first solution keeps nearly all of that, the surest first, and solves
what is left as one integer program: few pairs, and every row in view.

Source: relax-and-fix: Pochet and Wolsey 2006, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from allocator.engines.base import Clock, Hold
from allocator.engines.integer import Model, highs
from allocator.engines.relaxation import Relaxation
from allocator.engines.sieve import Sieve
from allocator.program import FREE, Program
from allocator.scenario import Floats, Integers, Mask

NEAR = 3.0
"""Pairs that take part in rounding: those that lack less than this, where the largest coefficient is 100."""
KEPT = (0.995, 0.98, 0.95, 0.8, 0.4, 0.0)
"""Shares of the whole assignments that rounding leaves alone, tried in turn until there is a solution."""
FORBIDDING = 4
"""Price of a unit missing while rounding, against the largest coefficient of the goal."""
NODES, MANY_NODES = 300, 20_000
"""Nodes of the search tree at most, for a first solution and for a better one."""
WINDOWS = (30, 50, 80, 120)
"""Mending: how many people may lose or change their slot besides those whom the relaxation moves; one after the other."""
NEARBY = 0.5
"""How near the other pairs of those people have to be."""
WHOLE = 1e-6
"""A value this close to a whole number is one."""


@dataclass(frozen=True, eq=False)
class Core:
    """Exact integer programs over some of a program's pairs."""

    program: Program
    sieve: Sieve
    holds: tuple[Hold, ...]

    def model(self, goal: Integers, pairs: Integers, used: Floats, held: Floats, *, elastic: bool = False) -> Model:
        """The program over `pairs` and the columns beside, where others already use `used` of each row (scaled) and reach `held`.

        Columns are the pairs, those beside, and where `elastic`, one for each row that nothing here would break: what is missing, at a forbidding price.
        """
        sieve, program = self.sieve, self.program
        rows = np.flatnonzero(np.isfinite(sieve.lower) | np.isfinite(sieve.upper))
        entries = vstack([sieve.columns(pairs), sieve.beside]).tocsc()
        touched = np.diff(entries.indptr)[rows] > 0
        broken = (used[rows] < sieve.lower[rows] - WHOLE) | (used[rows] > sieve.upper[rows] + WHOLE)
        rows = np.intersect1d(rows[touched | broken], sieve.priced)
        entries = entries[:, rows].tocsr()
        entries.data = np.rint(entries.data / sieve.scale[rows][entries.indices]).astype(np.int64)
        size = sieve.scale[rows]
        lower, upper = _whole_bounds((sieve.lower[rows] - used[rows]) / size, (sieve.upper[rows] - used[rows]) / size)
        blocks, low, high = [entries.T.tocsr()], [lower], [upper]
        beside = program.size - len(sieve)
        # A seeker with one pair here needs no row; one who is taken has no pairs here.
        number, of_pair = np.unique(sieve.seeker[pairs], return_inverse=True)
        several = (np.bincount(of_pair, minlength=len(number)) > 1) & sieve.once[number]
        place = np.cumsum(several) - 1
        inside = np.flatnonzero(several[of_pair]) if len(pairs) else np.empty(0, dtype=np.int64)
        own = csr_matrix((np.ones(len(inside), dtype=np.int64), (place[of_pair[inside]], inside)), shape=(int(several.sum()), len(pairs) + beside))
        blocks.append(own)
        low.append(np.full(own.shape[0], -FREE))
        high.append(np.ones(own.shape[0], dtype=np.int64))
        chosen = np.concatenate([pairs, np.arange(len(sieve), program.size)])
        for hold, already in zip(self.holds, held.tolist(), strict=True):
            blocks.append(csr_matrix(hold.coefficients[chosen][None, :]))
            low.append(np.array([int(np.ceil(hold.at_least - already - WHOLE))]))
            high.append(np.array([FREE]))
        matrix, lower, upper = vstack(blocks).tocsr(), np.concatenate(low), np.concatenate(high)
        mine, most = goal[chosen], program.upper[chosen]
        if elastic:
            short, over = np.flatnonzero(lower > 0), np.flatnonzero(upper < 0)
            at, sign = np.concatenate([short, over]), np.concatenate([np.ones(len(short), dtype=np.int64), -np.ones(len(over), dtype=np.int64)])
            matrix = hstack([matrix, csr_matrix((sign, (at, np.arange(len(at)))), shape=(matrix.shape[0], len(at)))]).tocsr()
            largest = np.ones(matrix.shape[0])
            np.maximum.at(largest, np.repeat(np.arange(len(largest)), np.diff(matrix.indptr)), np.abs(matrix.data))
            price = FORBIDDING * int(np.abs(mine).max(initial=1)) / largest[at]
            mine = np.concatenate([mine, -np.maximum(np.rint(price).astype(np.int64), 1)])
            most = np.concatenate([most, np.full(len(at), FREE)])
        matrix.sort_indices()
        divisor = int(np.gcd.reduce(mine[mine != 0])) if mine.any() else 1
        return Model(matrix, lower, upper, most, mine // divisor, divisor)

    def usage(self, pairs: Integers, value: Floats) -> tuple[Floats, Floats]:
        """What pairs at these values use of each row (scaled), and reach of each hold."""
        sieve = self.sieve
        used = np.asarray(sieve.columns(pairs).T @ value)
        return np.asarray(used), np.array([float(hold.coefficients[pairs] @ value) for hold in self.holds])

    # -- a first solution ------------------------------------------------------------------------------------------

    def rounded(self, goal: Integers, relaxed: Relaxation, distance: float, clock: Clock, seed: int) -> Integers | None:
        """A whole solution near the relaxation's; None where none is found. `distance` is how much of the goal (its integers) may be lost."""
        sieve = self.sieve
        near = np.union1d(np.flatnonzero(relaxed.margin(sieve)[relaxed.pairs] < NEAR), np.flatnonzero(relaxed.value > WHOLE))
        pairs, value = relaxed.pairs[near], relaxed.value[near]
        who = sieve.seeker[pairs]
        once = sieve.once[who]
        # Where the relaxation ended early, a seeker may be booked twice: then none of it is kept.
        booked = np.bincount(who, weights=value, minlength=len(sieve.once))
        whole = np.flatnonzero((value > 1 - WHOLE) & ~(once & (booked[who] > 1 + WHOLE)))
        whole = whole[np.argsort(-_beyond_next(sieve, relaxed)[who[whole]], kind="stable")]
        for share in KEPT:
            kept = whole[: round(share * len(whole))]
            used, held = self.usage(pairs[kept], np.ones(len(kept)))
            taken = np.zeros(len(sieve.once), dtype=bool)
            taken[who[kept]] = True
            others = np.setdiff1d(np.arange(len(pairs)), kept, assume_unique=True)
            others = others[~(once[others] & taken[who[others]])]
            free = others[self._fits(pairs[others], used)]
            columns = self._filled(goal, pairs[kept], pairs[free], (used, held), distance, None, clock, seed)
            if columns is not None or clock.over:
                return columns
        return None

    def mended(self, goal: Integers, relaxed: Relaxation, known: Integers, enough: float, clock: Clock, seed: int) -> Integers | None:
        """A whole solution near one that was good before something changed; None where that does not go. With `enough` of the goal it stops looking.

        Those change who have to, by what the relaxation holds now, and those who lose most against it; everybody else stays.
        """
        sieve, found = self.sieve, None
        value = np.zeros(len(sieve))
        value[relaxed.pairs] = relaxed.value
        margin, regret = relaxed.margin(sieve), _beyond_next(sieve, relaxed)
        asked = np.unique(np.concatenate([np.flatnonzero(hold.coefficients[: len(sieve)]) for hold in self.holds] or [np.empty(0, dtype=np.int64)]))
        for window in WINDOWS:
            chosen = np.flatnonzero(known[: len(sieve)])
            chosen = chosen[np.isfinite(margin[chosen])]
            whole = value[chosen] > 1 - WHOLE
            people = window if found is not None else max(window, int((value[chosen] < 0.5).sum()))
            urgent = 1.0 - value[chosen] + margin[chosen] - np.where(whole, regret[sieve.seeker[chosen]], 0.0)
            kept = chosen[np.argsort(urgent, kind="stable")][: max(0, len(chosen) - people)]
            others = np.union1d(relaxed.pairs[(margin[relaxed.pairs] < NEARBY) | (relaxed.value > WHOLE)], chosen)
            if len(asked) < len(others):
                others = np.union1d(others, asked[np.isfinite(margin[asked])])
            taken = np.zeros(len(sieve.once), dtype=bool)
            taken[sieve.seeker[kept]] = True
            others = others[~(sieve.once & taken)[sieve.seeker[others]]]
            others = np.setdiff1d(others, kept, assume_unique=True)
            used, held = self.usage(kept, np.ones(len(kept)))
            free = others[self._fits(others, used)]
            columns = self._filled(goal, kept, free, (used, held), 0.0, enough, clock, seed)
            if columns is not None:
                known = found = columns
                if int(goal @ found) >= enough:
                    return found
            if clock.over:
                break
        return found

    def _filled(
        self, goal: Integers, kept: Integers, free: Integers, already: tuple[Floats, Floats], distance: float, enough: float | None, clock: Clock, seed: int
    ) -> Integers | None:
        """Some pairs kept, and the best of the free ones beside them; None where rows are left broken."""
        sieve = self.sieve
        model = self.model(goal, free, *already, elastic=True)
        target = None if enough is None else (enough - int(goal[kept].sum())) / model.divisor
        step = highs(model, 0, clock, seed, nodes=NODES, distance=distance / model.divisor, target=target, presolve=True)
        if step.columns is None:
            return None
        beside = step.columns[len(free) : len(free) + self.program.size - len(sieve)]
        if step.columns[len(free) + len(beside) :].any():
            return None
        columns = np.zeros(self.program.size, dtype=np.int64)
        columns[kept] = 1
        columns[free] = step.columns[: len(free)]
        columns[len(sieve) :] = beside
        return columns

    def _fits(self, pairs: Integers, used: Floats) -> Mask:
        """Which pairs could be taken beside what is used, every row by itself. Where a row has columns beside, those may make room."""
        sieve = self.sieve
        room = sieve.upper - used
        room[sieve.beside.indices] = np.inf
        entries = sieve.columns(pairs)
        tight = np.flatnonzero(entries.data > room[entries.indices] + WHOLE)
        fits = np.ones(len(pairs), dtype=bool)
        fits[np.searchsorted(entries.indptr, tight, side="right") - 1] = False
        return fits

    def among(self, goal: Integers, pairs: Integers, clock: Clock, seed: int) -> Integers | None:
        """The best solution of some pairs only that is found in time, or in many nodes; None where none is."""
        model = self.model(goal, pairs, *self.usage(pairs[:0], np.empty(0)))
        step = highs(model, 0, clock, seed, nodes=MANY_NODES, presolve=True)
        if step.columns is None:
            return None
        columns = np.zeros(self.program.size, dtype=np.int64)
        columns[pairs] = step.columns[: len(pairs)]
        columns[len(self.sieve) :] = step.columns[len(pairs) :]
        return columns


def _whole_bounds(lower: Floats, upper: Floats) -> tuple[Integers, Integers]:
    """The whole numbers within these bounds."""
    low, high = np.full(len(lower), -FREE), np.full(len(upper), FREE)
    there = np.isfinite(lower)
    low[there] = np.ceil(lower[there] - WHOLE).astype(np.int64)
    there = np.isfinite(upper)
    high[there] = np.floor(upper[there] + WHOLE).astype(np.int64)
    return low, high


def _beyond_next(sieve: Sieve, relaxed: Relaxation) -> Floats:
    """How much each seeker's best pair is worth beyond the next best, or beyond nothing; `[seeker]`."""
    if relaxed.loss is not None:
        return np.zeros(len(sieve.once))  # losses say what a pair costs, not what it costs to do without
    other = relaxed.worth.copy()
    leading = np.flatnonzero(relaxed.margin(sieve) <= 0.0)
    _, first = np.unique(sieve.seeker[leading], return_index=True)
    other[leading[first]] = -np.inf
    return np.asarray(relaxed.best - sieve.best_of_seeker(other))


def is_whole(value: Floats) -> Mask:
    """Which values are whole numbers, within tolerance."""
    return np.asarray(np.abs(value - np.rint(value)) < WHOLE)
