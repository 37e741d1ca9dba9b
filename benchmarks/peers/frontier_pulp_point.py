"""One point of the loop over PuLP and HiGHS, the middle one, where the whole loop would take hours. Multiplied by the points it is what the loop would cost."""

from __future__ import annotations

from benchmarks import frontier
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers.frontier_pulp_highs import some


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """The middle point."""
    middle = frontier.POINTS // 2
    return some(instance, terms, laps, slice(middle, middle + 1), "one point measured")
