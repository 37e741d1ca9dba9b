"""What a rule costs: what is reached at each of its values, and by how much that changes with one more, on either side."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from allocator.charts.base import Chart
from allocator.charts.style import DAY
from allocator.report.table import Column, Table, numbers


def frontier(points: pd.DataFrame, parameter: str, *, reached: str = "placed", unit: str = "people") -> Chart:
    """A frontier as `ojt sweep` frames it.

    `points` has a row for each value of the parameter: `value`, the column named by `reached`, `price_below`, `price_above` (by how much the goal changes
    with one more, coming to the point and going on from it; missing where not known) and `dominated` (another value is better in one goal and worse in
    none). A value for which no plan exists has nothing reached.
    """
    frame = points[["value", reached, "price_below", "price_above", "dominated"]].rename(columns={reached: "reached"}).sort_values("value", kind="stable")
    frame = frame.astype({"value": float, "reached": float, "price_below": float, "price_above": float, "dominated": bool}).reset_index(drop=True)
    found = frame.dropna(subset=["reached"])
    rows = tuple(
        (float(value), *(None if pd.isna(cell) else int(cell) if float(cell).is_integer() else float(cell) for cell in cells), "yes" if dominated else "no")
        for value, *cells, dominated in frame.itertuples(index=False)
    )
    columns = (*numbers("value", reached, "change with one more, before", "change with one more, after"), Column("beaten by another point"))
    data = Table(f"{reached} and prices by {parameter}", columns, rows)
    sentence = _sentence(found, parameter, f"{reached} goes from", unit)
    return Chart("frontier", f"What {parameter} costs", sentence, data, lambda width: _draw(frame, parameter, f"{reached}, {unit}", width))


def _sentence(found: pd.DataFrame, parameter: str, goes: str, unit: str) -> str:
    if not len(found):
        return f"No value of {parameter} allows a plan."
    values, reached = found["value"].tolist(), found["reached"].tolist()
    most, least, beaten = max(reached), min(reached), int(found["dominated"].sum())
    are = "is" if beaten == 1 else "are"
    return (
        f"From {parameter} {values[0]:.10g} to {values[-1]:.10g}, {goes} {most:,.10g} {unit} (at {values[reached.index(most)]:.10g}) "
        f"down to {least:,.10g} (at {values[reached.index(least)]:.10g}); {beaten:,} of {len(found):,} points {are} beaten by another."
    )


def _draw(frame: pd.DataFrame, parameter: str, title: str, width: int) -> Any:
    """The points above, prices as steps below; hollow points are beaten."""
    shown = frame.dropna(subset=["reached"]).assign(point=lambda points: points["dominated"].map({True: "beaten by another point", False: "not beaten"}))
    ends = [float(frame["value"].min()), float(frame["value"].max())] if len(frame) > 1 else alt.Undefined  # both panels run over the same values
    x = alt.X("value:Q", title=None, scale=alt.Scale(domain=ends, zero=False, nice=False, padding=8), axis=alt.Axis(grid=False, tickCount=6))
    side = alt.Axis(tickCount=4, minExtent=44, maxExtent=44, format="~s")
    base = alt.Chart(shown).encode(x=x, y=alt.Y("reached:Q", title=None, scale=alt.Scale(zero=False), axis=side))
    line = base.mark_line(color=DAY["main"], strokeWidth=2)
    points = base.mark_point(size=60, filled=True, opacity=1, strokeWidth=2, stroke=DAY["main"]).encode(
        fill=alt.Fill(
            "point:N",
            scale=alt.Scale(domain=["not beaten", "beaten by another point"], range=[DAY["main"], DAY["ground"]]),
            legend=alt.Legend(symbolType="circle"),
        )
    )
    upper = alt.layer(line, points).properties(width=width - 70, height=220, title=_title(title))
    prices = shown.melt(["value"], ["price_above"], "side", "price").dropna(subset=["price"])
    if not len(prices):
        return alt.vconcat(upper)
    lower = (
        alt.Chart(prices)
        .mark_line(interpolate="step-after", color=DAY["short"], strokeWidth=2, point=alt.OverlayMarkDef(color=DAY["short"], size=25))
        .encode(x=x.title(parameter), y=alt.Y("price:Q", title=None, axis=side))
        .properties(width=width - 70, height=90, title=_title("change with one more"))
    )
    return alt.vconcat(upper, lower)


def _title(words: str) -> alt.TitleParams:
    return alt.TitleParams(words, anchor="start", fontSize=12, color=DAY["ink"])
