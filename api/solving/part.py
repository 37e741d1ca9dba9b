"""The solver process's work on a part of a sweep: neighbouring points, one after the other, each from where the last one stood."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from allocator.over import Over
from allocator.point import Point
from allocator.sweep import policies_over, sweep
from allocator.sweep_parts import Part, part_document, points_in
from allocator.variants import Terms
from api.solving.child import Teller, inputs_of

POINTS_FILE, PEOPLE_FILE = "points.json", "people.json"
"""The points that the part answers for; and the ids of everybody, in the order in which points name them: the same file for all parts of a sweep."""


def solve_part(job: Mapping[str, Any], teller: Teller) -> dict[str, Any]:
    """Solve the part that a job names."""
    teller.phase("read")
    inputs = inputs_of(job)
    overs, part = [Over(each["place"], tuple(each["texts"])) for each in job["axes"]], Part(**job["part"])
    limit = job.get("time_limit")
    seconds = inputs.layers.policy.limits.time if limit is None else limit
    terms = Terms(Fraction(Decimal(str(job["gap"]))), seconds, teller.cancelled, job["lottery"])
    teller.phase("solve")

    def saw(done: int, total: int) -> None:
        teller.say({"type": "points", "done": done, "total": total})

    def solved() -> Any:
        baselines = job["baselines"]
        return sweep(inputs.scenario, policies_over(inputs), part.solved(overs), seed=job["seed"], terms=terms, saw=saw, baselines=baselines, served=True)

    found = inputs.placing(solved)
    teller.phase("write")
    out, own = Path(job["out"]), set(points_in(part.owned(overs)))
    points = [point for point in found.points if point.texts in own]
    _write(out / POINTS_FILE, part_document(found, overs, part))
    _write(out / PEOPLE_FILE, inputs.scenario.ids("seekers").tolist())
    told = {"points": len(points), "solved": sum(point.stop_reason != "cancelled" for point in points)}
    return {"summary": told, "status": None, "stop_reason": _reason(points), "verified": False}


def _reason(points: Sequence[Point]) -> str:
    """Why the part ended: the first reason among its points that is no proof; cancelled before all others."""
    reasons = [point.stop_reason for point in points if point.stop_reason != "proved"]
    return "cancelled" if "cancelled" in reasons else reasons[0] if reasons else "proved"


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
