"""Bars with their names above them: as readable on a phone as on a wall, however long the names are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from allocator.charts.style import DAY

STEP = 42
"""Pixels from one bar to the next."""


def across(rows: alt.Chart, x: alt.X) -> tuple[alt.Chart, alt.Chart]:
    """A line across each bar, with a rim of the ground so that it is seen on any colour."""
    rim, line = (rows.mark_tick(thickness=thick, height=24, color=DAY[role], opacity=1, yOffset=9).encode(x=x) for role, thick in (("ground", 7), ("ink", 3)))
    return rim, line


@dataclass(frozen=True)
class Bar:
    """A name, its figures in words, parts that are laid end to end (in the order of the chart's series), and where the mark stands, if anywhere."""

    name: str
    figures: str
    parts: tuple[float, ...]
    mark: float | None = None


def bars(rows: Sequence[Bar], series: Sequence[tuple[str, str]], width: int, *, unit: str) -> Any:
    """Horizontal bars. `series` are (name, role of its colour); a mark is a line across the bar.

    The figures stand beside each name, so that no colour has to be told from another to read the chart.
    """
    top = max([1.0, *(max(sum(row.parts), row.mark or 0) for row in rows)])
    pieces, heads = [], []
    for place, row in enumerate(rows):
        start = 0.0
        for (name, _), part in zip(series, row.parts, strict=True):
            if part:
                pieces.append({"place": place, "series": name, "from": start, "to": start + part})
            start += part
        heads.append({"place": place, "name": row.name, "figures": row.figures, "mark": row.mark, "from": 0, "to": top})
    y = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    scale = alt.Scale(domain=[0, top], nice=False)
    head = alt.Chart(pd.DataFrame(heads)).encode(y=y)
    colours = alt.Scale(domain=[name for name, _ in series], range=[DAY[role] for _, role in series])
    track = head.mark_bar(height=14, color=DAY["track"], yOffset=9).encode(x=alt.X("from:Q", scale=scale, title=unit), x2="to:Q")
    piece = (
        alt.Chart(pd.DataFrame(pieces, columns=["place", "series", "from", "to"]))
        .mark_bar(height=14, yOffset=9, stroke=DAY["ground"], strokeWidth=1)
        .encode(
            y=y,
            x=alt.X("from:Q", scale=scale, axis=alt.Axis(grid=False, tickCount=5, format="~s" if top >= 10_000 else ",~f", title=unit)),
            x2="to:Q",
            color=alt.Color("series:N", scale=colours, legend=alt.Legend() if len(series) > 1 else None),
        )
    )
    marks = across(head.transform_filter("isValid(datum.mark)"), alt.X("mark:Q", scale=scale))
    name = head.mark_text(align="left", baseline="middle", dy=-9, limit=round(width * 0.48), color=DAY["ink"]).encode(x=alt.value(0), text="name:N")
    figures = head.mark_text(align="right", baseline="middle", dy=-9, limit=round(width * 0.4), color=DAY["quiet"]).encode(
        x=alt.X("to:Q", scale=scale), text="figures:N"
    )
    return alt.layer(track, piece, *marks, name, figures).properties(height=alt.Step(STEP))
