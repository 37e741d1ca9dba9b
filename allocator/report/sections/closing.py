"""How the run closed in on its answer."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.charts.closing import closing
from allocator.report.section import Section, Wanted


def build(wanted: Wanted) -> Iterator[Section]:
    """Value and bound over time, where the run told of them more than once."""
    chart = closing(wanted.opened.result.trace)
    if chart is not None:
        yield Section("The run", "closing", "Closing in", chart.sentence, chart)
