"""Why somebody was not placed: one code a person, with the fact that decided.

ineligible   no slot admits them; the detail counts refusals by rule
no_pair      the scenario's own pairs have none for them
outbid       every slot that admits them is full
capped       every slot that was looked at for them is full; the cap of pairs per seeker left others out
blocked      a seat is open, but a rule stands in the way; the detail names it
no_gain      a seat is open, and taking it would better no goal
not_proved   a seat is open; the run ended before it was proved that nobody should take it
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np

from allocator.pairs import Pairs
from allocator.problem import Problem
from allocator.program import Program, Rows
from allocator.scenario import Integers, Mask, Names, Positions
from allocator.signatures import firsts, together

CODES = ("ineligible", "no_pair", "outbid", "capped", "blocked", "no_gain", "not_proved")


class Unplaced(NamedTuple):
    """A person without a slot, and why."""

    seeker_id: str
    reason: str
    detail: str


@dataclass(frozen=True, eq=False)
class UnplacedPeople(Sequence[Unplaced]):
    """Everybody without a slot, as columns, because they may be a million; as a sequence it gives one person at a time."""

    seeker_id: Names
    reason: Names
    detail: Names

    @classmethod
    def nobody(cls) -> UnplacedPeople:
        """An empty list."""
        return cls(*(np.empty(0, dtype=object) for _ in Unplaced._fields))

    def columns(self) -> dict[str, Names]:
        """The columns by name."""
        return {name: getattr(self, name) for name in Unplaced._fields}

    def __len__(self) -> int:
        return len(self.seeker_id)

    def __iter__(self) -> Iterator[Unplaced]:
        return map(Unplaced, self.seeker_id, self.reason, self.detail)

    @overload
    def __getitem__(self, place: int) -> Unplaced: ...
    @overload
    def __getitem__(self, place: slice) -> UnplacedPeople: ...
    def __getitem__(self, place: int | slice) -> Unplaced | UnplacedPeople:
        columns: list[Any] = [column[place] for column in self.columns().values()]
        return UnplacedPeople(*columns) if isinstance(place, slice) else Unplaced(*columns)


def unplaced(problem: Problem, program: Program, columns: Integers, *, proved: bool) -> UnplacedPeople:
    """Everybody in the seekers table who holds no slot in this solution, in the order of their ids."""
    pairs = program.pairs
    chosen = np.flatnonzero(columns[: len(pairs)])
    placed = np.zeros(problem.scenario.size("seekers"), dtype=bool)
    placed[pairs.seeker[chosen]] = True
    room = np.bincount(pairs.slot[chosen], minlength=len(problem.openings)) < problem.openings
    candidates = np.flatnonzero(room[pairs.slot] & ~placed[pairs.seeker])
    blocker = blockers(program, columns, candidates)
    best, why = _best_open_pair(pairs, candidates, blocker, len(placed))
    options = np.bincount(pairs.seeker, minlength=len(placed))
    people = np.flatnonzero(~placed)
    told = _Told(len(people))
    options, best, why = options[people], best[people], why[people]
    cut = np.zeros(len(people), dtype=np.int64) if pairs.left_out is None else pairs.left_out[people]
    _tell_refused(told, np.flatnonzero(options == 0), people, pairs)
    full = (options > 0) & (best < 0)
    told.tell(
        np.flatnonzero(full & (cut == 0)),
        "outbid",
        [options],
        lambda count: f"all {count} eligible slots are full" if count > 1 else "the one eligible slot is full",
    )
    told.tell(np.flatnonzero(full & (cut > 0)), "capped", [options, cut], _say_capped)
    ids, slot = problem.scenario.ids("slots"), pairs.slot[best] if len(pairs) else best
    told.tell(np.flatnonzero((best >= 0) & (why >= 0)), "blocked", [slot, why], lambda slot, row: _say_blocked(str(ids[slot]), program, row))
    free = np.flatnonzero((best >= 0) & (why < 0))
    if proved:
        told.tell(free, "no_gain", [slot], lambda slot: f"{ids[slot]} is open, but filling it would better no goal")
    else:
        told.tell(free, "not_proved", [slot], lambda slot: f"{ids[slot]} is open")
    return UnplacedPeople(problem.scenario.ids("seekers")[people], told.reason, told.detail)


class _Told:
    """Reasons and details of many people; each different detail is worded once."""

    def __init__(self, size: int) -> None:
        self.reason = np.full(size, "", dtype=object)
        self.detail = np.full(size, "", dtype=object)

    def tell(self, where: Integers, reason: str, facts: Sequence[Any], say: Callable[..., str]) -> None:
        """Give these people a reason, and the detail that `say` makes of their facts (columns over all people)."""
        number = together(len(where), [column[where] for column in facts])
        examples = where[firsts(number)]
        details = np.empty(len(examples), dtype=object)
        details[:] = [say(*row) for row in zip(*(column[examples].tolist() for column in facts), strict=True)]
        self.reason[where] = reason
        self.detail[where] = details[number]


def _say_capped(options: int, cut: int) -> str:
    kept = f"all {options} slots that were looked at are full" if options > 1 else "the one slot that was looked at is full"
    return f"{kept}; the cap of pairs left out {cut} more"


def _tell_refused(told: _Told, where: Integers, people: Integers, pairs: Pairs) -> None:
    """Who has no pair at all: what refused them, most first; nothing where the scenario's pairs have none."""
    names = sorted(pairs.refused_by)
    counts = [pairs.refused_by[name][people] for name in names]
    refused = np.zeros(len(people), dtype=bool)
    for count in counts:
        refused |= count > 0

    def say(*times: int) -> str:
        most_first = sorted((-count, name) for count, name in zip(times, names, strict=True) if count)
        return "; ".join(f"{name} refuses {-count}" for count, name in most_first)

    told.tell(where[refused[where]], "ineligible", counts, say)
    told.reason[where[~refused[where]]] = "no_pair"


def blockers(program: Program, columns: Integers, candidates: Integers) -> Integers:
    """For each candidate pair the first row, counted through all blocks, that forbids adding it; -1 where none does."""
    found = np.full(len(candidates), -1, dtype=np.int64)
    if not len(candidates):
        return found
    people, start = program.people(columns), 0
    seeker, slot = program.pairs.seeker[candidates], program.pairs.slot[candidates]
    place = np.full(len(program.pairs), -1, dtype=np.int32)
    place[candidates] = np.arange(len(candidates))
    for block in program.rows:
        firm = np.ones(len(block), dtype=bool)
        firm[block.slack.row] = False
        if firm.any():
            activity = block.activity(program.pairs, columns, people)
            if block.pair is None:
                # Everybody counts once: a row is in the way of all its pairs, or of none.
                in_the_way = np.append(np.where(firm & (activity >= block.upper), np.arange(len(block)), -1), -1)
                row = in_the_way[block.of_seeker[seeker] if block.of_seeker is not None else block.of_slot[slot]]  # type: ignore[index]
                breaks = np.flatnonzero((row >= 0) & (found < 0))
                found[breaks] = start + row[breaks]
            else:
                row, pair = _breaking(block, program.pairs, place, firm, activity)
                breaks = np.flatnonzero(found[pair] < 0)[::-1]  # a pair in several rows is written last by the first of them
                found[pair[breaks]] = start + row[breaks]
        start += len(block)
    return found


def _breaking(block: Rows, pairs: Pairs, place: Positions, firm: Mask, activity: Integers) -> tuple[Integers, Integers]:
    """The rows that adding a candidate would break, and which candidate (`place` of its pair), in the order of the block's entries."""
    row, pair, coefficient = block.entries(pairs)
    inside = np.flatnonzero((place[pair] >= 0) & firm[row])
    row, pair, coefficient = row[inside], place[pair[inside]].astype(np.int64), coefficient[inside]
    if (coefficient > 0).any() and (coefficient < 0).any():
        row, pair, coefficient = _added_up(row, pair, coefficient, len(place))
    after = activity[row] + coefficient
    breaks = (after > block.upper[row]) & (coefficient > 0) | (after < block.lower[row]) & (coefficient < 0)
    return row[breaks], pair[breaks]


def _say_blocked(slot: str, program: Program, row: int) -> str:
    block, place = program.block_of(row)
    return f"{slot} is open, but {block.row_name(place)} is at its limit"


def _added_up(row: Integers, pair: Integers, coefficient: Integers, pairs: int) -> tuple[Integers, Integers, Integers]:
    """Entries with those of one pair in one row added up: in a promise of the filled, a member counts in two ways."""
    place, entry = np.unique(row * pairs + pair, return_inverse=True)
    if len(place) == len(row):
        return row, pair, coefficient
    total = np.zeros(len(place), dtype=np.int64)
    np.add.at(total, entry, coefficient)
    return place // pairs, place % pairs, total


def _best_open_pair(pairs: Pairs, candidates: Integers, blocker: Integers, people: int) -> tuple[Integers, Integers]:
    """For each seeker the open pair to speak of, and its blocker; -1 without one.

    An unblocked one if there is one, then the best score, then the first.
    """
    best, why = np.full(people, -1, dtype=np.int64), np.full(people, -1, dtype=np.int64)
    seeker = pairs.seeker[candidates]
    order = np.lexsort((-pairs.score[candidates], blocker >= 0, seeker))
    first = order[np.flatnonzero(np.diff(seeker[order], prepend=-1))]
    best[seeker[first]], why[seeker[first]] = candidates[first], blocker[first]
    return best, why
