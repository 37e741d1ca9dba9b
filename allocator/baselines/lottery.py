"""A draw: chance says who chooses first, and each takes the best slot that is open to them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from allocator.baselines.base import Baseline
from allocator.baselines.first_come import one_after_the_other
from allocator.goals.lottery import Lottery as Draw
from allocator.pairs import Pairs
from allocator.problem import Problem
from allocator.scenario import Integers


class Lottery(Baseline):
    """The luckiest first, by the same draw as the goal `lottery`: from the problem's seed and each person's id, so that anybody can draw it again."""

    name: ClassVar[str] = "lottery"
    words: ClassVar[str] = "lottery"

    def order(self, problem: Problem, pairs: Pairs) -> Integers:
        return one_after_the_other(pairs, np.argsort(-Draw().luck(problem), kind="stable"))
