"""A cap on the pairs of each seeker: the best ones, and those that somebody has already spoken for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.problem import CLOSED_STATUSES, Problem
from allocator.scenario import Integers, Mask, Positions

OPEN_STATUSES = ("proposed", "referred", "offered", "accepted", "started")
"""Commitments that are still going: their pairs are never cut."""
LEVELS = 128
"""Into how many levels the scores are put before they are sorted."""
assert not set(OPEN_STATUSES) & set(CLOSED_STATUSES)


def shortlisted(problem: Problem, seekers: Positions, slots: Positions, scores: Integers, most: int) -> Mask:
    """Which of these pairs the cap keeps: each seeker's `most` best, ties by slot, and whatever is committed, pinned or in the reference.

    The pairs of a seeker stand together, in the order of their slots.
    """
    new = np.append(True, seekers[1:] != seekers[:-1])[: len(seekers)]
    start = np.flatnonzero(new)
    if len(start) == 0 or np.diff(np.append(start, len(seekers))).max() <= most:
        return np.ones(len(seekers), dtype=bool)
    group = np.cumsum(new) - 1
    able = _near_the_top(group, scores, most)
    group = group[able]
    order = able[_best_first(group, scores[able])]
    kept = np.zeros(len(seekers), dtype=bool)
    kept[order[np.arange(len(order)) - np.searchsorted(group, group) < most]] = True  # the order keeps the groups where they are
    return kept | _spoken_for(problem, seekers, slots)


def _near_the_top(group: Integers, scores: Integers, most: int) -> Integers:
    """Pairs among which the `most` best of each group are, ties included: those from the level on at which a group has that many.

    Counting is much faster than sorting, and leaves little to be sorted.
    """
    groups = int(group[-1]) + 1
    if len(group) < groups * LEVELS:  # short lists are sorted as they are, and the counts never take more room than the pairs
        return np.arange(len(group))
    top = int(scores.max())
    level = (top - scores) // ((top - int(scores.min())) // LEVELS + 1)  # 0 is the top
    so_far = np.bincount(group * LEVELS + level, minlength=groups * LEVELS).reshape(groups, LEVELS).cumsum(axis=1)
    last = (so_far < most).sum(axis=1)
    return np.flatnonzero(level <= last[group])


def _best_first(group: Integers, scores: Integers) -> Integers:
    """The pairs by group, the best score first, ties in their own order."""
    top, count = int(scores.max()), len(scores)
    width = top - int(scores.min()) + 1
    if (int(group[-1]) + 1) * width * count >= 1 << 62:
        return np.lexsort((-scores, group))
    # One number for group, score and place: sorting numbers is much faster than finding the order of two columns.
    key = (group * width + (top - scores)) * count + np.arange(count)
    key.sort()
    return np.asarray(key % count)


def _spoken_for(problem: Problem, seekers: Positions, slots: Positions) -> Mask:
    named = problem.once("pairs spoken for", lambda: _named_pairs(problem))
    somebody = np.zeros(problem.scenario.size("seekers"), dtype=bool)
    width = max(1, problem.scenario.size("slots"))
    somebody[named // width] = True
    asked = np.flatnonzero(somebody[seekers])
    found = np.zeros(len(seekers), dtype=bool)
    found[asked] = np.isin(seekers[asked].astype(np.int64) * width + slots[asked], named)
    return found


def _named_pairs(problem: Problem) -> Integers:
    """Pairs (seeker x slots + slot) that are committed, in the reference, or named by a pin."""
    begun, (holder, held), pins = problem.commitments(OPEN_STATUSES), problem.reference, list(_pins(problem))
    pinned = np.array(pins, dtype=np.int32).reshape(-1, 2)
    seeker, slot = np.concatenate([begun.seeker, holder, pinned[:, 0]]), np.concatenate([begun.slot, held, pinned[:, 1]])
    known = (seeker >= 0) & (slot >= 0)
    return np.unique(seeker[known].astype(np.int64) * max(1, problem.scenario.size("slots")) + slot[known])


def _pins(problem: Problem) -> Iterator[tuple[int, int]]:
    """Pairs named by the scenario's pins or the policy's, in force or not: a pin that has expired costs one pair too many, no more."""
    facts = problem.scenario
    said: list[tuple[str, str]] = []
    if facts.has("pins"):
        table = facts.tables["pins"]
        said += zip(table["seeker_id"], table["slot_id"], strict=True)
    for rule in problem.policy.constraints:
        said += [(pin.seeker_id, pin.slot_id) for pin in getattr(rule, "pins", ())]
    yield from ((facts.position("seekers", one), facts.position("slots", other)) for one, other in said)
