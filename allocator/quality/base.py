"""What a component of match quality answers: how well does this pair fit, from 0 to 100, in one respect?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from allocator.scenario import Integers, Positions

if TYPE_CHECKING:
    from allocator.problem import Problem

FULL = 10_000
"""100 points, in hundredths."""
UNKNOWN_FIT = np.int64(-1)
"""The facts that this component needs are not recorded; it is left out of the pair's mean."""


class Component(Protocol):
    """A module of this folder: its name is the component's name, its docstring says what it measures."""

    def score(self, problem: Problem, seekers: Positions, slots: Positions) -> Integers:
        """Fit of each pair (seekers[k], slots[k]) in hundredths of a point, 0..10,000, or UNKNOWN_FIT."""
        ...
