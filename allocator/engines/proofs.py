"""Proofs of bounds, and their check: `proved_bound` looks at every bound on its way out, as `check` looks at every plan.

An engine may claim what it likes; what counts is what its proof shows in exact integers over all columns of the program.
There are four kinds of proof:

- `PriceProof`: prices of rows. The bound is added up from them.
- `KnapsackProof`: prices at which rows with room of their own are filled with whole people.
- `SearchProof`: prices that leave few columns open, cuts with their recipes, and a tree of cases with prices for each.
- `IntegerProof`: the word of a method that computes in integers throughout and looks at every solution: CP-SAT. It is
  taken, since there is no rounding in it; so is what CP-SAT says of the columns that a `SearchProof` leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allocator.engines.base import Hold
from allocator.engines.branch_and_cut import Case, Fork, Rows, Tree, part_of, settled
from allocator.engines.cuts import Recipe, derive
from allocator.engines.exact import ProgramPrices, RowPrices, Valuation, evaluated, valued
from allocator.engines.integer import Model
from allocator.engines.knapsacks import Knapsacks, filled_exactly
from allocator.program import Program, dot, total_of
from allocator.scenario import Integers, Mask


@dataclass(frozen=True, eq=False)
class PriceProof:
    """Prices of the program's rows."""

    prices: ProgramPrices


@dataclass(frozen=True, eq=False)
class KnapsackProof:
    """Prices of the program's rows and of each seeker's own: knapsacks filled with whole people at these prices give the bound."""

    prices: ProgramPrices
    own: Integers

    def bound(self, program: Program, goal: Integers, holds: Sequence[Hold]) -> int | None:
        """The bound, added up anew; None where the prices prove nothing."""
        found, knapsacks = valued(program, goal, holds, self.prices), Knapsacks.of(program)
        if found is None or knapsacks is None or not found.once or (self.own < 0).any() or len(self.own) != len(found.best):
            return None
        gain = np.where(found.worth <= -(1 << 62), 0, found.worth - self.own[program.pairs.seeker])
        filled = filled_exactly(knapsacks, gain)
        if filled is None:
            return None
        return (found.total - total_of(found.best) + total_of(self.own) + filled) >> found.bits


@dataclass(frozen=True)
class IntegerProof:
    """What a method says that computes in integers: the largest value, or None where there is no solution."""

    method: str
    bound: int | None


@dataclass(frozen=True, eq=False)
class Reduction:
    """Pairs that a search for solutions of `beyond` or more leaves out, and such as it takes for settled, because of prices of the program's rows."""

    beyond: int
    prices: ProgramPrices
    pairs: Integers
    settled: Integers

    @classmethod
    def of(cls, program: Program, valuation: Valuation, prices: ProgramPrices, beyond: int) -> Reduction:
        """All pairs that can be in no solution that reaches `beyond` are left out; a seeker's only hope is settled."""
        open_, sure = _open_and_sure(program, valuation, beyond)
        return cls(beyond, prices, np.flatnonzero(open_ & ~sure), np.flatnonzero(sure))


@dataclass(frozen=True, eq=False)
class SearchProof:
    """No solution has a goal of `beyond` or more; where `beyond` is None there is no solution at all.

    `recipes` are cuts of all columns; `fixing` leaves some of them open, and under the row "the goal is `asked` or more" `further` are cuts of
    those. `nodes` is a tree of cases; without any, the method named in `by` has looked at all that is open, in integers.
    """

    beyond: int | None
    recipes: tuple[Recipe, ...]
    fixing: RowPrices | None
    asked: int | None
    further: tuple[Recipe, ...]
    nodes: tuple[Case | Fork, ...]
    reduction: Reduction | None = None
    by: str = "tree"

    @classmethod
    def plain(cls, beyond: int | None, rows: Rows, case: Case, reduction: Reduction | None = None) -> SearchProof:
        """One case, which prices of all rows settle."""
        recipes, place = _needed(rows, _priced(rows, [case.prices]))
        return cls(beyond, recipes, None, None, (), (replace(case, prices=_placed(case.prices, place, extra=1)),), reduction)

    @classmethod
    def of_tree(cls, beyond: int | None, tree: Tree, reduction: Reduction | None = None) -> SearchProof:
        """The proof of a tree that is settled, with the cuts that have a part in it."""
        part, whole, fixing = tree.part, tree.rows, tree.fixing
        of_whole = part.base - 1
        """Rows of the part that the whole has as well; then comes the row that asks, then the part's own cuts."""
        used = _priced(part, [node.prices for node in tree.nodes if isinstance(node, Case)])
        _, place = _needed(part, used)
        # `_needed` has marked in `used` the rows that the part's own cuts follow from.
        recipes, outer = _needed(whole, used[:of_whole] | _priced(whole, [] if fixing is None else [fixing]))
        kept, own = np.flatnonzero(outer >= 0), part.base + np.flatnonzero(place[part.base :] >= 0)
        inner = np.full(len(place), -1, dtype=np.int64)
        inner[np.concatenate([kept, [of_whole], own])] = np.arange(len(kept) + 1 + len(own))
        further = tuple(replace(part.recipes[cut], rows=inner[part.recipes[cut].rows]) for cut in (own - part.base).tolist())
        nodes = tuple(replace(node, prices=_placed(node.prices, inner)) if isinstance(node, Case) else node for node in tree.nodes)
        return cls(beyond, recipes, None if fixing is None else _placed(fixing, outer), tree.asked, further, nodes, reduction)

    @classmethod
    def of_method(cls, beyond: int | None, rows: Rows, fixing: RowPrices | None, by: str, reduction: Reduction | None = None) -> SearchProof:
        """What a method found that looked at all that the fixing leaves open."""
        recipes, place = _needed(rows, _priced(rows, [] if fixing is None else [fixing]))
        return cls(beyond, recipes, None if fixing is None else _placed(fixing, place), None, (), (), reduction, by)


def _priced(rows: Rows, prices: Sequence[RowPrices]) -> Mask:
    """Which rows have a price."""
    used = np.zeros(len(rows.lower), dtype=bool)
    for told in prices:
        used[np.flatnonzero(told.numbers)] = True
    return used


def _needed(rows: Rows, used: Mask) -> tuple[tuple[Recipe, ...], Integers]:
    """The cuts that are used, or that used ones follow from, with their rows numbered anew; and each row's new number, -1 for cuts left out.

    Marks in `used` what used cuts follow from.
    """
    base, recipes = rows.base, rows.recipes
    for number in range(len(recipes) - 1, -1, -1):
        if used[base + number]:
            used[recipes[number].rows] = True
    kept = used.copy()
    kept[:base] = True
    place = np.where(kept, np.cumsum(kept) - 1, -1)
    return tuple(replace(recipe, rows=place[recipe.rows]) for number, recipe in enumerate(recipes) if kept[base + number]), place


def _placed(prices: RowPrices, place: Integers, extra: int = 0) -> RowPrices:
    """Prices of the rows that are kept, by their new numbers; `extra` rows without a price come after them."""
    padded = np.zeros(len(place), dtype=prices.numbers.dtype)
    padded[: len(prices.numbers)] = prices.numbers
    told = np.zeros(int((place >= 0).sum()) + extra, dtype=prices.numbers.dtype)
    told[place[place >= 0]] = padded[place >= 0]
    return RowPrices(told, prices.bits)


EXACT_METHODS = ("CP-SAT",)
"""Methods that compute in integers throughout and look at every solution of a model."""

Proof = PriceProof | KnapsackProof | SearchProof | IntegerProof


def proved_bound(program: Program, goal: Integers, holds: Sequence[Hold], proofs: Sequence[Proof]) -> int | None:
    """The least bound on a goal (to be maximised) that proofs show, exactly; None where they show none."""
    bounds = [bound for proof in proofs if (bound := _bound_of(program, goal, holds, proof)) is not None]
    return min(bounds, default=None)


def proved_empty(program: Program, holds: Sequence[Hold], proofs: Sequence[Proof]) -> bool:
    """Whether one of the proofs shows, exactly, that no solution keeps the program's rows and holds."""
    nothing = np.zeros(program.size, dtype=np.int64)
    for proof in proofs:
        if isinstance(proof, IntegerProof) and proof.bound is None:
            return True
        if isinstance(proof, PriceProof):
            found = valued(program, nothing, holds, proof.prices)
            if found is not None and found.total < 0:
                return True
        if isinstance(proof, SearchProof) and proof.beyond is None and _holds_up(program, nothing, holds, proof, 0):
            return True
    return False


def _bound_of(program: Program, goal: Integers, holds: Sequence[Hold], proof: Proof) -> int | None:
    if isinstance(proof, IntegerProof):
        return proof.bound
    if isinstance(proof, KnapsackProof):
        return proof.bound(program, goal, holds)
    if isinstance(proof, PriceProof):
        found = valued(program, goal, holds, proof.prices)
        return None if found is None else found.bound
    if proof.beyond is None:
        return None
    return proof.beyond - 1 if _holds_up(program, goal, holds, proof, proof.beyond) else None


def _holds_up(program: Program, goal: Integers, holds: Sequence[Hold], proof: SearchProof, beyond: int) -> bool:
    """Whether a search proves that no solution's goal reaches `beyond`."""
    pairs = chosen = None
    if proof.reduction is not None:
        pairs, chosen = proof.reduction.pairs, proof.reduction.settled
        if not _leaves_nothing_out(program, goal, holds, proof.reduction, beyond):
            return False
    model = Model.of(program, goal, holds, pairs=pairs, settled=chosen).tightened()
    already = 0 if chosen is None else int(goal[chosen].sum())
    rows = with_cuts(Rows(model.matrix, model.lower, model.upper, len(model.lower)), model.most, proof.recipes)
    if rows is None:
        return False
    least = -((already - beyond) // model.divisor)  # rounded up: only multiples of the divisor can be reached
    free, at = np.ones(len(model.goal), dtype=bool), np.zeros(len(model.goal), dtype=np.int64)
    if proof.fixing is not None:
        found = evaluated(rows.matrix, rows.lower, rows.upper, model.goal, np.zeros_like(model.most), model.most, proof.fixing)
        if found is None:
            return False
        # A tree was made for solutions of `asked` or more; what it was to be beyond in the end may be more than that, and leaves fewer columns open.
        free, at = settled(*found, model.most, (least if proof.asked is None else min(proof.asked, least)) << proof.fixing.bits)
    if proof.by in EXACT_METHODS:
        return True
    if proof.asked is not None and proof.asked > least:
        return False
    columns = np.flatnonzero(free)
    part = with_cuts(part_of(rows, model.goal, free, at, proof.asked), model.most[columns], proof.further)
    return part is not None and _all_settled(part, model, columns, at, least, proof.nodes)


def with_cuts(rows: Rows, most: Integers, recipes: Sequence[Recipe]) -> Rows | None:
    """Rows with the cuts of some recipes, derived anew; None where a recipe gives no cut."""
    for recipe in recipes:
        if len(recipe.rows) and not 0 <= int(recipe.rows.min()) <= int(recipe.rows.max()) < len(rows.lower):
            return None
        cut = derive(rows.matrix, rows.lower, rows.upper, most, recipe)
        if cut is None:
            return None
        rows = rows.add([cut])
    return rows


def _all_settled(part: Rows, model: Model, columns: Integers, at: Integers, least: int, nodes: Sequence[Case | Fork]) -> bool:
    """Whether the nodes are a whole tree, every case of which is settled."""
    place = {int(column): number for number, column in enumerate(columns)}
    matrix, goal, lower, upper, already = part.matrix, model.goal[columns], part.lower, part.upper, dot(model.goal, at)
    open_cases = [(np.zeros(len(columns), dtype=np.int64), model.most[columns])]
    for node in nodes:
        if not open_cases:
            return False
        low, high = open_cases.pop()
        if isinstance(node, Fork):
            if node.column not in place or not low[place[node.column]] <= node.value < high[place[node.column]]:
                return False
            below, above = (low, high.copy()), (low.copy(), high)
            below[1][place[node.column]], above[0][place[node.column]] = node.value, node.value + 1
            open_cases += [above, below]
            continue
        if len(node.prices.numbers) != len(lower):
            return False
        asked = np.zeros_like(goal) if node.empty else goal
        found = evaluated(matrix, lower, upper, asked, low, high, node.prices)
        if found is None or found[0] >= (0 if node.empty else (least - already) << node.prices.bits):
            return False
    return not open_cases


def _open_and_sure(program: Program, valuation: Valuation, beyond: int) -> tuple[Mask, Mask]:
    """Pairs that a solution reaching `beyond` may have, and pairs that each such solution has."""
    room = valuation.short_of(beyond)
    open_ = np.asarray(valuation.margin <= room, dtype=bool)
    sure = np.zeros(len(open_), dtype=bool)
    if valuation.once and len(open_):
        seeker = program.pairs.seeker
        others = valuation.worth.copy()
        leading = np.flatnonzero(valuation.margin <= 0)
        _, first = np.unique(seeker[leading], return_index=True)
        leading = leading[first]
        others[leading] = others.min(initial=0)
        start = np.flatnonzero(np.r_[True, seeker[1:] != seeker[:-1]])
        second = valuation.best * 0
        second[seeker[start]] = np.maximum(np.maximum.reduceat(others, start), 0)
        certain = np.asarray(valuation.best - second > room, dtype=bool)
        sure[leading] = certain[seeker[leading]]
        open_ &= ~certain[seeker] | sure
    return open_, sure


def _leaves_nothing_out(program: Program, goal: Integers, holds: Sequence[Hold], reduction: Reduction, beyond: int) -> bool:
    found = valued(program, goal, holds, reduction.prices)
    if found is None:
        return False
    open_, sure = _open_and_sure(program, found, beyond)
    inside = np.zeros(len(open_), dtype=bool)
    inside[reduction.pairs] = True
    claimed = np.zeros(len(open_), dtype=bool)
    claimed[reduction.settled] = True
    return bool((inside | claimed)[open_].all() and sure[claimed].all())
