"""Best score first: what a careful person with a sorted list would do."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from allocator.baselines.base import Baseline
from allocator.pairs import Pairs
from allocator.problem import Problem
from allocator.scenario import Integers


class Greedy(Baseline):
    """The best pair that every rule has room for, then the next best; ties by seeker and slot."""

    name: ClassVar[str] = "greedy"
    words: ClassVar[str] = "greedy (best score first)"

    def order(self, problem: Problem, pairs: Pairs) -> Integers:
        return np.argsort(-pairs.score, kind="stable")
