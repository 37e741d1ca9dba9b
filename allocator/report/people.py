"""People counted by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from allocator.opened import Opened
    from allocator.scenario import Integers, Positions, Scenario

NO_PAIR = ("ineligible", "no_pair")
"""Reasons of those whom no slot admits."""


def counted(opened: Opened, group: Positions | Integers, groups: int) -> list[tuple[int, int, int]]:
    """For each group (a number per seeker) its people, those whom at least one slot admits, and those placed."""
    facts, result = opened.scenario, opened.result
    placed = facts.positions("seekers", result.assignments["seeker_id"].to_numpy(dtype=object))
    barred = facts.positions("seekers", result.unplaced.seeker_id[np.isin(result.unplaced.reason, NO_PAIR)])
    everybody, held, without = (np.bincount(group[who], minlength=groups) for who in (np.arange(len(group)), placed, barred))
    return list(zip(everybody.tolist(), (everybody - without).tolist(), held.tolist(), strict=True))


def named(facts: Scenario, table: str, ids: Sequence[str]) -> list[str]:
    """Ids of partners or centers with their names, where the table has them."""
    if not facts.has(table, "name"):
        return list(ids)
    names = facts.coded(table, "name")
    places = facts.positions(table, np.array(ids, dtype=object)).tolist()
    return [f"{one}, {names.text(place)}" if place >= 0 and names.text(place) else one for one, place in zip(ids, places, strict=True)]
