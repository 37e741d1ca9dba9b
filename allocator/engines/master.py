"""A linear program over few of the pairs, kept warm in HiGHS: pairs, rows, costs and bounds can be changed, and the next answer starts from the last basis.

Not to be used from two threads at once, nor sent to another process: HiGHS keeps its factors in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import highspy
import numpy as np

from allocator.engines.highs import run, silent
from allocator.engines.sieve import Goal, Level, Prices, Sieve
from allocator.scenario import Floats, Integers

Ending = Literal["optimal", "stopped", "lost"]


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
        short, over = np.flatnonzero(lower > 0), np.flatnonzero(upper < 0)
        at = np.concatenate([short, over])
        sign = np.concatenate([np.ones(len(short)), -np.ones(len(over))])
        self.missing = len(at)
        self._add(np.full(len(at), -missing_price), np.full(len(at), np.inf), np.arange(len(at) + 1), at, sign)
        beside = sieve.beside.tocsr()
        self.beside = beside.shape[0]
        self._add(np.zeros(self.beside), sieve.beside_upper, beside.indptr, self._place[beside.indices], beside.data)

    def _add(self, cost: Floats, upper: Floats, starts: Integers, row: Integers, value: Floats) -> None:
        if len(cost):
            self._column_count += len(cost)
            self.solver.addCols(
                len(cost), cost, np.zeros(len(cost)), upper, len(row), starts[:-1].astype(np.int32), row.astype(np.int32), np.asarray(value, dtype=np.float64)
            )

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
        self.columns = np.concatenate([self.columns, np.arange(self._column_count, self._column_count + len(pairs))])
        self._add(goal.level.pairs[pairs], np.ones(len(pairs)), starts, row_[order], value[order])
        self.pairs = np.concatenate([self.pairs, pairs])

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
        columns = np.concatenate([np.arange(self.missing, self.missing + self.beside), self.columns])
        self.solver.changeColsCost(len(columns), columns.astype(np.int32), cost)
        for level, _ in goal.held:
            if not any(level is known for known in self._holds):
                inside, beside = np.flatnonzero(level.pairs[self.pairs]), np.flatnonzero(level.beside)
                column = np.concatenate([beside + self.missing, self.columns[inside]])
                value = np.concatenate([level.beside[beside], level.pairs[self.pairs[inside]]])
                self._add_rows(np.full(1, -np.inf), np.full(1, np.inf), np.zeros(1, dtype=np.int64), column, value)
                self._holds.append(level)
                self._hold_rows.append(self._row_count - 1)
        asked = {id(level): at_least for level, at_least in goal.held}
        for row, level in zip(self._hold_rows, self._holds, strict=True):
            self.solver.changeRowBounds(row, asked.get(id(level), -np.inf), np.inf)

    def price_of_missing(self, price: float) -> None:
        """What a (scaled) unit that is missing costs from now on."""
        columns = np.arange(self.missing, dtype=np.int32)
        self.solver.changeColsCost(self.missing, columns, np.full(self.missing, -price))

    def change_rows(self, rows: Integers) -> None:
        """Take the bounds of these rows from the sieve again."""
        place = self._place[rows].astype(np.int32)
        self.solver.changeRowsBounds(len(rows), place, self.sieve.lower[rows], self.sieve.upper[rows])

    def limit_pairs(self, pairs_at: Integers, lower: Floats, upper: Floats) -> None:
        """New bounds for pairs inside, by their place in `pairs`."""
        columns = self.columns[pairs_at].astype(np.int32)
        self.solver.changeColsBounds(len(columns), columns, lower, upper)

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
        return value[: self.missing], value[self.missing : self.missing + self.beside], value[self.columns]

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
        self.anchors = np.arange(self._column_count, self._column_count + len(rows))
        self._add(prices, nothing, np.arange(len(rows) + 1), self._place[rows], np.ones(len(rows)))

    # -- the basis, piece by piece ---------------------------------------------------------------------------------

    def basis(self) -> tuple[list[highspy.HighsBasisStatus], list[highspy.HighsBasisStatus]]:
        """Status of each column and row."""
        basis = self.solver.getBasis()
        return list(basis.col_status), list(basis.row_status)

    def place(self, rows: Integers) -> Integers:
        """Where these rows of the sieve are in the program."""
        return self._place[rows]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._row_count, self._column_count

    def start_from(self, columns: Sequence[highspy.HighsBasisStatus], rows: Sequence[highspy.HighsBasisStatus]) -> None:
        """Start from these statuses; where they are not quite a basis, HiGHS mends them."""
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status = list(columns), list(rows)
        basis.valid, basis.alien = True, True
        self.solver.setBasis(basis)
