"""Eligible pairs as columns: who might go where, how good it would be, and how many pairs each rule refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from allocator.eligibility.base import Eligibility
from allocator.problem import CLOSED_STATUSES, FROZEN_STATUSES, Problem
from allocator.scenario import Integers, Mask, Positions

CHUNK = 1 << 20
"""Pairs looked at together when every seeker could meet every slot."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs that may be, in the order of seeker and slot.

    `seeker` and `slot` are positions in the scenario's tables; `score` is in hundredths of a point; `points` and `cost`
    (cents) are the pair's own where the user brought them, -1 where a record leaves them open, None where the column is absent.
    `refusals` counts, by rule, the pairs that it was the first to refuse; `refused_by` the same for each seeker.
    """

    slots: int
    seeker: Positions
    slot: Positions
    score: Integers
    points: Integers | None = None
    cost: Integers | None = None
    considered: int = 0
    refusals: Mapping[str, int] = field(default_factory=dict)
    refused_by: Mapping[str, Positions] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.seeker)

    def find(self, seekers: Positions, slots: Positions) -> Integers:
        """Number of each pair (seekers[k], slots[k]), or -1 where it is not eligible or has no seeker or slot (-1)."""
        if len(self) == 0:
            return np.full(len(seekers), -1, dtype=np.int64)
        wanted = seekers.astype(np.int64) * self.slots + slots
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self) - 1)
        return np.where((self._keys[place] == wanted) & (seekers >= 0) & (slots >= 0), place, -1)

    @cached_property
    def _keys(self) -> Integers:
        return self.seeker.astype(np.int64) * self.slots + self.slot


def find_pairs(problem: Problem) -> Pairs:
    """All eligible pairs of the problem.

    With a `pairs` table: those pairs and scores, minus what the policy's eligibility rules refuse. Without one: every
    seeker with every slot, minus the same, scored by match quality. Pairs that are already accepted or started are
    not judged again (with a `pairs` table they must be in it); declined and completed ones never.
    """
    tally = _Tally(problem)
    if problem.scenario.has("pairs"):
        return _brought_along(problem, tally)
    seekers, slots = _generated(problem, tally)
    seekers, slots = _with_history(problem, seekers, slots)
    score = problem.policy.match_quality.score(problem, seekers, slots)
    everything = problem.scenario.size("seekers") * problem.scenario.size("slots")
    return Pairs(problem.scenario.size("slots"), seekers, slots, score, None, None, everything, tally.pairs, tally.seekers)


def eligible(problem: Problem, seekers: Positions, slots: Positions) -> Iterator[tuple[Eligibility, Mask]]:
    """Each rule with its verdict on these pairs; what has begun is not judged again."""
    begun = _among(seekers, slots, problem, FROZEN_STATUSES)
    for rule in problem.eligibility:
        yield rule, rule.mask(problem, seekers, slots) | begun


def reasons(problem: Problem, seeker: int, slot: int) -> list[tuple[str, str]]:
    """Every rule that refuses this pair, with its sentence."""
    one, other = np.array([seeker], dtype=np.int32), np.array([slot], dtype=np.int32)
    return [(rule.name, rule.reason(problem, seeker, slot)) for rule, may in eligible(problem, one, other) if not may[0]]


def listed(problem: Problem, seekers: Positions, slots: Positions) -> Mask:
    """Which of these pairs are in the scenario's `pairs` table."""
    return records(problem, seekers, slots) >= 0


def records(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
    """Record of each pair (seekers[k], slots[k]) in the scenario's `pairs` table, or -1 where it is not there."""
    keys, order = problem.once("records of pairs", lambda: _keys_in_order(problem))
    wanted = seekers.astype(np.int64) * max(1, problem.scenario.size("slots")) + slots
    place = np.searchsorted(keys, wanted, side="right") - 1
    found = np.flatnonzero((place >= 0) & (seekers >= 0) & (slots >= 0))
    found = found[keys[place[found]] == wanted[found]]
    record = np.full(len(wanted), -1, dtype=np.int64)
    record[found] = place[found] if order is None else order[place[found]]
    return record


def _keys_in_order(problem: Problem) -> tuple[Integers, Integers | None]:
    """Keys of the records in `pairs`, ascending, and the record of each; None where they are in that order anyway."""
    facts = problem.scenario
    keys = facts.link("pairs", "seeker_id").astype(np.int64) * max(1, facts.size("slots")) + facts.link("pairs", "slot_id")
    if (keys[1:] >= keys[:-1]).all():
        return keys, None
    order = np.argsort(keys, kind="stable")
    return keys[order], order


class _Tally:
    """Counts first refusals by rule, in all and for each seeker."""

    def __init__(self, problem: Problem) -> None:
        people = problem.scenario.size("seekers")
        self.pairs: dict[str, int] = {rule.name: 0 for rule in problem.eligibility}
        self.seekers: dict[str, Positions] = {rule.name: np.zeros(people, dtype=np.int32) for rule in problem.eligibility}

    def refuse(self, rule: Eligibility, seekers: Positions, times: int = 1) -> None:
        self.pairs[rule.name] += len(seekers) * times
        counts = np.bincount(seekers, minlength=len(self.seekers[rule.name])) * times
        self.seekers[rule.name] += counts.astype(np.int32)


def _brought_along(problem: Problem, tally: _Tally) -> Pairs:
    facts = problem.scenario
    seekers, slots = facts.link("pairs", "seeker_id"), facts.link("pairs", "slot_id")
    keep = ~_among(seekers, slots, problem, CLOSED_STATUSES)
    for rule, may in eligible(problem, seekers, slots):
        tally.refuse(rule, seekers[keep & ~may])
        keep &= may
    score = np.rint(facts.numbers("pairs", "score") * 100).astype(np.int64)
    points = facts.integers("pairs", "staff_points") if facts.has("pairs", "staff_points") else None
    cost = facts.integers("pairs", "cost_cents") if facts.has("pairs", "cost_cents") else None
    order = np.flatnonzero(keep)
    order = order[np.lexsort((slots[order], seekers[order]))]
    return Pairs(
        facts.size("slots"), seekers[order], slots[order], score[order],
        None if points is None else points[order], None if cost is None else cost[order],
        facts.size("pairs"), tally.pairs, tally.seekers,
    )  # fmt: skip


def _generated(problem: Problem, tally: _Tally) -> tuple[Positions, Positions]:
    """Every seeker with every slot, a chunk at a time, minus what the rules refuse."""
    facts = problem.scenario
    nobody = np.empty(0, dtype=np.int32)
    seekers = np.arange(facts.size("seekers"), dtype=np.int32)
    slots = np.arange(facts.size("slots"), dtype=np.int32)
    slot_count = len(slots)
    for rule in problem.eligibility:
        if rule.looks_at == "seeker":
            may = rule.mask(problem, seekers, nobody)
            tally.refuse(rule, seekers[~may], slot_count)
            seekers = seekers[may]
    for rule in problem.eligibility:
        if rule.looks_at == "slot":
            may = rule.mask(problem, nobody, slots)
            tally.refuse(rule, seekers, int((~may).sum()))
            slots = slots[may]
    kept_seekers, kept_slots = [nobody], [nobody]
    pair_rules = [rule for rule in problem.eligibility if rule.looks_at == "pair"]
    step = max(1, CHUNK // max(1, len(slots)))
    for start in range(0, len(seekers), step):
        chunk = seekers[start : start + step]
        one, other = np.repeat(chunk, len(slots)), np.tile(slots, len(chunk))
        for rule in pair_rules:
            may = rule.mask(problem, one, other)
            tally.refuse(rule, one[~may])
            one, other = one[may], other[may]
        kept_seekers.append(one)
        kept_slots.append(other)
    return np.concatenate(kept_seekers), np.concatenate(kept_slots)


def _with_history(problem: Problem, seekers: Positions, slots: Positions) -> tuple[Positions, Positions]:
    """Add what has begun, take out what has ended, restore the order."""
    begun = problem.commitments(FROZEN_STATUSES)
    keep = ~_among(seekers, slots, problem, CLOSED_STATUSES)
    width = max(1, problem.scenario.size("slots"))
    keys = np.concatenate([seekers[keep].astype(np.int64) * width + slots[keep], begun.seeker.astype(np.int64) * width + begun.slot])
    keys = np.unique(keys)
    return (keys // width).astype(np.int32), (keys % width).astype(np.int32)


def _among(seekers: Positions, slots: Positions, problem: Problem, statuses: tuple[str, ...]) -> Mask:
    """Which of these pairs are commitments in one of the statuses."""
    listed = problem.commitments(statuses)
    if len(listed.seeker) == 0:
        return np.zeros(len(seekers), dtype=bool)
    width = max(1, problem.scenario.size("slots"))
    return np.isin(seekers.astype(np.int64) * width + slots, listed.seeker.astype(np.int64) * width + listed.slot)
