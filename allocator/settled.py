"""A problem whose `over_and_above` reservations are settled, for questions that solve nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.problem import Problem


def settled(problem: Problem) -> Problem:
    """The same problem, with what each such reservation's beneficiaries win without it; nothing is solved where there is none.

    Raises InputError where that could not be proved in time: a plan must not be judged by a guess.
    """
    from allocator.settle import settle, unsettled

    if not unsettled(problem.policy):
        return problem
    from allocator.engines.base import Clock, Silent
    from allocator.engines.choose import choose
    from allocator.errors import Fault, InputError
    from allocator.pairs import find_pairs

    clock = Clock(problem.policy.limits.time)
    answer, unproved = settle(problem, find_pairs(problem), lambda program: choose(program).engine.solve(program, clock, problem.seed, Silent()))
    if unproved is not None:
        fault = Fault("unsettled", "What an over_and_above reservation adds to could not be proved within limits.time.", "Give merit_count, or more time.")
        raise InputError([fault])
    return answer
