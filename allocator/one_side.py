"""Policies whose programs differ in one side of one row: a frontier, with the slopes of the relaxation on both sides of every point.

Nothing is assumed of the rules: the programs are built, one for each policy, and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allocator.engines.base import Clock
from allocator.engines.choose import choose
from allocator.engines.frontier import Side, frontier
from allocator.engines.nested import same_goals
from allocator.engines.series import make
from allocator.engines.warm import Warm
from allocator.policy import Policy
from allocator.program import Program
from allocator.scenario import Integers
from allocator.settle import unsettled
from allocator.variants import Variant, Variants


@dataclass(frozen=True, eq=False)
class Along:
    """The policies' answers, and for each the slopes of the relaxation's frontier with a unit less and a unit more, in the program's integers (None beyond
    the ends, and where not every corner was found), the row's side, and seconds."""

    variants: tuple[Variant, ...]
    slopes: tuple[tuple[float | None, float | None], ...]
    at: tuple[int, ...]
    seconds: tuple[float, ...]


def along_one_row(variants: Variants, policies: Sequence[Policy]) -> Along | None:
    """All policies by one frontier; None where their programs differ in more than one side of one row, have several goals, or are networks."""
    if len(policies) < 2 or any(unsettled(policy) for policy in policies):
        return None
    (_, first, _), (_, last, _) = variants.program(policies[0]), variants.program(policies[-1])
    if len(first.objectives) != 1 or not len(first.pairs) or make(first) != make(last) or choose(first).engine.name == "network":
        return None
    built = [variants.program(policy) for policy in policies]
    programs = [program for _, program, _ in built]
    moved = _moved(programs)
    if moved is None:
        return None
    row, side, values = moved
    tight = int(np.argmax(values) if side == "at_least" else np.argmin(values))
    terms = variants.terms
    warm = Warm(programs[tight], clock=terms.clock(), seed=variants.seed)
    seconds = None if terms.seconds is None else terms.seconds * len(programs)
    found = frontier(warm, row, values, side=side, clock=Clock(seconds, terms.gap, cancelled=terms.cancelled))
    points = {point.at: point for point in found.points}
    scale = first.objectives[0].scale
    told: list[Variant] = []
    slopes: list[tuple[float | None, float | None]] = []
    seen: set[int] = set()
    for policy, (own, program, _), at in zip(policies, built, values, strict=True):
        point = points[at]
        told.append(variants.judged(policy, own, program, point.outcome, "same program" if at in seen else "other sides", None))
        slopes.append((_scaled(point.slope_below, scale), _scaled(point.slope_above, scale)))
        seen.add(at)
    return Along(tuple(told), tuple(slopes), tuple(values), tuple(points[at].seconds for at in values))


def _scaled(slope: float | None, scale: int) -> float | None:
    return None if slope is None else slope / scale


def tighter(one: Program, other: Program) -> bool:
    """Whether some row of the one asks for more than in the other of the same make, and none for less."""
    lower, upper = (np.concatenate([getattr(a, side) - getattr(b, side) for a, b in zip(one.rows, other.rows, strict=True)]) for side in ("lower", "upper"))
    return bool(((lower > 0).any() or (upper < 0).any()) and (lower >= 0).all() and (upper <= 0).all())


def _moved(programs: Sequence[Program]) -> tuple[int, Side, list[int]] | None:
    """The one row and side in which programs differ, and where each has it; None where they differ in more, or in nothing."""
    first, own = programs[0], make(programs[0])
    if any(make(program) != own or not _same_beside_sides(program, first) for program in programs[1:]):
        return None
    found: list[tuple[int, Side, list[int]]] = []
    sides: tuple[tuple[str, Side], ...] = (("lower", "at_least"), ("upper", "at_most"))
    for name, side in sides:
        table = np.array([_column(program, name) for program in programs])
        found += [(int(row), side, table[:, row].tolist()) for row in np.flatnonzero((table != table[0]).any(axis=0))]
    return found[0] if len(found) == 1 else None


def _same_beside_sides(one: Program, other: Program) -> bool:
    """Whether two programs of the same make have the same goals and the same room in their columns."""
    return np.array_equal(one.upper, other.upper) and same_goals(one, other)


def _column(program: Program, side: str) -> Integers:
    return np.concatenate([np.empty(0, dtype=np.int64), *(getattr(block, side) for block in program.rows)])
