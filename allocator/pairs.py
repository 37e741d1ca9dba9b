"""Eligible pairs as columns: who might go where, how good it would be, and how many pairs each rule refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from allocator.crossing import Crossed, Tally, crossed
from allocator.eligibility.base import Eligibility
from allocator.problem import CLOSED_STATUSES, FROZEN_STATUSES, Problem
from allocator.scenario import Integers, Mask, Positions
from allocator.shortlist import shortlisted

Scores = np.ndarray[tuple[int], np.dtype[np.int32]]
"""Hundredths of a point of built-in scoring, which never exceed 10,000."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs that may be, in the order of seeker and slot.

    `seeker` and `slot` are positions in the scenario's tables; `score` is in hundredths of a point; `points` and `cost`
    (cents) are the pair's own where the user brought them, -1 where a record leaves them open, None where the column is absent.
    `refusals` counts, by rule, the pairs that it was the first to refuse; `refused_by` the same for each seeker. `left_out` counts each
    seeker's eligible pairs that a cap has cut; None where there is no cap.
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
    left_out: Integers | None = None

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

    A cap of pairs per seeker in the policy's limits keeps the best of each; `left_out` says how many it cut.
    """
    return _brought_along(problem) if problem.scenario.has("pairs") else _generated(problem)


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


def _brought_along(problem: Problem) -> Pairs:
    facts, tally = problem.scenario, Tally(problem)
    seekers, slots = facts.link("pairs", "seeker_id"), facts.link("pairs", "slot_id")
    keep = ~_among(seekers, slots, problem, CLOSED_STATUSES)
    for rule, may in eligible(problem, seekers, slots):
        tally.refuse(rule, seekers[keep & ~may])
        keep &= may
    order = np.flatnonzero(keep)
    if not in_order(seekers[order], slots[order]):
        order = order[np.lexsort((slots[order], seekers[order]))]
    score = np.rint(facts.numbers("pairs", "score")[order] * 100).astype(np.int64)
    left_out = None
    if (most := problem.policy.limits.pairs_per_seeker) is not None:
        kept = shortlisted(problem, seekers[order], slots[order], score, most)
        left_out = np.bincount(seekers[order[~kept]], minlength=facts.size("seekers"))
        order, score = order[kept], score[kept]
    points = facts.integers("pairs", "staff_points")[order] if facts.has("pairs", "staff_points") else None
    cost = facts.integers("pairs", "cost_cents")[order] if facts.has("pairs", "cost_cents") else None
    return Pairs(facts.size("slots"), seekers[order], slots[order], score, points, cost, facts.size("pairs"), tally.pairs, tally.seekers, left_out)


def in_order(seekers: Positions, slots: Positions) -> bool:
    """Whether pairs are in the order of seeker and slot."""
    later = seekers[1:] > seekers[:-1]
    return bool((later | ((seekers[1:] == seekers[:-1]) & (slots[1:] >= slots[:-1]))).all())


def _generated(problem: Problem) -> Pairs:
    """Every seeker with every slot, a block at a time, minus what the rules refuse; scored, and cut to the cap, before the next block is made."""
    facts, tally = problem.scenario, Tally(problem)
    most = problem.policy.limits.pairs_per_seeker
    options, left_out = np.zeros(facts.size("seekers"), dtype=np.int64), np.zeros(facts.size("seekers"), dtype=np.int64)
    blocks: list[tuple[Positions, Positions, Scores]] = []
    for seekers, slots in _with_history(problem, crossed(problem, tally)):
        scores = problem.policy.match_quality.score(problem, seekers, slots)
        if most is not None:
            kept = shortlisted(problem, seekers, slots, scores, most)
            left_out += np.bincount(seekers[~kept], minlength=len(left_out))
            seekers, slots, scores = seekers[kept], slots[kept], scores[kept]
        options += np.bincount(seekers, minlength=len(options))
        blocks.append((seekers, slots, scores.astype(np.int32)))
    seeker, slot, score = _put_together(blocks, options)
    everything = facts.size("seekers") * facts.size("slots")
    return Pairs(
        facts.size("slots"), seeker, slot, score, None, None, everything, tally.pairs, tally.seekers, None if most is None else left_out
    )  # fmt: skip


def _put_together(blocks: list[tuple[Positions, Positions, Scores]], options: Integers) -> tuple[Positions, Positions, Integers]:
    """The blocks in the order of seeker and slot. A seeker's pairs are in one block, in their order, `options` of them."""
    begin = np.cumsum(options) - options
    slot, score = np.empty(int(options.sum()), dtype=np.int32), np.empty(int(options.sum()), dtype=np.int64)
    while blocks:
        seekers, slots, scores = blocks.pop()
        if len(seekers):
            new = np.flatnonzero(np.append(True, seekers[1:] != seekers[:-1]))
            shift = begin[seekers[new]] - new
            place = np.arange(len(seekers)) + np.repeat(shift, np.diff(np.append(new, len(seekers))))
            slot[place], score[place] = slots, scores
    return np.repeat(np.arange(len(options), dtype=np.int32), options), slot, score


def _with_history(problem: Problem, blocks: Iterator[Crossed]) -> Iterator[tuple[Positions, Positions]]:
    """Each block with what has begun for its seekers, and without what has ended; a last block for those who are in no other."""
    begun = problem.commitments(FROZEN_STATUSES)
    width = max(1, problem.scenario.size("slots"))
    keys = np.unique(begun.seeker.astype(np.int64) * width + begun.slot)
    waiting = np.zeros(problem.scenario.size("seekers"), dtype=bool)
    waiting[begun.seeker] = True
    for block in blocks:
        keep = ~_among(block.seeker, block.slot, problem, CLOSED_STATUSES)
        seekers, slots = (block.seeker, block.slot) if keep.all() else (block.seeker[keep], block.slot[keep])
        if waiting[block.seeker].any():
            here = np.zeros(len(waiting), dtype=bool)
            here[block.seeker] = True
            more = keys[here[keys // width]]
            waiting &= ~here
            together = np.unique(np.concatenate([seekers.astype(np.int64) * width + slots, more]))
            seekers, slots = (together // width).astype(np.int32), (together % width).astype(np.int32)
        yield seekers, slots
    rest = keys[waiting[keys // width]]
    yield (rest // width).astype(np.int32), (rest % width).astype(np.int32)


def _among(seekers: Positions, slots: Positions, problem: Problem, statuses: tuple[str, ...]) -> Mask:
    """Which of these pairs are commitments in one of the statuses."""
    listed = problem.commitments(statuses)
    found = np.zeros(len(seekers), dtype=bool)
    if len(listed.seeker) == 0:
        return found
    somebody = np.zeros(problem.scenario.size("seekers"), dtype=bool)
    somebody[listed.seeker] = True
    asked = np.flatnonzero(somebody[seekers] & (seekers >= 0))  # few people have a commitment, pairs are many
    width = max(1, problem.scenario.size("slots"))
    found[asked] = np.isin(seekers[asked].astype(np.int64) * width + slots[asked], listed.seeker.astype(np.int64) * width + listed.slot)
    return found
