"""What is kept of a point's answer, as plain data: enough to compare it with other points, wherever and whenever it was solved."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from allocator.engines.base import Status, StopReason
from allocator.engines.series import Road
from allocator.point import Point, Price, Promise, Served, Unoptimized
from allocator.result import GoalResult
from allocator.variants import Variant


@dataclass(frozen=True, eq=False)
class Kept:
    """An answer without its program. `bits` says of each of `people` whether they are placed; None where there is no plan."""

    status: Status
    stop_reason: StopReason
    road: Road
    goals: tuple[GoalResult, ...] = ()
    maximized: tuple[bool, ...] = ()
    of_filled: frozenset[str] = frozenset()
    bits: bytes | None = None
    people: Sequence[str] = ()

    @property
    def found(self) -> bool:
        """Whether there is a plan."""
        return self.bits is not None

    @cached_property
    def placed(self) -> frozenset[str]:
        """Ids of the people placed."""
        if self.bits is None:
            return frozenset()
        chosen = np.unpackbits(np.frombuffer(self.bits, dtype=np.uint8), count=len(self.people))
        return frozenset(np.asarray(self.people, dtype=object)[chosen.astype(bool)].tolist())


NOT_SOLVED = Kept("no_solution", "cancelled", "first")
"""The answer of a point that was not come to."""


def point_document(point: Point) -> dict[str, Any]:
    """A point of a sweep that was solved here, as plain data; the differences from other points are left out, because the others may not be here."""
    variant = point.variant
    return {
        "texts": list(point.texts),
        "answer": {
            "status": variant.status,
            "stop_reason": variant.stop_reason,
            "road": variant.road,
            "goals": [asdict(goal) for goal in variant.goals],
            "maximized": list(variant.maximized),
            "of_filled": sorted(variant.of_filled),
            "bits": _bits(variant),
        },
        "promises": [asdict(promise) for promise in point.promises],
        "slopes": [asdict(price) for price in point.prices if price.method == "slope"],
        "newly_placed": point.newly_placed,
        "lost": point.lost,
        "baselines": [asdict(baseline) for baseline in point.baselines],
        "served": [asdict(group) for group in point.served],
        "seconds": point.seconds,
    }


def point_of(document: Mapping[str, Any], people: Sequence[str]) -> Point:
    """The point of a document; `people` are the ids of everybody, in the order of the facts."""
    told = document["answer"]
    answer = Kept(
        status=told["status"],
        stop_reason=told["stop_reason"],
        road=cast(Road, told["road"]),
        goals=_goals(told["goals"]),
        maximized=tuple(told["maximized"]),
        of_filled=frozenset(told["of_filled"]),
        bits=None if told["bits"] is None else base64.b64decode(told["bits"]),
        people=people,
    )
    return Point(
        texts=tuple(document["texts"]),
        answer=answer,
        promises=tuple(Promise(**promise) for promise in document["promises"]),
        seconds=document["seconds"],
        prices=tuple(Price(**price) for price in document["slopes"]),
        newly_placed=document["newly_placed"],
        lost=document["lost"],
        baselines=tuple(Unoptimized(**{**each, "goals": _goals(each["goals"])}) for each in document["baselines"]),
        served=tuple(Served(**group) for group in document["served"]),
    )


def _goals(documents: Sequence[Mapping[str, Any]]) -> tuple[GoalResult, ...]:
    return tuple(GoalResult(**goal) for goal in documents)


def _bits(variant: Variant) -> str | None:
    """Who is placed, a bit for each person."""
    if not variant.found:
        return None
    placed = np.zeros(variant.problem.scenario.size("seekers"), dtype=bool)
    placed[variant.plan.seeker] = True
    return base64.b64encode(np.packbits(placed).tobytes()).decode()
