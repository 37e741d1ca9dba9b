"""How many of the slot's skills the seeker brings.

    share = skills of the slot that the seeker has / skills of the slot
    score = 100 * share / 80 %,  at most 100

A skill is had if it is among the seeker's skills or credentials, or is a credential that the slot requires of everybody. The
score is full at four skills in five and stays there: training pays for what is still to be learned, so a person who has
everything is no better a trainee than one who has most of it; and it never falls, so nobody is worse off for knowing more.
Unknown where the slot lists no skills, or the seekers table has neither skills nor credentials.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from allocator.quality.base import FULL, UNKNOWN_FIT, by_signature
from allocator.scenario import Integers, Lists, Positions, Scenario

if TYPE_CHECKING:
    from allocator.problem import Problem

Words = np.ndarray[tuple[int, int], np.dtype[np.uint64]]


@by_signature("seekers.skills", "seekers.credentials", "slots.skills", "slots.required_credentials")
def score(problem: Problem, seekers: Positions, slots: Positions) -> Integers:
    """Fit of each pair's skills, in hundredths of a point."""
    facts = problem.scenario
    if not (facts.has("seekers", "skills") or facts.has("seekers", "credentials")):
        return np.full(len(seekers), UNKNOWN_FIT)
    wanted, granted, brought = problem.once(("skills", "bits"), lambda: _codes_as_bits(facts))
    total = np.bitwise_count(wanted).sum(axis=0, dtype=np.int64)[slots]
    had = np.zeros(len(seekers), dtype=np.int64)
    for want, grant, bring in zip(wanted, granted, brought, strict=True):
        had += np.bitwise_count(want[slots] & (grant[slots] | bring[seekers]))
    # 5/4 makes four in five full; the half of the divisor rounds to the nearest.
    points = (5 * FULL * had + 2 * total) // np.maximum(4 * total, 1)
    return np.where(total == 0, UNKNOWN_FIT, np.minimum(FULL, points))


def _codes_as_bits(facts: Scenario) -> tuple[Words, Words, Words]:
    """What slots want, what they require of everybody, and what seekers bring, over the skills that any slot wants."""
    asked = facts.lists("slots", "skills")
    numbers = {code: number for number, code in enumerate(sorted({code for codes in asked.sets for code in codes}))}
    brought = _bits(facts.lists("seekers", "skills"), numbers) | _bits(facts.lists("seekers", "credentials"), numbers)
    return _bits(asked, numbers), _bits(facts.lists("slots", "required_credentials"), numbers), brought


def _bits(lists: Lists, numbers: dict[str, int]) -> Words:
    """`[word, record]`: the record's codes as bits, 64 to a word; codes without a number are left out."""
    words = len(numbers) // 64 + 1
    lengths = np.fromiter(map(len, lists.sets), dtype=np.int64, count=len(lists.sets))
    flat = np.fromiter((numbers.get(code, -1) for code in chain.from_iterable(lists.sets)), dtype=np.int64, count=int(lengths.sum()))
    owner = np.repeat(np.arange(len(lists.sets)), lengths)[flat >= 0]
    flat = flat[flat >= 0]
    bits = np.zeros((words, len(lists.sets)), dtype=np.uint64)
    np.bitwise_or.at(bits, (flat // 64, owner), np.uint64(1) << (flat % 64).astype(np.uint64))
    return bits[:, lists.codes]
