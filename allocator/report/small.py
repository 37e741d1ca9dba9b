"""Groups too small to be told of alone: they are told together, so that no figure speaks of a handful of people."""

from __future__ import annotations

from collections.abc import Mapping

from allocator.suppression import LEAST

SMALLEST = LEAST
"""People that a group must have to be told of alone."""


def told_together(sizes: Mapping[str, int]) -> list[list[str]]:
    """The groups as they may be told: those that are large enough alone, in their order, then the small ones as one.

    One small group alone could be found by subtracting the others from the whole, and several that are fewer than ten together are no better: they
    take the next smallest with them. Where everybody together is fewer than ten, there is nothing to tell. Groups without anybody are left out.
    """
    there = {name: size for name, size in sizes.items() if size > 0}
    small = [name for name, size in there.items() if size < SMALLEST]
    rest = sorted((name for name in there if name not in small), key=lambda name: there[name])
    while small and rest and (len(small) == 1 or sum(there[name] for name in small) < SMALLEST):
        small.append(rest.pop(0))
    if sum(there[name] for name in small) < SMALLEST:
        small = []
    alone = [[name] for name in there if name in rest]
    return [*alone, [name for name in there if name in small]] if small else alone


def name_of(groups: list[str], plural: str) -> str:
    """What a line is called: the group, or how many are told together."""
    return groups[0] if len(groups) == 1 else f"{len(groups):,} {plural} together"
