"""OR-Tools `SimpleMinCostFlow` as somebody would call it who has worked out by hand that these rules are a flow. Knows groups that do not overlap, no more.

source -> group of seekers -> seeker -> slot -> group of slots -> sink, and a by-pass for who gets nothing. A group's least number is sent in advance.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from allocator.program import FREE, Program
from allocator.scenario import Integers
from benchmarks.instances import Instance, goal_of
from benchmarks.peer import Answer, Laps, NotApplicableError, Terms

SOURCE, SINK = 0, 1


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:  # noqa: ARG001 - it knows neither gap nor limit
    """Arrays of arcs in, flows out; exact, so the bound is the value."""
    with laps("load"):
        program = instance.program
    with laps("build"):
        tail, head, capacity, cost, supply = _arcs(program)
        flow = SimpleMinCostFlow()
        arcs = flow.add_arcs_with_capacity_and_unit_cost(tail, head, capacity, cost)
        flow.set_nodes_supplies(np.arange(len(supply)), supply)
    with laps("solve"):
        status = flow.solve()
        found = flow.flows(arcs[: len(program.pairs)]) if status == flow.OPTIMAL else None
    if found is None:
        return Answer(None, None, str(status))
    return Answer(found, program.objectives[0].value(found), str(status))


def _arcs(program: Program) -> tuple[Integers, Integers, Integers, Integers, Integers]:
    """Tails, heads, capacities and costs of the arcs, pairs first; supplies of the nodes."""
    seekers, slots = _side(program, "seeker"), _side(program, "slot")
    people, orders = len(seekers.group), len(slots.group)
    seeker, slot = 2, 2 + people
    seeker_group = slot + orders
    slot_group = seeker_group + len(seekers.least)
    above_seeker = np.where(seekers.group >= 0, seeker_group + seekers.group, SOURCE)
    above_slot = np.where(slots.group >= 0, slot_group + slots.group, SINK)
    supply = np.zeros(slot_group + len(slots.least), dtype=np.int64)
    supply[[SOURCE, SINK]] = people, -people
    groups_up, groups_down = seeker_group + np.arange(len(seekers.least)), slot_group + np.arange(len(slots.least))
    supply[SOURCE] -= seekers.least.sum()
    supply[groups_up] += seekers.least
    supply[groups_down] -= slots.least
    supply[SINK] += slots.least.sum()
    pairs, nobody = len(program.pairs), np.array([people])
    tail = [program.pairs.seeker + seeker, above_seeker, slot + np.arange(orders), np.full(len(groups_up), SOURCE), groups_down, [SOURCE]]
    head = [program.pairs.slot + slot, seeker + np.arange(people), above_slot, groups_up, np.full(len(groups_down), SINK), [SINK]]
    room = [np.ones(pairs), seekers.most_each, slots.most_each, seekers.most - seekers.least, slots.most - slots.least, nobody]
    cost = np.zeros(sum(map(len, tail)), dtype=np.int64)
    cost[:pairs] = -goal_of(program)
    ends = (np.concatenate(part).astype(np.int64) for part in (tail, head, room))
    return (*ends, cost, supply)  # type: ignore[return-value]


class _side:  # noqa: N801 - a record, made by its own constructor
    """One side's rows: how much of each element, the group of each element (-1 for none), and the groups' bounds."""

    def __init__(self, program: Program, side: str) -> None:
        pairs = getattr(program.pairs, side)
        blocks = [(block, getattr(block, f"of_{side}")) for block in program.rows]
        single = next((block, of) for block, of in blocks if of is not None and block.kind == ("one_slot_each" if side == "seeker" else "slot_openings"))
        count, total = len(single[1]), len(single[0])
        assert int(pairs.max(initial=-1)) < count
        assert total == count
        self.most_each = single[0].upper[single[1]]
        self.group = np.full(count, -1, dtype=np.int64)
        least, most = [], []
        for block, of in blocks:
            if block is single[0] or (of is None and (block.pair is None)):
                continue
            if of is None:
                raise NotApplicableError(f"{block.row_name(0)} is not about whole groups of seekers or slots, which a flow by hand cannot say.")
            for row in range(len(block)):
                members = of == row
                known = np.unique(self.group[members])
                if len(known) != 1 or (known[0] >= 0 and not np.array_equal(self.group == known[0], members)):
                    raise NotApplicableError(f"{block.row_name(row)} overlaps another group.")
                if known[0] < 0:
                    self.group[members] = known[0] = len(least)
                    least.append(0)
                    most.append(FREE)
                least[known[0]] = max(least[known[0]], int(block.lower[row]))
                most[known[0]] = min(most[known[0]], int(block.upper[row]))
        size = int(self.most_each.sum())
        self.least = np.array(least, dtype=np.int64)
        self.most = np.minimum(np.array(most, dtype=np.int64), size)
