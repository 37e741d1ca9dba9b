"""What each staff member carries, beside what they can carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from allocator.charts.bars import Bar, bars
from allocator.charts.base import Chart
from allocator.constraints.base import Standing
from allocator.report.table import numbers, table, texts

MOST = 40
"""Bars of a chart; the table has everybody."""


def staff(lines: Sequence[Standing], used: Mapping[str, int]) -> Chart:
    """A bar for each standing of a staff capacity, fullest first. `used` has the points that each staff member carried before this plan."""
    full, rows, data = [], [], []
    ordered = sorted(lines, key=lambda line: (-_load(line, used), line.label, line.key))
    for line in ordered:
        room, before = line.at_most or 0, used.get(line.key, 0)
        capacity = before + room
        rows.append(Bar(f"{line.key}, {line.label}", f"{before + line.achieved:,} of {capacity:,} points", (before, line.achieved), capacity))
        data.append((line.key, line.label, before, line.achieved, capacity, line.slack))
        if line.slack == 0:
            full.append(line.key)
    count = "1 staff member" if len(lines) == 1 else f"{len(lines):,} staff members"
    at_limit = "none has reached the limit" if not full else f"{len(full):,} {'has' if len(full) == 1 else 'have'} no room left: {', '.join(full[:8])}"
    more = f" and {len(full) - 8:,} more" if len(full) > 8 else ""
    shown = f" The chart shows the {MOST} fullest." if len(rows) > MOST else ""
    names = [*texts("staff", "role"), *numbers("points before", "points of this plan", "capacity", "room left")]
    return Chart(
        "staff", "Staff: load and capacity in points", f"{count}: {at_limit}{more}.{shown}", table("Load and capacity in points, by staff member", names, data),
        lambda width: bars(rows[:MOST], _SERIES, width, unit="points"),
    )  # fmt: skip


_SERIES = (("carried before (a line marks the capacity)", "other"), ("this plan", "main"))


def _load(line: Standing, used: Mapping[str, int]) -> float:
    before = used.get(line.key, 0)
    return (before + line.achieved) / max(1, before + (line.at_most or 0))
