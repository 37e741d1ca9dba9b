"""How the value found and the bound that nothing can beat closed in on each other while the run went on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from allocator.charts.base import Chart
from allocator.charts.style import DAY
from allocator.report.table import numbers, table, texts
from allocator.trace import Moment

MOST_GOALS = 4


def closing(trace: Sequence[Moment]) -> Chart | None:
    """Value and bound over the seconds of solving, for the goals that took longest; None where no goal was told of twice."""
    frame = pd.DataFrame([moment.as_dict() for moment in trace], columns=["seconds", "goal", "value", "bound"])
    frame = frame.astype({"seconds": float, "value": float, "bound": float})
    shown = _worth_showing(frame)
    if not shown:
        return None
    told = []
    for goal in shown:
        last = frame[frame["goal"] == goal].iloc[-1]
        told.append(f"{goal} {_end(last['value'], last['bound'])} after {last['seconds']:,.3g} s")
    lines = frame[["goal", "seconds", "value", "bound"]].itertuples(index=False)
    data = table(
        "Value and bound by second, as the run told them", [*texts("goal"), *numbers("seconds", "value", "bound")],
        [(goal, *(None if pd.isna(cell) else float(cell) for cell in cells)) for goal, *cells in lines],
    )  # fmt: skip
    sentence = f"Value and bound: {'; '.join(told)}."
    return Chart("closing", "Closing in: the value found and the bound that nothing can beat", sentence, data, lambda width: _draw(frame, shown, width))


def _end(value: float, bound: float) -> str:
    """How a goal ended."""
    if math.isnan(value) or math.isnan(bound):
        return "ended open"
    return f"met at {value:,.10g}" if value == bound else f"ended at {value:,.10g} of {bound:,.10g}"


def _worth_showing(frame: pd.DataFrame) -> list[str]:
    """The goals with several moments that took longest, in the order in which they were worked on."""
    spans = {goal: float(mine["seconds"].max() - mine["seconds"].min()) for goal, mine in frame.groupby("goal", sort=False) if len(mine) > 1}
    longest = sorted(spans, key=lambda goal: -spans[goal])[:MOST_GOALS]
    return [str(goal) for goal in dict.fromkeys(frame["goal"]) if goal in longest]


def _draw(frame: pd.DataFrame, goals: Sequence[str], width: int) -> Any:
    colour = alt.Color("line:N", scale=alt.Scale(domain=["value found", "bound"], range=[DAY["main"], DAY["short"]]), legend=alt.Legend(symbolType="stroke"))
    dash = alt.StrokeDash("line:N", scale=alt.Scale(domain=["value found", "bound"], range=[[1, 0], [5, 3]]), legend=None)
    end = float(frame["seconds"].max())
    panels = []
    for goal in goals:
        mine = frame[frame["goal"] == goal]
        long = pd.concat(
            [mine[["seconds", column]].rename(columns={column: "amount"}).assign(line=line) for line, column in (("value found", "value"), ("bound", "bound"))]
        )
        line = (
            alt.Chart(long.dropna())
            .mark_line(interpolate="step-after", point=alt.OverlayMarkDef(size=30, filled=True), strokeWidth=2)
            .encode(
                x=alt.X(
                    "seconds:Q", title="seconds of solving" if goal == goals[-1] else None, scale=alt.Scale(domain=[0, end], nice=False),
                    axis=alt.Axis(tickCount=5, grid=False, labels=goal == goals[-1]),
                ),
                y=alt.Y("amount:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(values=_ends(mine), format=",~f", minExtent=60, maxExtent=60)),
                color=colour, strokeDash=dash,
            )
        )  # fmt: skip
        panels.append(line.properties(width=width - 92, height=70, title=alt.TitleParams(goal, anchor="start", fontSize=12, color=DAY["ink"])))
    return alt.vconcat(*panels, spacing=8)


def _ends(frame: pd.DataFrame) -> list[float]:
    """The least and the greatest amount."""
    amounts = pd.concat([frame["value"], frame["bound"]]).dropna()
    return sorted({float(amounts.min()), float(amounts.max())})
