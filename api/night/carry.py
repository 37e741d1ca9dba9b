"""What people have promised each other since the last publication, and before: the commitments that a night starts from.

A source often tells only what its system knows, and some tell no commitments at all. So the pairs that were published last go with it: each keeps the
status it had then, unless the source tells another, and is `proposed` where nothing had come of it yet. What the source tells always wins, for a
pair, and for a person who has gone further elsewhere; people and slots that are gone are let go, and so is whoever no longer fits into a slot's openings.
Accepted and started pairs are then held by the constraint `commitments`; referred and offered ones by the goal `stability`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from allocator.domain import COMMITMENT_STATUSES
from allocator.problem import FROZEN_STATUSES
from allocator.scenario import Scenario

Pair = tuple[str, str]
OVER = ("declined", "completed")
GOING = tuple(status for status in COMMITMENT_STATUSES if status not in OVER)
"""From proposed to started: how far a pair has come."""


def carried(tonight: Scenario, published: list[Pair], before: Scenario | None, night: date) -> tuple[pd.DataFrame, dict[str, int]]:
    """Tonight's commitments, and how many were carried over by status, or let go.

    `published` are the pairs of the last publication, `before` its facts.
    """
    since = night if before is None else before.as_of
    told, known = _by_pair(tonight), {} if before is None else _by_pair(before)
    furthest: dict[str, int] = {}
    for (seeker, _), record in told.items():
        if record["status"] in GOING:
            furthest[seeker] = max(furthest.get(seeker, 0), GOING.index(record["status"]))
    free = {str(slot): int(number) for slot, number in zip(tonight.tables["slots"]["slot_id"], tonight.tables["slots"]["openings"], strict=True)}
    for (_, slot), record in told.items():
        free[slot] -= record["status"] in FROZEN_STATUSES
    listed = _listed(tonight)
    seekers = set(tonight.tables["seekers"]["seeker_id"])
    added, counts = [], Counter[str]()
    candidates = {pair: known.get(pair, {}) for pair in published} | {
        pair: record for pair, record in known.items() if record["status"] in FROZEN_STATUSES + OVER
    }
    for (seeker, slot), record in sorted(candidates.items(), key=lambda each: (-_far(each[1]), each[0])):
        status = record.get("status", "proposed")
        if (seeker, slot) in told:
            continue
        if seeker not in seekers or slot not in free:
            counts["gone"] += 1
        elif status in FROZEN_STATUSES and listed is not None and (seeker, slot) not in listed:
            counts["no_pair"] += 1
        elif status not in OVER and furthest.get(seeker, -1) >= GOING.index(status):
            counts["gone_further_elsewhere"] += 1
        elif status in FROZEN_STATUSES and free[slot] <= 0:
            counts["no_opening_left"] += 1
        else:
            free[slot] -= status in FROZEN_STATUSES
            if status in FROZEN_STATUSES:
                furthest[seeker] = GOING.index(status)
            added.append(
                {
                    "seeker_id": seeker,
                    "slot_id": slot,
                    "status": status,
                    "since": record.get("since", since),
                    "author": record.get("author"),
                    "reason": record.get("reason"),
                }
            )
            counts[status] += 1
    return pd.DataFrame([*told.values(), *added], columns=["seeker_id", "slot_id", "status", "since", "author", "reason"]), dict(counts)


def counted(commitments: pd.DataFrame) -> dict[str, int]:
    """Commitments by status."""
    return {str(status): int(number) for status, number in commitments["status"].value_counts().items()}


def _by_pair(facts: Scenario) -> dict[Pair, dict[str, Any]]:
    """Commitments as plain records by pair; what is missing is None."""
    if not facts.has("commitments"):
        return {}
    frame = facts.tables["commitments"]
    plain = frame.astype(object).where(frame.notna(), None)
    return {(record["seeker_id"], record["slot_id"]): {str(name): _day(value) for name, value in record.items()} for record in plain.to_dict("records")}


def _day(value: Any) -> Any:
    return value.date() if isinstance(value, pd.Timestamp) else value


def _listed(facts: Scenario) -> set[Pair] | None:
    """The pairs that the scenario brings; None where it brings none and all are possible."""
    if not facts.has("pairs"):
        return None
    return set(zip(facts.tables["pairs"]["seeker_id"], facts.tables["pairs"]["slot_id"], strict=True))


def _far(record: Mapping[str, Any]) -> int:
    status = record.get("status", "proposed")
    return GOING.index(status) if status in GOING else len(GOING)
