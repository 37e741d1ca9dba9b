"""Why somebody was not placed: one code a person, with the fact that decided.

ineligible   no slot admits them; the detail counts refusals by rule
no_pair      the scenario's own pairs have none for them
outbid       every slot that admits them is full
blocked      a seat is open, but a rule stands in the way; the detail names it
no_gain      a seat is open, and taking it would better no goal
not_proved   a seat is open; the run ended before it was proved that nobody should take it
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from allocator.problem import Problem
from allocator.program import Program
from allocator.scenario import Integers, Mask

CODES = ("ineligible", "no_pair", "outbid", "blocked", "no_gain", "not_proved")


class Unplaced(NamedTuple):
    """A person without a slot, and why."""

    seeker_id: str
    reason: str
    detail: str


def unplaced(problem: Problem, program: Program, columns: Integers, *, proved: bool) -> list[Unplaced]:
    """Everybody in the seekers table who holds no slot in this solution, in the order of their ids."""
    pairs = program.pairs
    chosen = np.flatnonzero(columns[: len(pairs)])
    placed = np.zeros(problem.scenario.size("seekers"), dtype=bool)
    placed[pairs.seeker[chosen]] = True
    taken = np.bincount(pairs.slot[chosen], minlength=len(problem.openings))
    open_seat = ((taken < problem.openings)[pairs.slot] & ~placed[pairs.seeker]) if len(pairs) else np.zeros(0, dtype=bool)
    blocker = _blockers(program, columns, open_seat)
    options = np.bincount(pairs.seeker, minlength=len(placed))
    best = _best_open_pair(program, open_seat, blocker, len(placed))
    ids = problem.scenario.ids("seekers")
    return [Unplaced(str(ids[k]), *_reason(problem, program, int(k), int(options[k]), int(best[k]), blocker, proved)) for k in np.flatnonzero(~placed)]


def _reason(problem: Problem, program: Program, seeker: int, options: int, best: int, blocker: Integers, proved: bool) -> tuple[str, str]:
    if options == 0:
        refused = {name: int(counts[seeker]) for name, counts in program.pairs.refused_by.items() if counts[seeker]}
        told = "; ".join(f"{name} refuses {count}" for name, count in sorted(refused.items(), key=lambda item: (-item[1], item[0])))
        return ("ineligible", told) if told else ("no_pair", "")
    if best < 0:
        return "outbid", f"all {options} eligible slots are full" if options > 1 else "the one eligible slot is full"
    slot = problem.scenario.ids("slots")[program.pairs.slot[best]]
    if blocker[best] >= 0:
        return "blocked", f"{slot} is open, but {_row_name(program, int(blocker[best]))} is at its limit"
    return ("no_gain", f"{slot} is open, but filling it would better no goal") if proved else ("not_proved", f"{slot} is open")


def _blockers(program: Program, columns: Integers, candidates: Mask) -> Integers:
    """For each candidate pair the first row, counted through all blocks, that forbids adding it; -1 where none does."""
    blockers = np.full(len(candidates), -1, dtype=np.int64)
    if not candidates.any():
        return blockers
    people, start = program.people(columns), 0
    for block in program.rows:
        firm = np.ones(len(block), dtype=bool)
        firm[block.slack.row] = False
        if firm.any():
            activity = block.activity(program.pairs, columns, people)
            row, pair, coefficient = block.entries(program.pairs)
            inside = np.flatnonzero(candidates[pair] & firm[row])
            row, pair, coefficient = row[inside], pair[inside], coefficient[inside]
            if (coefficient > 0).any() and (coefficient < 0).any():
                row, pair, coefficient = _added_up(row, pair, coefficient, len(program.pairs))
            after = activity[row] + coefficient
            breaks = np.flatnonzero((after > block.upper[row]) & (coefficient > 0) | (after < block.lower[row]) & (coefficient < 0))
            breaks = breaks[blockers[pair[breaks]] < 0][::-1]  # a pair in several rows is written last by the first of them
            blockers[pair[breaks]] = start + row[breaks]
        start += len(block)
    return blockers


def _row_name(program: Program, number: int) -> str:
    """The full name of a row counted through all blocks."""
    for block in program.rows:
        if number < len(block):
            return block.row_name(number)
        number -= len(block)
    raise IndexError(number)


def _added_up(row: Integers, pair: Integers, coefficient: Integers, pairs: int) -> tuple[Integers, Integers, Integers]:
    """Entries with those of one pair in one row added up: in a promise of the filled, a member counts in two ways."""
    place, entry = np.unique(row * pairs + pair, return_inverse=True)
    if len(place) == len(row):
        return row, pair, coefficient
    total = np.zeros(len(place), dtype=np.int64)
    np.add.at(total, entry, coefficient)
    return place // pairs, place % pairs, total


def _best_open_pair(program: Program, open_seat: Mask, blocker: Integers, people: int) -> Integers:
    """For each seeker the open pair to speak of, -1 without one: an unblocked one if there is one, then the best score, then the first."""
    best = np.full(people, -1, dtype=np.int64)
    pair = np.flatnonzero(open_seat)
    seeker = program.pairs.seeker[pair]
    order = np.lexsort((-program.pairs.score[pair], blocker[pair] >= 0, seeker))
    first = order[np.flatnonzero(np.diff(seeker[order], prepend=-1))]
    best[seeker[first]] = pair[first]
    return best
