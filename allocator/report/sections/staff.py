"""Staff: load and capacity."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.charts.staff import staff
from allocator.report.section import Section, Wanted


def build(wanted: Wanted) -> Iterator[Section]:
    """What everybody whose time is limited carries."""
    lines = [line for line in wanted.opened.result.rules if line.kind == "staff_capacity" and line.at_most is not None]
    if lines:
        facts = wanted.opened.scenario
        used = dict(zip(facts.ids("staff").tolist(), facts.integers("staff", "used", unknown=0).tolist(), strict=True))
        chart = staff(lines, used)
        yield Section("Staff", "staff", "Load and capacity", chart.sentence, chart)
