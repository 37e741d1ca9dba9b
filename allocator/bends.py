"""When nothing fits: by how much each rule would have to give way, in the cheapest set of bends that leaves a solution.

The rows are those that were found impossible, each with a column for falling short and one for going over; a row's `bend` says what a unit costs.
"""

from __future__ import annotations

from dataclasses import dataclass

from allocator.engines.base import Clock, Progress
from allocator.engines.choose import choose
from allocator.program import Program

UNITS = {"staff_capacity": "points", "budget": "cents"}


@dataclass(frozen=True)
class Bend:
    """One row that gives way: what it asks for and what would be possible, in `unit`; `short` is the distance."""

    kind: str
    label: str
    key: str
    name: str
    required: int
    possible: int
    short: int
    unit: str
    why: str = ""


@dataclass(frozen=True)
class Bends:
    """A set of bends that leaves a solution; `proved` where no cheaper set does."""

    bends: tuple[Bend, ...] = ()
    proved: bool = False


NO_BENDS = Bends()


def cheapest_bends(program: Program, clock: Clock, seed: int, progress: Progress) -> Bends:
    """The bends that make an impossible program possible at the least total price.

    None at all means that no bending helps (rules that cannot bend are in conflict), or that time ran out before any was found.
    """
    elastic, bending = program.elastic()
    outcome = choose(elastic).engine.solve(elastic, clock, seed, progress)
    if outcome.columns is None:
        return NO_BENDS
    bends = []
    for block, short, over in bending:
        for row in range(len(block)):
            for column, required, sign in ((short[row], block.lower[row], -1), (over[row], block.upper[row], 1)):
                amount = int(outcome.columns[column]) if column >= 0 else 0
                if amount:
                    key = str(block.names[row]) if len(block.names) else ""
                    unit = UNITS.get(block.kind, "people")
                    bends.append(Bend(block.kind, block.label, key, block.row_name(row), int(required), int(required) + sign * amount, amount, unit))
    return Bends(tuple(bends), outcome.status == "optimal")
