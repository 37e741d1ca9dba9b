"""A problem whose `over_and_above` reservations are settled, for commands that do not solve themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.problem import Problem


def settled(problem: Problem) -> Problem:
    """The same problem, with what each such reservation's beneficiaries win without it; nothing is solved where there is none."""
    from allocator.settle import settle, unsettled

    if not unsettled(problem.policy):
        return problem
    from allocator.engines.base import Clock, Silent
    from allocator.engines.choose import choose
    from allocator.pairs import find_pairs

    return settle(problem, find_pairs(problem), lambda program: choose(program).engine.solve(program, Clock(), problem.seed, Silent()))[0]
