"""Chance decides between equals: one common lottery, drawn from a published seed.

    maximise  sum over placed seekers i of luck[i],   where luck[i] is i's rank, 1 to n, in the order of SHA-256(seed, seeker_id)

A number belongs to an id, not to a row: the order of a file changes nothing, and anybody can draw it again from the seed.

Why: without it ties fall to whoever stands first in a file.
Source: Ashlagi and Nikzad 2020 (one common lottery serves more people than one for each slot).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from allocator.goals.base import Goal
from allocator.problem import Problem
from allocator.program import Draft, Objective
from allocator.scenario import Integers


class Lottery(Goal):
    """Usually the last goal."""

    kind: Literal["lottery"] = "lottery"
    seed: int | None = Field(None, description="Seed of the draw; the run's seed where absent.")

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        luck = self.luck(draft.problem)
        yield Objective(self.kind, self.label, np.arange(len(draft.pairs), dtype=np.int64), luck[draft.pairs.seeker], unit="lots")

    def luck(self, problem: Problem) -> Integers:
        """Each seeker's lot: 1 for the least lucky, n for the luckiest."""
        seed = problem.seed if self.seed is None else self.seed
        draws = [hashlib.sha256(f"{seed}:{seeker_id}".encode()).digest() for seeker_id in problem.scenario.ids("seekers")]
        luck = np.empty(len(draws), dtype=np.int64)
        luck[sorted(range(len(draws)), key=draws.__getitem__)] = np.arange(1, len(draws) + 1)
        return luck
