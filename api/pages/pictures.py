"""Charts of the library as pages hold them: drawn for wide and for narrow screens, in the page's own colours, kept for the next reader of the same figures."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass

from markupsafe import Markup

from allocator.charts.base import Chart
from allocator.report.table import Table

MOST_CHARTS = 200
"""Charts that a process keeps, some tens of kilobytes each; the least recently shown goes first."""
_STYLE = re.compile(r' style="[^"]*"')
"""Styles inside a picture: the pages' policy lets none through, and none of them changes what is seen."""

_kept: OrderedDict[str, tuple[Markup, Markup]] = OrderedDict()
_keeping = threading.Lock()


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
    wide, narrow = _drawn_once(chart)
    return Picture(chart.title, chart.sentence, wide, narrow, chart.table)


def _drawn_once(chart: Chart) -> tuple[Markup, Markup]:
    """Its markup, for wide and for narrow screens. The same figures in the same words under the same name are the same picture."""
    told = [chart.name, *(chart.spec(width) for width in chart.widths)]
    key = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    wide, narrow = (Markup(_STYLE.sub("", chart.inline(width))) for width in chart.widths)
    with _keeping:
        _kept[key] = wide, narrow
        while len(_kept) > MOST_CHARTS:
            _kept.popitem(last=False)
    return wide, narrow
