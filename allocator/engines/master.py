"""A linear program over few of the pairs, kept warm in HiGHS: pairs, rows, costs and bounds can be changed, and the next answer starts from the last basis.

Not to be used from two threads at once, nor sent to another process: HiGHS keeps its factors in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np

from allocator.engines.highs import run, silent
from allocator.engines.sieve import Goal, Level, Prices, Sieve
from allocator.scenario import Floats, Integers

Ending = Literal["optimal", "stopped", "lost"]
Statuses = Any
"""An array of HiGHS's statuses of columns or rows."""
BASIC, AT_LOWER, AT_UPPER = highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kUpper


@dataclass(frozen=True, eq=False)
class Basis:
    """Where a linear program stands, by names that outlive it: the status of `pairs` inside, of the columns beside, of all rows of the sieve, and of
    the own rows of `seekers`."""

    pairs: Integers
    status: Statuses
    beside: Statuses
    rows: Statuses
    seekers: Integers
    own: Statuses


class Master:
    """The linear program over the pairs added so far, with every priced row of a sieve; seekers' own rows come in when they are broken.

    Rows that cannot hold with nothing assigned have a column for what is missing, at `missing_price` per (scaled) unit, so that there always is a solution.
    """

    def __init__(self, sieve: Sieve, missing_price: float) -> None:
        self.sieve = sieve
        self.pairs: Integers = np.empty(0, dtype=np.int64)
        self.columns: Integers = np.empty(0, dtype=np.int64)
        """The column of each pair inside."""
        self.own_row: Integers = np.full(len(sieve.once), -1, dtype=np.int64)
        self._place = np.full(len(sieve.lower), -1, dtype=np.int64)
        self._place[sieve.priced] = np.arange(len(sieve.priced))
        self._row_count, self._column_count = len(sieve.priced), 0
        self._holds: list[Level] = []
        self._hold_rows: list[int] = []
        self.solver = silent(presolve="off", solver="simplex")
        self._over: Callable[[], bool] = lambda: False
        self.solver.cbSimplexInterrupt.subscribe(lambda event: event.interrupt(self._over()))
        lower, upper = sieve.lower[sieve.priced], sieve.upper[sieve.priced]
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = len(lower), 0
        model.row_lower_, model.row_upper_ = lower, upper
        model.a_matrix_.start_ = np.zeros(1, dtype=np.int32)
        model.sense_ = highspy.ObjSense.kMaximize
        self.solver.passModel(model)
        self._anchors: Integers = np.empty(0, dtype=np.int64)
        self._missing_price = missing_price
        self._missing: Integers = np.empty(0, dtype=np.int64)
        self._mended = np.zeros((2, len(sieve.lower)), dtype=bool)
        self._add_missing(sieve.priced)
        beside = sieve.beside.tocsr()
        self._beside = self._add(np.zeros(beside.shape[0]), sieve.beside_upper, beside.indptr, self._place[beside.indices], beside.data)

    def _add_missing(self, rows: Integers) -> None:
        """A column for what is missing, to each of these rows that cannot hold with nothing assigned and has none yet."""
        for side, (wanting, sign) in enumerate(((self.sieve.lower[rows] > 0, 1.0), (self.sieve.upper[rows] < 0, -1.0))):
            at = rows[wanting & ~self._mended[side, rows]]
            self._mended[side, at] = True
            self._add_missing_at(self._place[at], sign)

    def _add_missing_at(self, place: Integers, sign: float) -> None:
        count = len(place)
        columns = self._add(np.full(count, -self._missing_price), np.full(count, np.inf), np.arange(count + 1), place, np.full(count, sign))
        self._missing = np.concatenate([self._missing, columns])

    def _add(self, cost: Floats, upper: Floats, starts: Integers, row: Integers, value: Floats) -> Integers:
        """Add columns; their numbers."""
        first = self._column_count
        if len(cost):
            self._column_count += len(cost)
            self.solver.addCols(
                len(cost), cost, np.zeros(len(cost)), upper, len(row), starts[:-1].astype(np.int32), row.astype(np.int32), np.asarray(value, dtype=np.float64)
            )
        return np.arange(first, self._column_count)

    def add_pairs(self, pairs: Integers, goal: Goal) -> None:
        """Let these pairs in, in all rows that the program has by now."""
        entries = self.sieve.columns(pairs)
        owner = np.repeat(np.arange(len(pairs)), np.diff(entries.indptr))
        parts = [(owner, self._place[entries.indices], entries.data)]
        own = self.own_row[self.sieve.seeker[pairs]]
        has = np.flatnonzero(own >= 0)
        parts.append((has, own[has], np.ones(len(has))))
        for row, level in zip(self._hold_rows, self._holds, strict=True):
            counts = np.flatnonzero(level.pairs[pairs])
            parts.append((counts, np.full(len(counts), row), level.pairs[pairs[counts]]))
        owner, row_, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(owner, kind="stable")
        starts = np.searchsorted(owner[order], np.arange(len(pairs) + 1))
        columns = self._add(goal.level.pairs[pairs], self._most(pairs), starts, row_[order], value[order])
        self.columns = np.concatenate([self.columns, columns])
        self.pairs = np.concatenate([self.pairs, pairs])

    def _most(self, pairs: Integers) -> Floats:
        """1 for each pair that may be assigned, 0 for the others."""
        return np.where(np.isin(pairs, self.sieve.closed), 0.0, 1.0)

    def add_own_rows(self, seekers: Integers) -> None:
        """Say of these seekers that they have one slot at most."""
        number = np.full(len(self.own_row), -1, dtype=np.int64)
        number[seekers] = np.arange(len(seekers))
        of_column = number[self.sieve.seeker[self.pairs]]
        inside = np.flatnonzero(of_column >= 0)
        inside = inside[np.argsort(of_column[inside], kind="stable")]
        starts = np.searchsorted(of_column[inside], np.arange(len(seekers)))
        self._add_rows(np.full(len(seekers), -np.inf), np.ones(len(seekers)), starts, self.columns[inside], np.ones(len(inside)))
        self.own_row[seekers] = np.arange(self._row_count - len(seekers), self._row_count)

    def _add_rows(self, lower: Floats, upper: Floats, starts: Integers, column: Integers, value: Floats) -> None:
        self.solver.addRows(len(lower), lower, upper, len(column), starts.astype(np.int32), column.astype(np.int32), value)
        self._row_count += len(lower)

    def pursue(self, goal: Goal) -> None:
        """Maximise this goal from now on, and hold what it holds."""
        cost = np.concatenate([goal.level.beside, goal.level.pairs[self.pairs]])
        columns = np.concatenate([self._beside, self.columns])
        self.solver.changeColsCost(len(columns), columns.astype(np.int32), cost)
        for level, _ in goal.held:
            if not any(level is known for known in self._holds):
                inside, beside = np.flatnonzero(level.pairs[self.pairs]), np.flatnonzero(level.beside)
                column = np.concatenate([self._beside[beside], self.columns[inside]])
                value = np.concatenate([level.beside[beside], level.pairs[self.pairs[inside]]])
                self._add_rows(np.full(1, -np.inf), np.full(1, np.inf), np.zeros(1, dtype=np.int64), column, value)
                self._holds.append(level)
                self._hold_rows.append(self._row_count - 1)
                if level.may_fail:
                    self._add_missing_at(np.array([self._row_count - 1]), 1.0)
        asked = {id(level): at_least for level, at_least in goal.held}
        for row, level in zip(self._hold_rows, self._holds, strict=True):
            self.solver.changeRowBounds(row, asked.get(id(level), -np.inf), np.inf)

    def price_of_missing(self, price: float) -> None:
        """What a (scaled) unit that is missing costs from now on."""
        self._missing_price = price
        self.solver.changeColsCost(len(self._missing), self._missing.astype(np.int32), np.full(len(self._missing), -price))

    def go_under(self, sieve: Sieve) -> None:
        """Take the bounds of another sieve of the same pairs and rows."""
        before, self.sieve = self.sieve, sieve
        rows = sieve.priced[(sieve.lower != before.lower)[sieve.priced] | (sieve.upper != before.upper)[sieve.priced]]
        if len(rows):
            self.solver.changeRowsBounds(len(rows), self._place[rows].astype(np.int32), sieve.lower[rows], sieve.upper[rows])
            self._add_missing(rows)
        changed = np.setxor1d(before.closed, sieve.closed)
        if len(changed):
            at = np.flatnonzero(np.isin(self.pairs, changed))
            self.solver.changeColsBounds(len(at), self.columns[at].astype(np.int32), np.zeros(len(at)), self._most(self.pairs[at]))
        beside = np.flatnonzero(before.beside_upper != sieve.beside_upper)
        if len(beside):
            self.solver.changeColsBounds(len(beside), self._beside[beside].astype(np.int32), np.zeros(len(beside)), sieve.beside_upper[beside])

    @property
    def held(self) -> int:
        """Goals that have a row here, whether or not they are held now."""
        return len(self._holds)

    def run(self, over: Callable[[], bool]) -> Ending:
        """Solve from where it stands; `over` is asked now and then whether to stop."""
        if over():
            return "stopped"
        self._over = over
        status = run(self.solver)
        if status == highspy.HighsModelStatus.kOptimal:
            return "optimal"
        return "stopped" if status == highspy.HighsModelStatus.kInterrupt else "lost"

    def values(self) -> tuple[Floats, Floats, Floats]:
        """The solution: of what is missing, of the columns beside, of the pairs in the order in which they came."""
        value = np.array(self.solver.getSolution().col_value)
        return value[self._missing], value[self._beside], value[self.columns]

    def prices(self, goal: Goal) -> tuple[Prices, Floats]:
        """Prices of rows and of what the goal holds, and of each seeker's own row (0 where it is not in)."""
        dual = np.array(self.solver.getSolution().row_dual)
        rows = np.zeros(len(self.sieve.lower))
        rows[self.sieve.priced] = dual[: len(self.sieve.priced)]
        rows[(rows > 0) & np.isinf(self.sieve.upper)] = 0.0
        rows[(rows < 0) & np.isinf(self.sieve.lower)] = 0.0
        of = {id(level): row for level, row in zip(self._holds, self._hold_rows, strict=True)}
        holds = np.array([min(0.0, dual[of[id(level)]]) for level, _ in goal.held])
        own = np.where(self.own_row >= 0, np.maximum(dual[np.maximum(self.own_row, 0)], 0.0), 0.0) if len(dual) else np.zeros(len(self.own_row))
        return Prices(rows, holds), own

    def anchor(self, rows: Integers, prices: Floats) -> None:
        """A column for each of these rows that nothing may use, but whose cost pins the row's price for as long as the column is basic.

        With it a basis can start from prices that were found elsewhere; the first pivots drive it out.
        """
        nothing = np.zeros(len(rows))
        self._anchors = self._add(prices, nothing, np.arange(len(rows) + 1), self._place[rows], np.ones(len(rows)))

    def stand(self) -> Basis:
        """Where it stands."""
        basis = self.solver.getBasis()
        column, row = _objects(basis.col_status), _objects(basis.row_status)
        rows = np.full(len(self.sieve.lower), BASIC, dtype=object)
        rows[self.sieve.priced] = row[self._place[self.sieve.priced]]
        seekers = np.flatnonzero(self.own_row >= 0)
        return Basis(self.pairs, column[self.columns], column[self._beside], rows, seekers, row[self.own_row[seekers]])

    def start_from(self, basis: Basis) -> None:
        """Start from there, with its pairs inside; the rest is at its bound or, for rows, free. Where that is not quite a basis, HiGHS mends it."""
        fresh = basis.seekers[self.own_row[basis.seekers] < 0]
        if len(fresh):
            self.add_own_rows(fresh)
        column, row = np.full(self._column_count, AT_LOWER, dtype=object), np.full(self._row_count, BASIC, dtype=object)
        number = np.full(len(self.sieve), -1, dtype=np.int64)
        number[self.pairs] = self.columns
        column[number[basis.pairs]] = basis.status
        column[self._beside] = basis.beside
        column[self._anchors] = BASIC
        row[self._place[self.sieve.priced]] = basis.rows[self.sieve.priced]
        row[self.own_row[basis.seekers]] = basis.own
        told = highspy.HighsBasis()
        told.col_status, told.row_status = column.tolist(), row.tolist()
        told.valid, told.alien = True, True
        self.solver.setBasis(told)


def _objects(statuses: Sequence[highspy.HighsBasisStatus]) -> Statuses:
    told = list(statuses)
    array = np.empty(len(told), dtype=object)
    array[:] = told
    return array
