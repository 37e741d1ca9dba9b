"""Charts of the library as pages hold them: drawn for wide and for narrow screens, in the page's own colours, kept for the next reader of the same figures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from allocator.charts.base import Chart
from allocator.report.table import Table

_STYLE = re.compile(r' style="[^"]*"')
"""Styles inside a picture: the pages' policy lets none through, and none of them changes what is seen."""


@dataclass(frozen=True)
class Picture:
    """A chart as markup."""

    title: str
    sentence: str
    wide: Markup
    narrow: Markup
    table: Table


def picture(chart: Chart) -> Picture:
    """A chart for a page."""
    wide, narrow = (Markup(_STYLE.sub("", chart.inline(width))) for width in chart.widths)
    return Picture(chart.title, chart.sentence, wide, narrow, chart.table)
