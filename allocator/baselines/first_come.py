"""First come, first served: whoever has waited longest takes the best slot that is open to them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from allocator.baselines.base import Baseline
from allocator.pairs import Pairs
from allocator.problem import Problem
from allocator.scenario import Integers


class FirstCome(Baseline):
    """By `pool_entry_date`, ties by id; people whose date is not recorded come last. Of equally good slots the first by id."""

    name: ClassVar[str] = "first_come"
    words: ClassVar[str] = "first come, first served"

    def order(self, problem: Problem, pairs: Pairs) -> Integers:
        # NaT sorts last; seekers stand in the order of their ids.
        queue = np.argsort(problem.scenario.days("seekers", "pool_entry_date"), kind="stable")
        return one_after_the_other(pairs, queue)


def one_after_the_other(pairs: Pairs, queue: Integers) -> Integers:
    """Pairs in the order of a queue of seekers, each seeker's best first."""
    place = np.empty(len(queue), dtype=np.int64)
    place[queue] = np.arange(len(queue))
    return np.lexsort((-pairs.score, place[pairs.seeker]))
