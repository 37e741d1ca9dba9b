"""The law's order: as many people of tier 1 as can be served, then of tier 2, and so on.

    maximise  X(tier 1, all), then X(tier 2, all), ..., then X(tier 5, all)

1 veterans and eligible spouses who receive public assistance, have low income or are basic skills deficient; 2 others in those three groups;
3 other veterans and eligible spouses; 4 populations named by the Governor or the local board (`local`, one list, or several for 4a, 4b, ...);
5 everyone else. Only what is recorded as yes counts.

Why: adult training funds serve those first whom the law names first.
Source: WIOA 134(c)(3)(E); 20 CFR 680.600 and 680.650; 20 CFR 1010 (veterans); TEGL 19-16.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from allocator.errors import Fault
from allocator.goals.base import Goal
from allocator.problem import Problem
from allocator.program import Draft, Objective


class PriorityOfService(Goal):
    """Counts per tier, in order."""

    kind: Literal["priority_of_service"] = "priority_of_service"
    local: tuple[tuple[str, ...], ...] = Field(
        (), description='Populations of tier 4: a list of codes, or a list of lists in their order, e.g. [["homeless"], ["ex_offender", "single_parent"]].'
    )

    @field_validator("local", mode="before")
    @classmethod
    def _one_list_or_several(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
            return (tuple(value),)
        return value

    def faults(self, problem: Problem) -> Iterator[Fault]:
        known = sorted({code for codes in problem.scenario.lists("seekers", "populations").sets for code in codes})
        for code in (code for codes in self.local for code in codes):
            if code not in known:
                yield self.fault(
                    "unknown_population",
                    f"No seeker belongs to the population {code!r}.",
                    f"Populations there are: {', '.join(known) or 'none'}.",
                    field="local",
                    value=code,
                    severity="warning",
                )

    def objectives(self, draft: Draft) -> Iterator[Objective]:
        tier = draft.problem.tiers[draft.pairs.seeker]
        for number, name in enumerate(draft.problem.tier_names):
            members = np.flatnonzero(tier == number)
            if len(members):
                yield Objective(self.kind, f"tier {name}", members, np.ones(len(members), dtype=np.int64))
