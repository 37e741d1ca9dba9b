"""A start for very large relaxations: price the long rows on a sample, solve the blocks that are left, join what they found.

Most rows of a large program are short: a slot, an employer, a representative with two dozen slots. Only few are long: a promise to a partner, the budget.
Once the long rows have prices, the slots fall apart into blocks that hardly meet but in a seeker or two, and a hundred small programs are
solved in a fraction of the time of one large one (the simplex method pays for the length of its vectors at every step). A sample of one block, with the
long rows cut down to its share, gives prices; the blocks give prices, pairs and a basis of everything else; the whole program starts from those.

It is a start only: nothing that is left out or wrong here is lost, it only takes longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from allocator.engines.master import AT_LOWER, AT_UPPER, BASIC, Basis, Statuses
from allocator.engines.relaxation import Sifter
from allocator.engines.sieve import Goal, Level, Prices, Sieve
from allocator.scenario import Floats, Integers

WORTH_IT = 300_000
"""Pairs from which the blocks are tried."""
BLOCK = 1_000
"""Slots of a block, about."""
LONG = 100
"""A row is long when its pairs lie in more slots than one in so many."""
NEAR = 3.0
"""Pairs of a block that come along: those that lack less than this, where the largest coefficient is 100."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """`of_slot[j]` is the block of a slot; `long` are the rows that cross them, `short` the others, all by number."""

    of_slot: Integers
    count: int
    long: Integers
    short: Integers

    @classmethod
    def of(cls, sieve: Sieve) -> Blocks | None:
        """The blocks of a program; None where it is too small for them, or does not fall apart."""
        slots = int(sieve.slot.max(initial=-1)) + 1
        if len(sieve) < WORTH_IT or slots < 3 * BLOCK or len(sieve.beside.indices) > slots:
            return None
        touches = _slots_of_rows(sieve, slots)
        width = np.diff(touches.indptr)
        seekers_rows = np.zeros(len(sieve.lower), dtype=bool)
        seekers_rows[sieve.by_seeker.indices] = True
        is_long = (width > slots / LONG) | seekers_rows
        is_long[sieve.beside.indices] = True
        long = sieve.priced[is_long[sieve.priced]]
        short = sieve.priced[~is_long[sieve.priced]]
        links = touches[short]
        _, component = connected_components(csr_matrix((np.ones(links.nnz), links.indices, links.indptr), shape=links.shape).T @ links, directed=False)
        sizes = np.bincount(component)
        if sizes.max() > 4 * BLOCK or len(long) > slots / 4:
            return None
        order = np.argsort(component, kind="stable")
        of_component = (np.cumsum(sizes) - 1) // BLOCK
        of_slot = np.empty(slots, dtype=np.int64)
        of_slot[order] = of_component[component[order]]
        _, of_slot = np.unique(of_slot, return_inverse=True)
        return cls(of_slot, int(of_slot.max()) + 1, long, short)


def _slots_of_rows(sieve: Sieve, slots: int) -> csr_matrix:
    """Which slots have a pair in which row, `[row, slot]`, ones; without what is told through seekers."""
    pair = np.repeat(np.arange(len(sieve), dtype=np.int32), np.diff(sieve.by_pair.indptr))
    keys = np.unique(sieve.by_pair.indices.astype(np.int64) * slots + sieve.slot[pair])
    here = sieve.by_slot.tocoo()
    row, slot = np.concatenate([keys // slots, here.col]), np.concatenate([keys % slots, here.row])
    return csr_matrix((np.ones(len(row)), (row, slot)), shape=(len(sieve.lower), slots))


def start_by_blocks(sieve: Sieve, goal: Goal, sifter: Sifter, blocks: Blocks, top: Callable[[Floats, Integers], Integers], over: Callable[[], bool]) -> None:
    """Fill the sifter's program from the blocks. `top(worth, pairs)` picks promising ones among some pairs."""
    block_of_pair = blocks.of_slot[sieve.slot]
    order = np.argsort(block_of_pair, kind="stable")
    ends = np.searchsorted(block_of_pair[order], np.arange(blocks.count + 1))
    long_prices = _sampled(sieve, goal, blocks, np.sort(order[: ends[1]]), top, over)
    if long_prices is None:
        return
    worth = sieve.worth(Goal(goal.level), Prices(long_prices, np.empty(0)))
    found = _Found(sieve, long_prices)
    for number in range(blocks.count):
        if over():
            return
        found.add(np.sort(order[ends[number] : ends[number + 1]]), blocks.short, worth, top, over)
    found.join(sifter, goal, blocks.long)


def _sampled(sieve: Sieve, goal: Goal, blocks: Blocks, pairs: Integers, top: Callable[[Floats, Integers], Integers], over: Callable[[], bool]) -> Floats | None:
    """Prices of the long rows as one block has them, with its share of each row's room."""
    share = len(pairs) / len(sieve)
    lower, upper = sieve.lower.copy(), sieve.upper.copy()
    lower[blocks.long] *= share
    upper[blocks.long] *= share
    rows = sieve.priced
    sample = sieve.part(pairs, rows, lower[rows], upper[rows])
    mine = Goal(Level(goal.level.pairs[pairs], np.empty(0), goal.level.unit))
    relaxed = Sifter(sample, _numbers(pairs, top(goal.level.pairs, pairs))).relax_with_missing(mine, over)
    if relaxed is None:
        return None
    prices = np.zeros(len(sieve.lower))
    is_long = np.zeros(len(sieve.lower), dtype=bool)
    is_long[blocks.long] = True
    prices[rows] = np.where(is_long[rows], relaxed.prices.rows, 0.0)
    return prices


def _numbers(among: Integers, some: Integers) -> Integers:
    return np.searchsorted(among, some)


class _Found:
    """What the blocks found: pairs and their status, prices and status of rows, seekers whose own rows bind."""

    def __init__(self, sieve: Sieve, long_prices: Floats) -> None:
        self.sieve = sieve
        self.prices = long_prices.copy()
        self.row_status = np.full(len(sieve.lower), BASIC, dtype=object)
        self.own: dict[int, highspy.HighsBasisStatus] = {}
        self.pairs: list[Integers] = []
        self.status: list[Statuses] = []

    def add(self, pairs: Integers, short: Integers, worth: Floats, top: Callable[[Floats, Integers], Integers], over: Callable[[], bool]) -> None:
        """Solve the block of these pairs with the long rows priced."""
        sieve = self.sieve
        used = np.zeros(len(sieve.lower), dtype=bool)
        used[sieve.columns(pairs).indices] = True
        rows = short[used[short]]
        part = sieve.part(pairs, rows, sieve.lower[rows], sieve.upper[rows])
        block = Sifter(part, _numbers(pairs, top(worth, pairs)))
        relaxed = block.relax(Goal(Level(np.where(np.isfinite(worth[pairs]), worth[pairs], 0.0), np.empty(0), 1.0)), over)
        if isinstance(relaxed, str):
            return
        stand = block.master.stand()
        near = (relaxed.margin(part)[stand.pairs] < NEAR) | (stand.status != AT_LOWER)
        self.pairs.append(pairs[stand.pairs[near]])
        self.status.append(stand.status[near])
        self.prices[rows] = relaxed.prices.rows
        self.row_status[rows] = stand.rows
        people = np.unique(sieve.seeker[pairs])
        for who, status in zip(people[stand.seekers].tolist(), stand.own.tolist(), strict=True):
            if who not in self.own or status != BASIC:
                self.own[who] = status

    def join(self, sifter: Sifter, goal: Goal, long: Integers) -> None:
        """Put it all into the whole program and set its basis."""
        priced = long[self.prices[long] != 0]
        sifter.master.anchor(priced, self.prices[priced])
        pairs = np.concatenate(self.pairs)
        sifter.let_in(pairs, goal)
        self.row_status[priced] = np.where(self.prices[priced] > 0, AT_UPPER, AT_LOWER)
        seekers = np.array(sorted(self.own), dtype=np.int64)
        own = np.empty(len(seekers), dtype=object)
        own[:] = [self.own[who] for who in seekers.tolist()]
        beside = np.full(len(self.sieve.beside_upper), AT_LOWER, dtype=object)
        sifter.master.start_from(Basis(pairs, np.concatenate(self.status), beside, self.row_status, seekers, own))
