"""What is different from the plan before: newly placed, lost, moved."""

from __future__ import annotations

from typing import Any

from allocator.report_tables.base import Field, ReportTable, from_rows
from allocator.report_tables.decided import decided
from allocator.report_tables.material import Material

NO_PLAN = "There is no plan to compare with: allocate with --reference FILE, or report with --against OUT."
FIELDS = (
    Field("change", "Change"),
    Field("seeker_id", "Seeker"),
    Field("coach_id", "Coach or liaison"),
    Field("slot_before", "Slot before"),
    Field("slot_now", "Slot now"),
    Field("employer_before", "Employer before"),
    Field("employer_now", "Employer now"),
    Field("why", "Why"),
)
ORDER = ("lost", "moved", "newly placed")


def changes(material: Material) -> ReportTable:
    """One line a person whose slot is not what it was: lost first, for they must be told first."""
    if material.before is None:
        return from_rows("changes", "Changes", NO_PLAN, FIELDS, [])
    before, now = dict(material.before), dict(material.plan.named())
    same = sum(now.get(seeker) == slot for seeker, slot in before.items())
    rows = sorted(_rows(material, before, now), key=lambda row: (ORDER.index(row[0]), row[1]))
    counts = {change: sum(row[0] == change for row in rows) for change in ORDER}
    told = f"Against the plan before: {counts['lost']:,} lost, {counts['moved']:,} moved, {counts['newly placed']:,} newly placed; {same:,} the same."
    return from_rows("changes", "Changes", told, FIELDS, rows)


def change_of(before: str | None, now: str | None) -> str | None:
    """What happened to somebody; None where nothing did."""
    if before == now:
        return None
    return "newly placed" if before is None else "lost" if now is None else "moved"


def _rows(material: Material, before: dict[str, str], now: dict[str, str]) -> list[tuple[Any, ...]]:
    facts, rows = material.facts, []
    people = material.result.unplaced
    reasons = dict(zip(people.seeker_id, decided(material.problem, people.detail), strict=True))
    for seeker in sorted({*before, *now}):
        old, new = before.get(seeker), now.get(seeker)
        change = change_of(old, new)
        if change is not None:
            who = facts.position("seekers", seeker)
            coach = material.ids("staff", material.problem.seeker_staff[who : who + 1])[0] if who >= 0 else None
            rows.append((change, seeker, coach, old, new, _employer(material, old), _employer(material, new), _why(material, seeker, old, who, reasons)))
    return rows


def _employer(material: Material, slot_id: str | None) -> str | None:
    slot = -1 if slot_id is None else material.facts.position("slots", slot_id)
    return None if slot < 0 else material.facts.coded("slots", "employer_id").text(slot)


def _why(material: Material, seeker: str, old: str | None, who: int, reasons: dict[str, str]) -> str:
    if who < 0:
        return "no longer among the seekers"
    if old is not None and material.facts.position("slots", old) < 0:
        return f"{old} is no longer among the slots"
    return reasons.get(seeker, "")
