"""How good the matches are that each group of people got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from allocator.charts.bars import STEP, across
from allocator.charts.base import Chart
from allocator.charts.style import DAY
from allocator.report.table import Column, Table, numbers

PARTS = (10, 25, 50, 75, 90)
"""Percentiles that a group is drawn by."""
HALF, FIFTHS = "middle half (a line marks the median)", "middle four fifths"


class Row(NamedTuple):
    """A group's size and percentiles."""

    group: str
    people: int
    p10: float
    p25: float
    p50: float
    p75: float
    p90: float


def quality(by: str, groups: Sequence[tuple[str, Sequence[float]]]) -> Chart:
    """For each group (its name, and the scores of its placed people in points) the middle half, the middle four fifths and the median.

    Groups must be large enough to be told of; nothing is hidden here.
    """
    rows = [Row(name, len(scores), *(round(float(part), 2) for part in np.percentile(scores, PARTS))) for name, scores in groups]
    if len(rows) > 1:
        sentence = _spread(rows)
    else:
        sentence = f"{rows[0].group}: the median match scores {rows[0].p50:.1f} points." if rows else "Nobody was placed."
    names = ["lowest tenth ends at", "lowest quarter ends at", "median", "highest quarter starts at", "highest tenth starts at"]
    data = Table(f"Match quality in points, by {by}", (Column(by), *numbers("people placed", *names)), tuple(rows))
    return Chart(f"quality-{by}", f"Match quality of those placed, by {by}", sentence, data, lambda width: _draw(rows, width))


def _spread(rows: Sequence[Row]) -> str:
    low, high = min(rows, key=lambda row: row.p50), max(rows, key=lambda row: row.p50)
    return f"The median match scores between {low.p50:.1f} points ({low.group}) and {high.p50:.1f} ({high.group})."


def _draw(rows: Sequence[Row], width: int) -> Any:
    frame = pd.DataFrame(rows, columns=list(Row._fields)).assign(place=range(len(rows)), most=100.0, half=HALF, fifths=FIFTHS)
    frame["figures"] = [
        f"median {median:.1f}, {people:,} {'person' if people == 1 else 'people'}" for median, people in zip(frame["p50"], frame["people"], strict=True)
    ]
    y = alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    scale = alt.Scale(domain=[0, 100], nice=False)
    axis = alt.Axis(tickCount=5, title="points", grid=False)
    base = alt.Chart(frame).encode(y=y)
    middle = base.mark_bar(height=6, yOffset=9).encode(color=_legend("fifths"), x=alt.X("p10:Q", scale=scale, axis=axis), x2="p90:Q")
    half = base.mark_bar(height=16, yOffset=9).encode(color=_legend("half"), x=alt.X("p25:Q", scale=scale), x2="p75:Q")
    median = across(base, alt.X("p50:Q", scale=scale))
    name = base.mark_text(align="left", baseline="middle", dy=-9, limit=round(width * 0.4), color=DAY["ink"]).encode(x=alt.value(0), text="group:N")
    figures = base.mark_text(align="right", baseline="middle", dy=-9, limit=round(width * 0.48), color=DAY["quiet"]).encode(
        x=alt.X("most:Q", scale=scale), text="figures:N"
    )
    return alt.layer(middle, half, *median, name, figures).properties(height=alt.Step(STEP))


def _legend(column: str) -> alt.Color:
    return alt.Color(f"{column}:N", scale=alt.Scale(domain=[HALF, FIFTHS], range=[DAY["main"], DAY["other"]]), legend=alt.Legend())
