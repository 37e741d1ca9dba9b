"""Every seeker with every slot, minus what the rules refuse, without ever listing the pairs that are refused.

Seekers that no rule can tell apart share a signature, and a signature's slots are bits: what a rule says of 64 pairs is one word. The rules'
words are joined in their order, and the bits that each of them clears are the pairs that it was the first to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from allocator.scenario import Integers, Positions
from allocator.signatures import firsts, together

if TYPE_CHECKING:
    from allocator.eligibility.base import Eligibility, Exceptions
    from allocator.problem import Problem

CHUNK = 1 << 20
"""Pairs looked at together."""
WORDS = 1 << 17
"""Words of bits looked at together: 8 million pairs."""
TABLE = 1 << 25
"""Words that one rule's verdicts may take to be kept; beyond them they are made anew for each chunk."""

Bits = np.ndarray[tuple[int, int], np.dtype[np.uint64]]


@dataclass(frozen=True, eq=False)
class Crossed:
    """What a block of seekers may take: each seeker's slots in their order, and how many of them. A seeker is in one block only."""

    seeker: Positions
    slot: Positions


class Tally:
    """Counts first refusals by rule, in all and for each seeker."""

    def __init__(self, problem: Problem) -> None:
        people = problem.scenario.size("seekers")
        self.pairs: dict[str, int] = {rule.name: 0 for rule in problem.eligibility}
        self.seekers: dict[str, Positions] = {rule.name: np.zeros(people, dtype=np.int32) for rule in problem.eligibility}

    def refuse(self, rule: Eligibility, seekers: Positions, times: int = 1) -> None:
        """A rule refuses so many slots to each of these seekers, who may be named more than once."""
        self.pairs[rule.name] += len(seekers) * times
        counts = np.bincount(seekers, minlength=len(self.seekers[rule.name])) * times
        self.seekers[rule.name] += counts.astype(np.int32)

    def refuse_each(self, rule: Eligibility, seekers: Positions, counts: Integers) -> None:
        """A rule refuses counts[k] slots to seekers[k]; each of them is named once."""
        self.pairs[rule.name] += int(counts.sum())
        self.seekers[rule.name][seekers] += counts.astype(np.int32)


def crossed(problem: Problem, tally: Tally) -> Iterator[Crossed]:
    """The pairs that no rule refuses, a block at a time; refusals go to the tally when the last block has been taken.

    Rules that look at the seeker alone come first, then those that look at the slot alone, then the others, each in the policy's order.
    """
    waiting: list[Crossed] = []
    for block in _crossed(problem, tally):
        waiting.append(block)
        if sum(len(one.seeker) for one in waiting) >= CHUNK:
            yield _joined(waiting)
            waiting = []
    yield _joined(waiting)


def _joined(blocks: list[Crossed]) -> Crossed:
    nobody = np.empty(0, dtype=np.int32)
    return Crossed(np.concatenate([nobody, *(block.seeker for block in blocks)]), np.concatenate([nobody, *(block.slot for block in blocks)]))


def _crossed(problem: Problem, tally: Tally) -> Iterator[Crossed]:
    seekers, slots = _alone(problem, tally)
    if len(seekers) == 0 or len(slots) == 0:
        return
    judges = [_Judge.of(rule, problem, seekers, slots) for rule in problem.eligibility if rule.looks_at == "pair"]
    signature = together(len(seekers), [judge.number for judge in judges])
    members, sizes = np.argsort(signature, kind="stable"), np.bincount(signature)
    first, start = firsts(signature), np.append(0, np.cumsum(sizes))
    refused = np.zeros((len(judges), len(sizes)), dtype=np.int64)
    words = -(-len(slots) // 64)
    step = max(1, WORDS // words)
    for low in range(0, len(sizes), step):
        high = min(low + step, len(sizes))
        alive = np.tile(_packed(np.ones((1, len(slots)), dtype=bool)), (high - low, 1))
        left = np.full(high - low, len(slots))
        for judge, cleared in zip(judges, refused, strict=True):
            alive &= judge.bits(first[low:high])
            now = np.bitwise_count(alive).sum(axis=1, dtype=np.int64)
            cleared[low:high], left = left - now, now
        yield from _blocks(alive, left, members[start[low] : start[high]], sizes[low:high], seekers, slots)
    for judge, cleared in zip(judges, refused, strict=True):
        tally.refuse_each(judge.rule, seekers, cleared[signature])


def _alone(problem: Problem, tally: Tally) -> tuple[Positions, Positions]:
    """The seekers, and the slots, that the rules about one of them alone let through."""
    nobody = np.empty(0, dtype=np.int32)
    seekers = np.arange(problem.scenario.size("seekers"), dtype=np.int32)
    slots = np.arange(problem.scenario.size("slots"), dtype=np.int32)
    for rule in problem.eligibility:
        if rule.looks_at == "seeker":
            may = rule.mask(problem, seekers, nobody)
            tally.refuse(rule, seekers[~may], len(slots))
            seekers = seekers[may]
    for rule in problem.eligibility:
        if rule.looks_at == "slot":
            may = rule.mask(problem, nobody, slots)
            tally.refuse(rule, seekers, int((~may).sum()))
            slots = slots[may]
    return seekers, slots


def _blocks(alive: Bits, options: Integers, members: Integers, sizes: Integers, seekers: Positions, slots: Positions) -> Iterator[Crossed]:
    """The pairs of some signatures, written out for each of their members, about a chunk at a time."""
    flat = alive.ravel()
    word = np.flatnonzero(flat != 0)
    bit = np.flatnonzero(np.unpackbits(flat[word].view(np.uint8), bitorder="little").view(bool))  # the fast way is for flags
    column = (word % alive.shape[1] * 64)[bit // 64] + bit % 64
    own, begin = slots[column], np.cumsum(options) - options
    count, begin = np.repeat(options, sizes), np.repeat(begin, sizes)
    total = np.cumsum(count)
    low = 0
    while low < len(members):
        before = int(total[low - 1]) if low else 0
        high = max(low + 1, int(np.searchsorted(total, before + CHUNK, side="right")))
        lengths = count[low:high]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield Crossed(np.repeat(seekers[members[low:high]], lengths), own[np.repeat(begin[low:high], lengths) + within])
        low = high


class _Judge:
    """One rule's verdicts on the seekers and slots that are left: `number` says which seekers it cannot tell apart."""

    def __init__(self, rule: Eligibility, problem: Problem, seekers: Positions, slots: Positions) -> None:
        self.rule = rule
        self._problem = problem
        self._seekers = seekers
        self._slots = slots
        ours, theirs = rule.alike(problem)
        self.number = together(len(seekers), [ours[seekers]])
        self._slot_number = together(len(slots), [theirs[slots]])
        self._example = slots[firsts(self._slot_number)]
        self._first = firsts(self.number)
        rows = len(self._first)
        self._kept = self._judged(np.arange(rows)) if rows * -(-len(slots) // 64) <= TABLE else None

    @staticmethod
    def of(rule: Eligibility, problem: Problem, seekers: Positions, slots: Positions) -> _Judge:
        """The judge that suits the rule."""
        said = rule.exceptions(problem)
        return _Judge(rule, problem, seekers, slots) if said is None else _JudgeByException(rule, said, seekers, slots)

    def bits(self, seekers: Integers) -> Bits:
        """Which slots these seekers may take; both are counted among those that are left."""
        asked = self.number[seekers]
        if self._kept is not None:
            return self._kept[asked]
        few, where = np.unique(asked, return_inverse=True)
        return self._judged(few)[where]

    def _judged(self, numbers: Integers) -> Bits:
        """The verdicts on one seeker for each number."""
        step = max(1, min(CHUNK // len(self._example), 8 * CHUNK // len(self._slots)))
        parts = [self._asked(self._seekers[self._first[numbers[low : low + step]]]) for low in range(0, len(numbers), step)]
        return np.concatenate(parts)

    def _asked(self, seekers: Positions) -> Bits:
        width = len(self._example)
        verdict = self.rule.mask(self._problem, np.repeat(seekers, width), np.tile(self._example, len(seekers)))
        return _packed(verdict.reshape(len(seekers), width)[:, self._slot_number])


class _JudgeByException(_Judge):
    """A judge of a rule that says the same of nearly everybody: only seekers with an exception are told apart."""

    def __init__(self, rule: Eligibility, said: Exceptions, seekers: Positions, slots: Positions) -> None:
        self.rule = rule
        self._usual = _packed(said.admits[slots][None, :])
        seeker, slot = _places(seekers, said.seeker), _places(slots, said.slot)
        left = np.flatnonzero((seeker >= 0) & (slot >= 0))
        left = left[np.argsort(seeker[left], kind="stable")]
        self._seeker, self._slot = seeker[left], slot[left]
        self.number = np.zeros(len(seekers), dtype=np.int64)
        self.number[self._seeker] = self._seeker + 1

    def bits(self, seekers: Integers) -> Bits:
        verdicts = np.repeat(self._usual, len(seekers), axis=0)
        low, high = np.searchsorted(self._seeker, seekers), np.searchsorted(self._seeker, seekers, side="right")
        count = high - low
        row = np.repeat(np.arange(len(seekers)), count)
        slot = self._slot[np.repeat(low - (np.cumsum(count) - count), count) + np.arange(len(row))]
        np.bitwise_xor.at(verdicts, (row, slot // 64), np.uint64(1) << (slot % 64).astype(np.uint64))
        return verdicts


def _places(among: Positions, wanted: Positions) -> Integers:
    """Where each wanted position is among ascending ones, or -1."""
    if len(among) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return np.where(among[place] == wanted, place, -1)


def _packed(verdicts: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Bits:
    """Rows of verdicts as rows of words, the first verdict in the lowest bit; what fills up the last word is no."""
    packed = np.packbits(verdicts, axis=1, bitorder="little")
    whole = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    whole[:, : packed.shape[1]] = packed
    return whole.view("<u8").astype(np.uint64, copy=False)
