"""Promises first: the total of seats short, each by its weight, is as small as can be.

    minimise  sum over best-effort promises r of weight[r] x short[r]

Comes first in the order unless the policy places it elsewhere; nothing to do where no promise is best effort. Prices in points are paid within
`match_quality`; where the policy has no such goal they are paid here.

Why: a promise is kept as far as it can be kept before anything is improved at its cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from allocator.goals.base import Goal
from allocator.program import Draft, Objective


class Shortfall(Goal):
    """Implied first when best-effort promises exist."""

    kind: Literal["shortfall"] = "shortfall"
    smaller_is_better: ClassVar[bool] = True

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        columns, each = draft.charged("shortfall")
        if len(columns):
            yield Objective(self.kind, self.label, columns, each, maximize=False, scale=100)
