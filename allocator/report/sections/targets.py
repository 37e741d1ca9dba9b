"""Business targets."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.charts.targets import targets
from allocator.report.section import Section, Wanted


def build(wanted: Wanted) -> Iterator[Section]:
    """Placed and aimed at, target by target."""
    lines = [line for line in wanted.opened.result.rules if line.kind == "business_target" and line.required is not None]
    if lines:
        chart = targets(lines)
        yield Section("Promises, targets and money", "targets", "Business targets", chart.sentence, chart)
