"""What gates and publications tell of a plan in figures: counts of people, records and seats, nobody's id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from allocator.check import violations
from allocator.compare import Side
from allocator.comparing.flow import Flow
from allocator.opened import Opened


@dataclass(frozen=True)
class Measured:
    """A plan in figures."""

    outcome: str
    placed: int
    seekers: int
    openings: int
    gap: float | None
    violations: int
    counts: Mapping[str, int]
    short: Mapping[str, int]
    released: int
    moved: int | None
    flow: Mapping[str, int] | None

    @classmethod
    def of(cls, opened: Opened, last: Opened | None) -> Measured:
        """A run's plan in figures, checked anew, and against the plan that was published last."""
        result = opened.result
        gaps = [goal.gap for goal in result.goals]
        return cls(
            outcome=result.status,
            placed=result.placed,
            seekers=result.seekers,
            openings=result.openings,
            gap=None if any(gap is None for gap in gaps) else max((gap for gap in gaps if gap is not None), default=0.0),
            violations=sum(1 for _ in violations(opened.plan)),
            counts={table: len(frame) for table, frame in opened.scenario.tables.items() if table != "demographics"},
            short=_short(opened),
            released=sum(line.released for line in result.reservations),
            moved=_moved(opened),
            flow=None if last is None else Flow.between(Side.of("last", last), Side.of("tonight", opened)).counts,
        )


def _short(opened: Opened) -> dict[str, int]:
    """Seats that each reservation is short of."""
    found = Counter[str]()
    for line in opened.result.reservations:
        found[line.label] += line.short
    return dict(found)


def _moved(opened: Opened) -> int | None:
    """People of the reference who do not hold what they held, as `change_limit` counts them; None without a reference."""
    if not opened.scenario.has("reference"):
        return None
    held = set(zip(opened.plan.seeker.tolist(), opened.plan.slot.tolist(), strict=True))
    return sum(pair not in held for pair in zip(*(each.tolist() for each in opened.problem.reference), strict=True))
