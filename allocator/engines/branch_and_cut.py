"""Branch and cut whose answer is a proof: cuts, a tree of cases, and prices for each case, all of which can be checked in exact integers.

Two parts. `Relaxation` is a model's linear program with cuts. `Tree` divides what the
relaxation leaves open into cases by the value of a column, until prices prove of every case that it holds no solution of
the value that is looked for.

The linear programs are solved in floating point; they only suggest prices, cuts and columns to divide at. What they suggest
is rounded to integers and judged exactly on the spot, and once more from the finished proof (`proofs`).

Source: Land and Doig 1960; proofs that can be checked apart from the solver: Cheung, Gleixner and Steffy 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, vstack

from allocator.engines.base import Clock
from allocator.engines.cuts import Cut, Recipe, separate
from allocator.engines.exact import RowPrices, evaluated
from allocator.engines.integer import Model
from allocator.engines.linear import Ending, LinearProgram, glop
from allocator.program import FREE, dot
from allocator.scenario import Floats, Integers, Mask

ROUNDS, STALLED, GAIN = 12, 3, 0.02
"""Rounds of cuts at most; they end where the last few won less than this part of what all have won."""
STARTS = 1
"""Times that the linear program is solved afresh when cuts win nothing any more: from another of its best corners other cuts follow."""
PATIENT = 6
"""Rounds of cuts under a row that asks for a better solution, even where they win nothing: it may turn out impossible all at once."""
MOST_CUTS = 1_500
"""Cuts that are remembered; beyond that no more are looked for."""
UNDECIDED = 1e-6
"""A value this close to a whole number is one."""


@dataclass(frozen=True, eq=False)
class Case:
    """A case that prices settle: no solution in it has the value looked for; none at all where `empty`."""

    prices: RowPrices
    empty: bool


@dataclass(frozen=True)
class Fork:
    """Two cases: the column is at most `value`, or larger. They follow in this order."""

    column: int
    value: int


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a model and the cuts derived from them, in order; cut k is row `base + k`."""

    matrix: csr_matrix
    lower: Integers
    upper: Integers
    base: int
    recipes: tuple[Recipe, ...] = ()

    def add(self, cuts: Sequence[Cut]) -> Rows:
        """With further cuts."""
        matrix = vstack([self.matrix, as_rows(cuts, self.matrix.shape[1])]).tocsr()
        lower = np.concatenate([self.lower, np.full(len(cuts), -FREE)])
        upper = np.concatenate([self.upper, np.array([cut.upper for cut in cuts], dtype=np.int64)])
        return Rows(matrix, lower, upper, self.base, (*self.recipes, *(cut.recipe for cut in cuts)))


def as_rows(cuts: Sequence[Cut], width: int) -> csr_matrix:
    """Cuts as rows over so many columns."""
    starts = np.cumsum([0, *(len(cut.columns) for cut in cuts)])
    columns = np.concatenate([cut.columns for cut in cuts])
    return csr_matrix((np.concatenate([cut.coefficients for cut in cuts]), columns, starts), shape=(len(cuts), width))


class Relaxation:
    """A model's linear program with cuts.

    Each goal has its own: taken over from the goal before, cuts and corner and all, it was quicker to solve but found worse cuts, and goals
    that are proved in two seconds from nothing were not in thirty.
    """

    def __init__(self, model: Model, clock: Clock) -> None:
        self.model, self.clock = model, clock
        self.rows = Rows(model.matrix, model.lower, model.upper, len(model.lower))
        self.prices: RowPrices | None = None
        self.total = 0
        self.worth: Integers = np.zeros(0, dtype=np.int64)

    @cached_property
    def linear(self) -> LinearProgram:
        """The linear program, made when it is first asked for."""
        return LinearProgram(self.model, lambda: self.clock.over)

    def glance(self) -> Floats | None:
        """The relaxation's solution by GLOP, whose prices are taken; None where it has none.

        Where a goal only counts people GLOP takes a third of the time that HiGHS does; it gives no corner to cut from.
        """
        found = glop(self.model, self.clock)
        if found is None:
            return None
        values, prices = found
        self._take_prices(prices)
        return values

    def tighten(self, cutoff: Callable[[], int], rounds: int = ROUNDS) -> Ending:
        """Solve, and cut while that helps, until the bound is below `cutoff` (in the model's units)."""

        def enough() -> bool:
            self._take_prices(self.linear.prices)
            return self.bound < cutoff() or len(self.rows.recipes) >= MOST_CUTS

        return cut_rounds(self.linear, enough, self._add, rounds)

    def _add(self, cuts: Sequence[Cut]) -> None:
        self.rows = self.rows.add(cuts)
        self.linear.add_rows(as_rows(cuts, self.rows.matrix.shape[1]), self.rows.lower[-len(cuts) :], self.rows.upper[-len(cuts) :])

    def _take_prices(self, told: Floats) -> None:
        """Prices where their exact bound is no worse than the best so far."""
        found = self.judged(told)
        if found is not None:
            prices, total, worth = found
            if self.prices is None or total * (1 << self.prices.bits) <= self.total * (1 << prices.bits):
                self.prices, self.total, self.worth = prices, total, worth

    def judged(self, told: Floats) -> tuple[RowPrices, int, Integers] | None:
        """Prices of the linear program's rows as exact prices of all rows, with the total and worths that they prove."""
        rows, model = self.rows, self.model
        exact = RowPrices.of(rows.matrix, rows.lower, rows.upper, model.goal, told)
        found = evaluated(rows.matrix, rows.lower, rows.upper, model.goal, np.zeros_like(model.most), model.most, exact)
        return None if found is None else (exact, *found)

    @property
    def bound(self) -> int:
        """The largest value that a solution can have, in the model's units, by the best prices so far."""
        return FREE if self.prices is None else self.total >> self.prices.bits

    def empty(self) -> Case | None:
        """Prices that prove that there is no solution, from a linear program that was found impossible."""
        ray = self.linear.ray()
        return None if ray is None else empty_case(self.rows, ray, np.zeros_like(self.model.most), self.model.most)

    def free(self, cutoff: int) -> tuple[Mask, Integers]:
        """Columns whose value is open in solutions that reach `cutoff`, and the value that the others have."""
        assert self.prices is not None
        return settled(self.total, self.worth, self.model.most, cutoff << self.prices.bits)


def cut_rounds(linear: LinearProgram, enough: Callable[[], bool], add: Callable[[Sequence[Cut]], None], rounds: int, patience: int = 0) -> Ending:
    """Solve, and cut while that helps, until it is enough; how the last answer ended.

    Parameters
    ----------
    enough
        Asked after each answer.
    add
        Takes the cuts that an answer breaks.
    patience
        Rounds that are made even where they win next to nothing.
    """
    limits: list[float] = []
    made = starts = 0
    ending = linear.solve()
    while ending == "optimal":
        limits.append(linear.limit)
        if enough() or made >= rounds:
            break
        made += 1
        stalled = len(limits) > STALLED and limits[-1 - STALLED] - limits[-1] <= GAIN * (limits[0] - limits[-1])
        cuts = [] if stalled and made > patience else separate(linear)
        if cuts:
            add(cuts)
        elif starts < STARTS:
            starts += 1
            limits = limits[-1:]
            linear.afresh(starts)
        else:
            break
        ending = linear.solve()
    return ending


def settled(total: int, worth: Integers, most: Integers, least: int) -> tuple[Mask, Integers]:
    """Columns that are open where a solution's total must be `least`, and the ends at which the others are."""
    end = np.where(worth > 0, most, 0)
    free = np.abs(worth) <= total - least if total - least < 1 << 62 else np.ones(len(worth), dtype=bool)
    free = np.asarray(free, dtype=bool) & (most > 0)
    return free, np.where(free, 0, end)


def empty_case(rows: Rows, ray: Floats, low: Integers, high: Integers) -> Case | None:
    """Prices that prove a case empty, in the sense that every solution's nothing would be at most less than nothing."""
    nothing = np.zeros(rows.matrix.shape[1], dtype=np.int64)
    for sign in (1.0, -1.0):
        exact = RowPrices.of(rows.matrix, rows.lower, rows.upper, nothing, sign * ray)
        found = evaluated(rows.matrix, rows.lower, rows.upper, nothing, low, high, exact)
        if found is not None and found[0] < 0:
            return Case(exact, empty=True)
    return None


def part_of(rows: Rows, goal: Integers, free: Mask, at: Integers, at_least: int | None) -> Rows:
    """The rows over the columns that are open, the others' part taken off, and a last row: the goal has this value at least."""
    columns = np.flatnonzero(free)
    used = rows.matrix @ at
    wanted = -FREE if at_least is None else at_least - dot(goal, at)
    matrix = vstack([rows.matrix[:, columns], csr_matrix(goal[columns][None, :])]).tocsr()
    lower = np.append(np.where(rows.lower <= -FREE, -FREE, rows.lower - used), wanted)
    upper = np.append(np.where(rows.upper >= FREE, FREE, rows.upper - used), FREE)
    return Rows(matrix, lower, upper, len(lower))


@dataclass(eq=False)
class Tree:
    """The search for solutions that reach `cutoff`, in the columns that are open.

    First more cuts: what is looked for is a row by now, and rounding it often leaves nothing. Then cases. `nodes` is the proof so far, in order:
    forks, each before its two cases; `part` has the rows and cuts it speaks of. `found` is the best solution met.
    """

    rows: Rows
    goal: Integers
    most: Integers
    cutoff: int
    free: Mask
    at: Integers
    """The values of the columns that are not open."""
    fixing: RowPrices | None
    """The prices that leave those open, and no others."""
    clock: Clock
    keeps: Callable[[Integers], bool]

    def __post_init__(self) -> None:
        self.asked: int | None = None if self.cutoff <= -FREE else self.cutoff
        self.part = part_of(self.rows, self.goal, self.free, self.at, self.asked)
        self.columns = np.flatnonzero(self.free)
        self._goal, self._most, self._already = self.goal[self.columns], self.most[self.columns], dot(self.goal, self.at)
        model = Model(self.part.matrix, self.part.lower, self.part.upper, self._most, self._goal, 1)
        self._linear = LinearProgram(model, lambda: self.clock.over)
        self.nodes: list[Case | Fork] = []
        self.found: Integers | None = None
        self._open = [(np.zeros_like(self._most), self._most)]
        self._cut = False

    def search(self, cases: int) -> bool:
        """Look at so many more cases at most. Whether all were settled: then no solution reaches `cutoff`, which is beyond `found`."""
        if not self._cut:
            self._cut = True
            self._root()
        while self._open:
            if cases <= 0 or self.clock.over:
                return False
            cases -= 1
            low, high = self._open.pop()
            node = self._settle(low, high)
            self.nodes.append(node)
            if isinstance(node, Fork):
                place = int(np.searchsorted(self.columns, node.column))
                below, above = (low, high.copy()), (low.copy(), high)
                below[1][place], above[0][place] = node.value, node.value + 1
                self._open += [above, below]
        return True

    def _root(self) -> None:
        def enough() -> bool:
            self._meet_nearest()
            limit = self._linear.limit
            return self.clock.over or limit < self.cutoff - self._already - 1e-6 * abs(limit) - 1e-3

        if len(self.columns):
            cut_rounds(self._linear, enough, self._add, ROUNDS, patience=PATIENT)

    def _add(self, cuts: Sequence[Cut]) -> None:
        self.part = self.part.add(cuts)
        self._linear.add_rows(as_rows(cuts, len(self.columns)), self.part.lower[-len(cuts) :], self.part.upper[-len(cuts) :])

    def _settle(self, low: Integers, high: Integers) -> Case | Fork:
        part, linear = self.part, self._linear
        changed = np.flatnonzero((linear.low != low) | (linear.high != high))
        linear.confine(changed, low[changed], high[changed])
        ending = linear.solve() if len(self.columns) else "infeasible"
        values = (low + np.minimum(high, low + 1)) / 2.0
        if ending == "infeasible" and len(self.columns):
            ray = linear.ray()
            case = None if ray is None else empty_case(part, ray, low, high)
            if case is not None:
                return case
        elif ending == "optimal":
            values = linear.values
            self._meet_nearest()
            exact = RowPrices.of(part.matrix, part.lower, part.upper, self._goal, linear.prices)
            proved = evaluated(part.matrix, part.lower, part.upper, self._goal, low, high, exact)
            if proved is not None and proved[0] < (self.cutoff - self._already) << exact.bits:
                return Case(exact, empty=False)
        undecided = np.flatnonzero(low < high)
        if not len(undecided):
            return self._decided(low)
        apart = np.abs(values - np.rint(values))[undecided]
        if float(apart.max()) > UNDECIDED:
            weight = 1.0 + np.abs(self._goal[undecided]) / max(1, int(np.abs(self._goal).max(initial=0)))
            at = int(undecided[np.argmax(apart * weight)])
            value = int(np.floor(values[at]))
        else:
            at = int(undecided[0])
            value = min(int(np.rint(values[at])), int(high[at]) - 1)
        return Fork(int(self.columns[at]), max(value, int(low[at])))

    def _meet_nearest(self) -> None:
        values = self._linear.values
        nearest = np.rint(values).astype(np.int64)
        if np.abs(values - nearest).max(initial=0.0) < UNDECIDED:
            self._meet(nearest)

    def _decided(self, low: Integers) -> Case:
        """All columns have one value: the solution is met, or a row that it breaks is the proof."""
        self._meet(low)
        activity = self.part.matrix @ low
        price = np.zeros(len(self.part.lower), dtype=np.int64)
        over, short = np.flatnonzero(activity > self.part.upper), np.flatnonzero(activity < self.part.lower)
        if len(over):
            price[over[0]] = 1
        elif len(short):
            price[short[0]] = -1
        return Case(RowPrices(price, 0), empty=bool(price.any()))

    def _meet(self, values: Integers) -> None:
        """Look at a solution in whole numbers: from now on only better ones are looked for, where it is one."""
        whole = self.at.copy()
        whole[self.columns] = values
        value = dot(self.goal, whole)
        if value >= self.cutoff and self.keeps(whole):
            self.found, self.cutoff = whole, value + 1
