"""The program as a minimum-cost flow: exact, integral, and fast at any size that fits in memory.

Flow runs from the source down the tree of seekers, along the pairs, and up the tree of slots to the sink; each row is the arc between a node and its parent,
and the row's bounds are the arc's. Seats short are cheap extra room on that arc. A by-pass from source to sink carries what is not assigned.

All goals are solved at once. In a minimum-cost flow only simple circles of the residual network matter, so a goal's weight need only outweigh what
the goals after it can change along one such circle; that is a far smaller number than their totals. Where even these weights overflow, goals are solved
in groups, and each group restricts the next to its optimal face: arcs with a reduced cost keep their flow.

Source: Ahuja, Magnanti and Orlin 1993, theorems 3.8 (flow decomposition) and 9.3 (reduced costs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from allocator.engines.base import Clock, Outcome, Progress, Reached
from allocator.engines.bihierarchy import Bihierarchy, Tree, bihierarchy
from allocator.errors import InternalError
from allocator.program import Objective, People, Program
from allocator.scenario import Integers

LARGEST_COST = 1 << 60
"""Largest cost times nodes that the solver's 64-bit scaling bears with room to spare."""


class Network:
    """The engine for rules that nest."""

    name = "network"

    def __init__(self, trees: Bihierarchy | None = None) -> None:
        self._trees = trees

    def solve(self, program: Program, clock: Clock, seed: int, progress: Progress) -> Outcome:
        trees = self._trees or bihierarchy(program)
        if isinstance(trees, str):
            raise ValueError(f"not a network: {trees}")
        if _impossible_empty_row(program):
            return Outcome("infeasible", "proved", None, ())
        arcs = _Arcs.of(program, trees)
        if (arcs.capacity < 0).any():
            return Outcome("infeasible", "proved", None, ())
        cost, flow = arcs.capacity, arcs.capacity
        for number, goals in enumerate(_groups(program, trees, arcs.nodes)):
            if number:
                arcs = arcs.as_cheap_as(cost, flow)
            cost = arcs.cost_of(_combined(program, goals))
            cheapest = arcs.cheapest(cost)
            if cheapest is None:
                if number:
                    raise InternalError("the optimal face of a network has no flow")
                return Outcome("infeasible", "proved", None, ())
            flow = cheapest
        columns = arcs.columns(program, flow)
        reached = tuple(Reached(objective, objective.value(columns), objective.value(columns)) for objective in program.objectives)
        for goal in reached:
            progress.incumbent(goal.objective.label, (goal.value or 0) / goal.objective.scale, (goal.bound or 0) / goal.objective.scale)
        return Outcome("optimal", "proved", columns, reached)


def _impossible_empty_row(program: Program) -> bool:
    """Whether a row without any pair asks for something that its own columns cannot give."""
    options = People.of(program.pairs, np.arange(len(program.pairs)))
    for block in program.rows:
        if (block.lower <= 0).all() and (block.upper >= 0).all():
            continue
        most, least = np.zeros(len(block), dtype=np.int64), np.zeros(len(block), dtype=np.int64)
        short = block.slack.coefficient > 0
        np.add.at(most, block.slack.row[short], program.upper[block.slack.column[short]])
        np.add.at(least, block.slack.row[~short], program.upper[block.slack.column[~short]])
        if (~block.has_pairs(program.pairs, options) & ((block.lower > most) | (block.upper < -least))).any():
            return True
    return False


# -- weights -----------------------------------------------------------------------------------------------------------


def _signed(program: Program, objective: Objective) -> Integers:
    """An objective's coefficients over all columns, to be maximised, without their greatest common divisor."""
    divisor = max(1, int(np.gcd.reduce(objective.coefficient))) if len(objective.coefficient) else 1
    return objective.dense(program.size) // divisor


def _combined(program: Program, goals: Sequence[tuple[Objective, int]]) -> Integers:
    """One cost per column for goals with their weights, to be minimised."""
    cost = np.zeros(program.size, dtype=np.int64)
    for objective, weight in goals:
        cost -= _signed(program, objective) * weight
    return cost


def _groups(program: Program, trees: Bihierarchy, nodes: int) -> list[list[tuple[Objective, int]]]:
    """Goals in groups that can be solved together, each goal with its weight; one empty group where there are no goals.

    A weight is one more than all that the later goals of the group can change along a simple circle.
    """
    most = LARGEST_COST // (nodes + 1)
    shapes = [_Shape.of(tree) for tree in (trees.seekers, trees.slots)]
    reach = [_reach(program, objective, shapes) for objective in program.objectives]
    groups: list[list[tuple[Objective, int]]] = [[]]
    weight, total = 1, 0
    for objective, (largest, change) in reversed(list(zip(program.objectives, reach, strict=True))):
        if groups[-1] and total + weight * largest > most:
            groups.append([])
            weight, total = 1, 0
        groups[-1].append((objective, weight))
        total += weight * largest
        weight += weight * change
    return [group[::-1] for group in reversed(groups)]


@dataclass(frozen=True, eq=False)
class _Shape:
    """What the weights need to know of a tree: nodes next to pairs, and how many nodes those hang from."""

    leaf: Integers
    nodes: int
    leaves: int
    above: int

    @classmethod
    def of(cls, tree: Tree) -> _Shape:
        used = np.bincount(tree.leaf, minlength=len(tree.parent)) > 0
        return cls(tree.leaf, len(tree.parent), int(used.sum()), len(np.unique(tree.parent[used])))


def _reach(program: Program, objective: Objective, shapes: Sequence[_Shape]) -> tuple[int, int]:
    """An objective's largest coefficient, and how much it can change along one simple circle of the residual network, at most.

    A circle meets each node once, and crosses from the tree of seekers to that of slots once more (or less) than back at most. So it uses no more
    pairs in either direction than the smaller side has nodes next to pairs; and where all pairs next to a node count the same, entering and leaving by them
    cancels: only the arc to the parent counts, of which each parent lends one in each direction.
    """
    signed = _signed(program, objective)
    of_pair, beside = signed[: len(program.pairs)], np.abs(signed[len(program.pairs) :])
    low, high = int(of_pair.min(initial=0)), int(of_pair.max(initial=0))
    largest = max(high, -low)
    change = largest + (int(of_pair.max(initial=low)) - int(of_pair.min(initial=high))) * min(shape.leaves for shape in shapes)
    for shape in shapes:
        if _same_at_each_leaf(shape, of_pair):
            change = min(change, (high - low) * shape.above)
    return max(largest, int(beside.max(initial=0))), change + int(beside.sum())


def _same_at_each_leaf(shape: _Shape, values: Integers) -> bool:
    """Whether all pairs next to a node count the same (the root is no such node)."""
    if len(values) == 0 or (shape.leaf == 0).any():
        return False
    one = np.zeros(shape.nodes, dtype=np.int64)
    one[shape.leaf] = values
    return bool((one[shape.leaf] == values).all())


# -- the flow ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Arcs:
    """Arcs of the network. Pair arcs come first; `column` is the column a unit of flow switches on (1) or saves (-1).

    `base` is flow already sent along each arc and `supply` what is left to send from each node.
    """

    nodes: int
    tail: Integers
    head: Integers
    capacity: Integers
    column: Integers
    sign: Integers
    base: Integers
    supply: Integers

    @classmethod
    def of(cls, program: Program, trees: Bihierarchy) -> _Arcs:
        pairs = len(program.pairs)
        shift = len(trees.seekers.parent)
        sink = shift
        nodes = shift + len(trees.slots.parent)
        parts: list[tuple[Integers, ...]] = [
            (
                trees.seekers.leaf,
                trees.slots.leaf + shift,
                np.ones(pairs, dtype=np.int64),
                np.arange(pairs),
                np.ones(pairs, dtype=np.int64),
                np.zeros(pairs, dtype=np.int64),
            )
        ]
        total = int((np.bincount(program.pairs.seeker) > 0).sum()) + 1
        parts += _tree_arcs(program, trees.seekers, 0, total, down=True)
        parts += _tree_arcs(program, trees.slots, shift, total, down=False)
        parts.append(_arc(0, sink, total, -1, 0, 0))
        tail, head, capacity, column, sign, base = (np.concatenate(part).astype(np.int64) for part in zip(*parts, strict=True))
        supply = np.zeros(nodes, dtype=np.int64)
        supply[0], supply[sink] = total, -total
        np.subtract.at(supply, tail, base)
        np.add.at(supply, head, base)
        return cls(nodes, tail, head, capacity - base, column, sign, base, supply)

    def cost_of(self, column_cost: Integers) -> Integers:
        """What a unit of flow costs on each arc."""
        return np.where(self.column >= 0, column_cost[self.column] * self.sign, 0)

    def cheapest(self, cost: Integers) -> Integers | None:
        """The cheapest flow, beyond what is already sent; None where there is no flow."""
        solver = SimpleMinCostFlow()
        arcs = solver.add_arcs_with_capacity_and_unit_cost(self.tail, self.head, self.capacity, cost)
        solver.set_nodes_supplies(np.arange(self.nodes), self.supply)
        status = solver.solve()
        if status in (solver.INFEASIBLE, solver.UNBALANCED):
            return None
        if status != solver.OPTIMAL:
            raise InternalError(f"the flow solver stopped with {status.name}")
        return np.asarray(solver.flows(arcs), dtype=np.int64)

    def as_cheap_as(self, cost: Integers, flow: Integers) -> _Arcs:
        """The network of the flows that are as cheap as a cheapest one: arcs with a reduced cost keep what they carry."""
        price = _prices(self, cost, flow)
        fixed = cost + price[self.tail] != price[self.head]
        kept = np.where(fixed, flow, 0)
        supply = self.supply.copy()
        np.subtract.at(supply, self.tail, kept)
        np.add.at(supply, self.head, kept)
        return replace(self, capacity=np.where(fixed, 0, self.capacity), base=self.base + kept, supply=supply)

    def columns(self, program: Program, flow: Integers) -> Integers:
        """Pairs with flow, and for each row's own columns the smallest value that its bounds allow."""
        columns = np.zeros(program.size, dtype=np.int64)
        pairs = len(program.pairs)
        columns[:pairs] = flow[:pairs] + self.base[:pairs]
        people = program.people(columns)
        for block in program.rows:
            if len(block.slack.row):
                activity = block.activity(program.pairs, columns, people)
                at, short = block.slack.row, block.slack.coefficient > 0
                missing = np.where(short, block.lower[at] - activity[at], activity[at] - block.upper[at])
                columns[block.slack.column] = np.maximum(missing, 0)
        return columns


def _prices(arcs: _Arcs, cost: Integers, flow: Integers) -> Integers:
    """Node prices under which no residual arc has a negative reduced cost: shortest distances, by rounds of improvement."""
    forward, backward = flow < arcs.capacity, flow > 0
    tail = np.concatenate([arcs.tail[forward], arcs.head[backward]])
    head = np.concatenate([arcs.head[forward], arcs.tail[backward]])
    length = np.concatenate([cost[forward], -cost[backward]])
    price = np.zeros(arcs.nodes, dtype=np.int64)
    for _ in range(arcs.nodes + 1):
        offered = price.copy()
        np.minimum.at(offered, head, price[tail] + length)
        if (offered == price).all():
            return price
        price = offered
    raise InternalError("a flow that was called cheapest can be made cheaper")


def _arc(tail: int, head: int, capacity: int, column: int, sign: int, base: int) -> tuple[Integers, ...]:
    return tuple(np.array([value], dtype=np.int64) for value in (tail, head, capacity, column, sign, base))


def _tree_arcs(program: Program, tree: Tree, shift: int, total: int, *, down: bool) -> list[tuple[Integers, ...]]:
    """The arcs between nodes and their parents: from the parent in the tree of seekers (`down`), to it in the tree of slots."""
    node = np.arange(1, len(tree.parent))
    lower, upper = np.zeros(len(node), dtype=np.int64), np.full(len(node), total, dtype=np.int64)
    arcs = []
    for number, block in enumerate(program.rows):
        here = np.flatnonzero(tree.block[1:] == number)
        if len(here) == 0:
            continue
        row = tree.row[1:][here]
        lower[here] = np.maximum(block.lower[row], 0)
        upper[here] = np.minimum(block.upper[row], total)
        for k, column, coefficient in zip(block.slack.row.tolist(), block.slack.column.tolist(), block.slack.coefficient.tolist(), strict=True):
            place = here[row == k]
            if len(place) == 0:
                continue
            at, extra = int(place[0]), min(int(program.upper[column]), total)
            ends = (tree.parent[at + 1] + shift, at + 1 + shift)
            tail, head = ends if down else ends[::-1]
            if coefficient > 0:
                # Flow up to the promise saves the seats-short column; only what that column cannot cover is compulsory.
                promised = int(min(lower[at], upper[at]))
                compulsory = max(0, int(lower[at]) - int(program.upper[column]))
                arcs.append(_arc(tail, head, promised - compulsory, column, -1, 0))
                upper[at] -= promised - compulsory
                lower[at] = compulsory
            else:
                arcs.append(_arc(tail, head, extra, column, 1, 0))
    first, last = tree.parent[1:] + shift, node + shift
    tail, head = (first, last) if down else (last, first)
    nothing = np.zeros(len(node), dtype=np.int64)
    arcs.append((tail, head, upper, nothing - 1, nothing, lower))
    return arcs
