"""scipy's sparse assignment. It knows no rules: one slot each and the openings, nothing else. Its value is what could be had if no promise were made.

An opening is a row of its own, and has a person of its own who takes it where nobody better does, because a full matching is demanded.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from allocator.program import Program
from allocator.scenario import Integers
from benchmarks.instances import Instance, goal_of
from benchmarks.peer import Answer, Laps, NotApplicableError, Terms


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:  # noqa: ARG001 - it knows neither gap nor limit
    """One call; exact for the problem without rules, so its bound holds with rules too, and its solution mostly does not."""
    with laps("load"):
        program = instance.program
    with laps("build"):
        weights, pair = _openings(program)
    with laps("solve"):
        row, column = min_weight_full_bipartite_matching(weights)
    taken = column < weights.shape[1] - weights.shape[0]
    chosen = np.zeros(program.size, dtype=np.int64)
    chosen[_numbers(program, pair[row[taken]], column[taken])] = 1
    return Answer(chosen, program.objectives[0].value(chosen), "rules ignored")


def _openings(program: Program) -> tuple[csr_matrix, Integers]:
    """Openings x (seekers, then one stand-in each), dearer the lower the score; and the slot of each opening."""
    goal, pairs = goal_of(program), program.pairs
    if (goal < 0).any():
        raise NotApplicableError("An assignment at least cost that must place everybody in groups is none of scipy's.")
    openings = next(block.upper[block.of_slot] for block in program.rows if block.kind == "slot_openings" and block.of_slot is not None)
    seekers = int(pairs.seeker.max(initial=-1)) + 1
    slot = np.repeat(np.arange(len(openings)), openings)
    order = np.argsort(pairs.slot, kind="stable")
    begin = np.searchsorted(pairs.slot[order], np.arange(len(openings) + 1))
    length = np.diff(begin)[slot]
    into = np.repeat(begin[slot] - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))
    pair, stand_in, most = order[into], np.arange(len(slot)), float(goal.max(initial=0)) + 1
    row = np.concatenate([np.repeat(stand_in, length), stand_in])
    column = np.concatenate([pairs.seeker[pair], seekers + stand_in])
    weight = np.concatenate([most - goal[pair], np.full(len(slot), most)])
    return csr_matrix((weight, (row, column)), shape=(len(slot), seekers + len(slot))), slot


def _numbers(program: Program, slot: Integers, seeker: Integers) -> Integers:
    """The pairs' numbers."""
    found = program.pairs.find(seeker.astype(np.int32), slot.astype(np.int32))
    assert (found >= 0).all()
    return found
