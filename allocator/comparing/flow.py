"""People flow: what becomes of each person between one plan and another.

newly_placed  in both pools; holds a slot in the other plan only
lost          in both pools; held a slot in the base only
moved         holds a slot in both, but not the same
same          holds the same slot in both
arrived       holds a slot, and was not in the base's pool
left          held a slot, and is not in the other's pool any more
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from allocator.comparing.side import Side

CHANGES = ("newly_placed", "lost", "moved", "same", "arrived", "left")


@dataclass(frozen=True, eq=False)
class Flow:
    """Everybody who holds a slot in either plan, in the order of their ids.

    `people` has seeker_id, change, from, to (slot ids; missing where there is none), score_from, score_to, score_change and tier (in the other plan's
    facts where they are in its pool).
    """

    people: pd.DataFrame

    @classmethod
    def between(cls, base: Side, other: Side) -> Flow:
        """The flow from one plan to another."""
        both = base.assignments.merge(other.assignments, on="seeker_id", how="outer", suffixes=("_from", "_to"), sort=True)
        was, is_ = both["slot_id_from"].notna().to_numpy(), both["slot_id_to"].notna().to_numpy()
        stayed = (both["slot_id_from"] == both["slot_id_to"]).to_numpy(dtype=bool, na_value=False)
        came, went = ~_in_pool(base, both["seeker_id"]), ~_in_pool(other, both["seeker_id"])
        change = np.select([was & is_ & stayed, was & is_, is_ & came, is_, went], ["same", "moved", "arrived", "newly_placed", "left"], "lost")
        return cls(
            pd.DataFrame(
                {
                    "seeker_id": both["seeker_id"],
                    "change": change.astype(object),
                    "from": both["slot_id_from"].astype(object),
                    "to": both["slot_id_to"].astype(object),
                    "score_from": both["score_from"],
                    "score_to": both["score_to"],
                    "score_change": (both["score_to"] - both["score_from"]).round(2),
                    "tier": both["tier_to"].fillna(both["tier_from"]).astype(object),
                }
            )
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """People by what becomes of them."""
        found = self.people["change"].value_counts()
        return {change: int(found.get(change, 0)) for change in CHANGES}

    @cached_property
    def changed(self) -> int:
        """People in both pools whose lot is not the same."""
        return sum(self.counts[change] for change in ("newly_placed", "lost", "moved"))

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """People from each slot to each: from, to (missing for no slot), people. A slot's row adds up to its people in the base, its column to those in
        the other plan."""
        counts = self.people.groupby(["from", "to"], dropna=False, sort=True, observed=True).size()
        return counts.rename("people").reset_index().sort_values(["from", "to"], na_position="last", kind="stable", ignore_index=True)

    def lines(self, *, only_differences: bool = False) -> Iterator[dict[str, Any]]:
        """The people as plain JSON data."""
        frame = self.people[self.people["change"] != "same"] if only_differences else self.people
        yield from _records(frame)

    def moves(self, *, only_differences: bool = False) -> Iterator[dict[str, Any]]:
        """The matrix as plain JSON data."""
        frame = self.matrix
        yield from _records(frame[~(frame["from"] == frame["to"]).to_numpy(dtype=bool, na_value=False)] if only_differences else frame)


def _in_pool(side: Side, seeker_ids: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which of these people are in a plan's pool."""
    place = side.scenario.positions("seekers", seeker_ids.to_numpy(dtype=object))
    return np.asarray(np.append(side.pool, False)[place])


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows with None where nothing is known."""
    plain = frame.astype(object).where(frame.notna(), None)
    for record in plain.to_dict("records"):
        yield {str(name): value for name, value in record.items()}
