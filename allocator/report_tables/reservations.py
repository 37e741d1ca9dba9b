"""What became of each promise of seats."""

from __future__ import annotations

from allocator.report_tables.base import KEPT, Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "Every promise of seats, rung by rung: promised, possible, filled, released, short, and why."
MODES = {
    "minimum_best_effort": "best effort",
    "minimum_hard": "hard minimum",
    "minimum_soft": "priced minimum",
    "set_aside": "set aside",
    "cap": "cap",
    "over_and_above": "over and above",
}
FIELDS = (
    Field("label", "Promise"),
    Field("beneficiaries", "For"),
    Field("scope", "In"),
    Field("mode", "Read as"),
    Field("openings", "Openings", "whole", "seats"),
    Field("promised", "Promised", "whole", "seats"),
    Field("supply", "Possible", "whole", "people"),
    Field("filled", "Filled", "whole", "people"),
    Field("released", "Released", "whole", "seats"),
    Field("short", "Short", "whole", "seats"),
    Field("standing", "Standing", "standing"),
    Field("why", "Why"),
)


def reservations(material: Material) -> ReportTable:
    """One line a rung of a reservation; a cap promises that no more than so many are filled."""
    rows = []
    for line in material.result.reservations:
        over = line.filled - line.promised if line.mode == "cap" else 0
        standing = f"short {line.short}" if line.short else f"over by {over}" if over > 0 else KEPT
        rows.append(
            (
                line.label, line.beneficiaries, line.scope, MODES.get(line.mode, line.mode), line.openings, line.promised, line.supply, line.filled,
                line.released, line.short, standing, "; ".join(words for words in (line.short_why, line.released_why) if words),
            )
        )  # fmt: skip
    return from_rows("reservations", "Reservations", ABOUT, FIELDS, rows)
