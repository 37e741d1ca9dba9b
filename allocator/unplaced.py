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
    best = _best_open_pair(program, open_seat, blocker)
    ids = problem.scenario.ids("seekers")
    return [Unplaced(str(ids[k]), *_reason(problem, program, int(k), int(options[k]), best.get(int(k)), blocker, proved)) for k in np.flatnonzero(~placed)]


def _reason(problem: Problem, program: Program, seeker: int, options: int, best: int | None, blocker: dict[int, str], proved: bool) -> tuple[str, str]:
    if options == 0:
        refused = {name: int(counts[seeker]) for name, counts in program.pairs.refused_by.items() if counts[seeker]}
        told = "; ".join(f"{name} refuses {count}" for name, count in sorted(refused.items(), key=lambda item: (-item[1], item[0])))
        return ("ineligible", told) if told else ("no_pair", "")
    if best is None:
        return "outbid", f"all {options} eligible slots are full" if options > 1 else "the one eligible slot is full"
    slot = problem.scenario.ids("slots")[program.pairs.slot[best]]
    if best in blocker:
        return "blocked", f"{slot} is open, but {blocker[best]} is at its limit"
    return ("no_gain", f"{slot} is open, but filling it would better no goal") if proved else ("not_proved", f"{slot} is open")


def _blockers(program: Program, columns: Integers, candidates: Mask) -> dict[int, str]:
    """For each candidate pair that some row forbids adding, that row's name."""
    blockers: dict[int, str] = {}
    if not candidates.any():
        return blockers
    people = program.people(columns)
    for block in program.rows:
        activity = block.activity(program.pairs, columns, people)
        row, pair, coefficient = _added_up(*block.entries(program.pairs), len(program.pairs))
        elastic = np.zeros(len(block), dtype=bool)
        elastic[block.slack.row] = True
        after = activity[row] + coefficient
        breaks = candidates[pair] & ~elastic[row] & ((after > block.upper[row]) & (coefficient > 0) | (after < block.lower[row]) & (coefficient < 0))
        for k in np.flatnonzero(breaks):
            blockers.setdefault(int(pair[k]), block.row_name(int(row[k])))
    return blockers


def _added_up(row: Integers, pair: Integers, coefficient: Integers, pairs: int) -> tuple[Integers, Integers, Integers]:
    """Entries with those of one pair in one row added up: in a promise of the filled, a member counts in two ways."""
    place, entry = np.unique(row * pairs + pair, return_inverse=True)
    if len(place) == len(row):
        return row, pair, coefficient
    total = np.zeros(len(place), dtype=np.int64)
    np.add.at(total, entry, coefficient)
    return place // pairs, place % pairs, total


def _best_open_pair(program: Program, open_seat: Mask, blocker: dict[int, str]) -> dict[int, int]:
    """For each seeker with an open seat to go to, the pair to speak of: an unblocked one if there is one, then the best score."""
    best: dict[int, int] = {}
    for k in np.flatnonzero(open_seat):
        seeker, pair = int(program.pairs.seeker[k]), int(k)
        rival = best.get(seeker)
        if rival is None or (pair not in blocker, int(program.pairs.score[pair])) > (rival not in blocker, int(program.pairs.score[rival])):
            best[seeker] = pair
    return best
