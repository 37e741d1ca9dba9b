"""Is the program a network? The exact test, and the two trees it finds.

Every row that counts people is a set of pairs. The rows form a *bihierarchy* when they split into two families, in each of which any two sets are
disjoint or nested; then the program is a minimum-cost flow through a tree of seekers and a tree of slots, and its corners are integral.

Two sets *cross* when they overlap and neither contains the other; crossing sets must be in different families. So the rows form a bihierarchy
exactly when the graph of crossings can be coloured with two colours.

Source: Budish, Che, Kojima and Milgrom, AER 2013, theorem 1; Edmonds 1970.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from allocator.program import Program, Rows
from allocator.scenario import Integers, Mask, Positions


@dataclass(frozen=True, eq=False)
class Tree:
    """A laminar family as a tree. Node 0 is the root (all pairs); node k holds one row.

    `parent` per node; `block` and `row` say which row a node stands for; `leaf` is the innermost node of each pair.
    """

    parent: Integers
    block: Integers
    row: Integers
    leaf: Integers


@dataclass(frozen=True, eq=False)
class Bihierarchy:
    """The two trees; rows without pairs are in neither."""

    seekers: Tree
    slots: Tree


def bihierarchy(program: Program) -> Bihierarchy | str:
    """The program's two trees, or one sentence that says which rows keep it from being a network."""
    for block in program.rows:
        if not counts_people(block):
            return f"{block.row_name(0)} weighs people differently"
    by_side = _by_side(program)
    return by_side if by_side is not None else _by_crossing(program)


def counts_people(block: Rows) -> bool:
    """Whether every pair of each row counts as much as any other of that row, so that the row is a set of pairs."""
    return block.coefficient is None or bool((block.coefficient == 1).all())


# -- the common case: every row is about whole seekers or whole slots ------------------------------------------------


def _by_side(program: Program) -> Bihierarchy | None:
    """Both trees when every block is said by seeker or by slot; None when that does not settle it.

    Sets of whole seekers overlap just as the seekers do, so the families are compared over seekers, not over pairs.
    """
    if any(block.of_seeker is None and block.of_slot is None for block in program.rows):
        return None
    trees = []
    for side, of_pair in (("of_seeker", program.pairs.seeker), ("of_slot", program.pairs.slot)):
        blocks = [(number, getattr(block, side)) for number, block in enumerate(program.rows) if getattr(block, side) is not None]
        tree = _laminar_over_elements(blocks, of_pair)
        if tree is None:
            return None
        trees.append(tree)
    return Bihierarchy(*trees)


def _laminar_over_elements(blocks: list[tuple[int, Positions]], of_pair: Positions) -> Tree | None:
    """The tree of partial partitions of seekers (or slots), or None when two of their sets cross."""
    size = max((len(rows) for _, rows in blocks), default=int(of_pair.max()) + 1 if len(of_pair) else 0)
    present = np.zeros(size, dtype=bool)
    present[of_pair] = True
    parent, block_of, row_of = [np.zeros(1, dtype=np.int64)], [np.array([-1])], [np.array([-1])]
    innermost = np.zeros(size, dtype=np.int64)
    nodes = 1
    singles = [(number, rows) for number, rows in blocks if _one_each(rows[present])]
    for number, row, members in _large_first([entry for entry in blocks if not any(entry[1] is rows for _, rows in singles)], present):
        above = innermost[members]
        if (above != above[0]).any():
            return None
        innermost[members] = nodes
        nodes += 1
        parent.append(above[:1])
        block_of.append(np.array([number]))
        row_of.append(np.array([row]))
    for number, rows in singles:
        members = np.flatnonzero(present & (rows >= 0))
        parent.append(innermost[members])
        block_of.append(np.full(len(members), number))
        row_of.append(rows[members].astype(np.int64))
        innermost[members] = np.arange(nodes, nodes + len(members))
        nodes += len(members)
    return Tree(np.concatenate(parent), np.concatenate(block_of), np.concatenate(row_of), innermost[of_pair])


def _one_each(rows: Positions) -> bool:
    """Whether no two elements share a row: such sets nest inside any other."""
    used = rows[rows >= 0]
    return len(used) > 0 and bool(np.bincount(used).max() == 1)


def _large_first(blocks: list[tuple[int, Positions]], present: Mask) -> list[tuple[int, int, Integers]]:
    """Every set of these blocks as (block, row, elements), larger ones first."""
    sets = []
    for number, rows in blocks:
        members = np.flatnonzero(present & (rows >= 0))
        order = members[np.argsort(rows[members], kind="stable")]
        cuts = np.flatnonzero(np.diff(rows[order])) + 1
        sets += [(number, int(rows[part[0]]), part) for part in np.split(order, cuts) if len(part)]
    return sorted(sets, key=lambda entry: -len(entry[2]))


# -- the general case: any sets of pairs -----------------------------------------------------------------------------


def _by_crossing(program: Program) -> Bihierarchy | str:
    """Colour the graph of crossings with two colours, over the pairs themselves."""
    sets, names = _incidence(program)
    family = two_families(sets)
    if isinstance(family, int):
        block, row = names[0][family], names[1][family]
        return f"{program.rows[block].row_name(int(row))} crosses both seekers' and slots' rows"
    return Bihierarchy(*(_tree(sets, np.flatnonzero(family == side), names) for side in (0, 1)))


def _incidence(program: Program) -> tuple[csr_array, tuple[Integers, Integers]]:
    """Rows that have pairs, as a 0-1 matrix over pairs, with the block and number of each row."""
    parts, block_of, row_of, start = [], [], [], 0
    for number, block in enumerate(program.rows):
        row, pair, _ = block.entries(program.pairs)
        used, compact = np.unique(row, return_inverse=True)
        parts.append((compact + start, pair))
        block_of.append(np.full(len(used), number))
        row_of.append(used)
        start += len(used)
    row, pair = np.concatenate([r for r, _ in parts]), np.concatenate([p for _, p in parts])
    sets = csr_array(coo_array((np.ones(len(row), dtype=np.int32), (row, pair)), shape=(start, len(program.pairs))))
    return sets, (np.concatenate(block_of), np.concatenate(row_of))


def two_families(sets: csr_array) -> Integers | int:
    """Family 0 or 1 of each set (a row of a 0-1 matrix), or the number of a set that fits in neither.

    The largest sets on an odd circle of crossings are named first, since those are the ones a policy's author wrote.
    """
    size = np.asarray(sets.sum(axis=1)).ravel()
    common = coo_array(sets @ sets.T)
    one, other = common.coords
    crossing = (common.data < size[one]) & (common.data < size[other]) & (common.data > 0)
    one, other = one[crossing], other[crossing]
    count = len(size)
    # Each set appears twice, once per colour; an edge joins opposite colours. A set joined to itself sits on an odd circle.
    tail, head = np.concatenate([one, one + count]), np.concatenate([other + count, other])
    cover = csr_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(2 * count, 2 * count))
    _, component = connected_components(cover, directed=False)
    stuck = np.flatnonzero(component[:count] == component[count:])
    if len(stuck):
        return int(stuck[np.argmax(size[stuck])])
    family: Integers = (component[:count] > component[count:]).astype(np.int64)
    return family


def _tree(sets: csr_array, members: Integers, names: tuple[Integers, Integers]) -> Tree:
    """The tree of one laminar family of pair sets."""
    size = np.diff(sets.indptr)[members]
    leaf = np.zeros(sets.shape[1], dtype=np.int64)
    order = members[np.argsort(-size, kind="stable")]
    parent = np.zeros(len(order) + 1, dtype=np.int64)
    for node, number in enumerate(order, start=1):
        inside = sets.indices[sets.indptr[number] : sets.indptr[number + 1]]
        parent[node] = leaf[inside[0]]
        leaf[inside] = node
    minus = np.array([-1])
    return Tree(parent, np.concatenate([minus, names[0][order]]), np.concatenate([minus, names[1][order]]), leaf)
