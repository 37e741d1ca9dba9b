"""A section of a report: what it says in a sentence, shows in a chart, and has in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allocator.charts.base import Chart
from allocator.report.table import Table

if TYPE_CHECKING:
    from allocator.opened import Opened


@dataclass(frozen=True, eq=False)
class Section:
    """`part` is the chapter that it stands in, `name` its anchor. The chart's own data is shown under it in any case; `table` is what else there is."""

    part: str
    name: str
    title: str
    sentence: str
    chart: Chart | None = None
    table: Table | None = None

    def as_dict(self) -> dict[str, Any]:
        """The section as plain JSON data; the chart with its figures, not with its drawing."""
        chart = self.chart
        shown = None if chart is None else {"name": chart.name, "title": chart.title, "sentence": chart.sentence, "table": chart.table.as_dict()}
        told = {"part": self.part, "name": self.name, "title": self.title, "sentence": self.sentence}
        return {**told, "chart": shown, "table": None if self.table is None else self.table.as_dict()}


@dataclass(frozen=True)
class Wanted:
    """What a report is about, and whether it may list people by id."""

    opened: Opened
    people: bool = False


Builder = Callable[[Wanted], Iterator[Section]]
"""Makes the sections of one subject; none where there is nothing to tell."""
