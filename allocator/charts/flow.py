"""Where people went between two results: who stayed, moved, came and left, as bands from one to the other."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from allocator.charts.base import Chart
from allocator.charts.style import DAY
from allocator.report.table import numbers, table, texts

_WORDS = {
    "same": ("in the same slot", "main"),
    "moved": ("in another slot", "fourth"),
    "lost": ("placed before, not now", "short"),
    "newly_placed": ("newly placed", "other"),
}


def flow(*, same: int, moved: int, lost: int, newly_placed: int, before: str = "before", now: str = "now") -> Chart:
    """Bands of people from one result (named `before`) to another (named `now`); counts as `ojt compare` has them."""
    counts = {"same": same, "moved": moved, "lost": lost, "newly_placed": newly_placed}
    sentence = (
        f"Of {same + moved + lost:,} people placed {before}: {same:,} in the same slot, {moved:,} in another, {lost:,} without one; "
        f"{newly_placed:,} newly placed, {same + moved + newly_placed:,} in all {now}."
    )
    data = table(
        f"People placed {before} and {now}", [*texts("people"), *numbers(before, now)],
        [
            (words, 0 if kind == "newly_placed" else counts[kind], 0 if kind == "lost" else counts[kind])
            for kind, (words, _) in _WORDS.items()
        ],
    )  # fmt: skip
    return Chart("flow", f"People placed {before} and {now}", sentence, data, lambda _: _draw(counts, before, now))


def _draw(counts: dict[str, int], before: str, now: str) -> Any:
    """Two bars of people, first to last, joined where the same people are in both."""
    blocks, bands = [], []
    at = {before: 0, now: 0}
    for kind, (words, _) in _WORDS.items():
        spans = {}
        for side in (before, now):
            size = counts[kind] if (side, kind) not in {(before, "newly_placed"), (now, "lost")} else 0
            spans[side] = (at[side], at[side] + size)
            if size:
                blocks.append({"side": side, "kind": words, "from": at[side], "to": at[side] + size, "label": f"{size:,}", "size": size})
            at[side] += size
        if kind in ("same", "moved") and counts[kind]:
            bands += [{"kind": words, "row": row, "from": spans[side][0], "to": spans[side][1]} for row, side in ((0.0, before), (1.0, now))]
    total = max(1, *at.values())
    scale = alt.Scale(domain=[0, total], nice=False)
    colours = alt.Scale(domain=[words for words, _ in _WORDS.values()], range=[DAY[role] for _, role in _WORDS.values()])
    colour = alt.Color("kind:N", scale=colours, legend=alt.Legend(symbolOpacity=1))
    rows = {before: -0.14, now: 1.14}
    block = pd.DataFrame(blocks, columns=["side", "kind", "from", "to", "label", "size"])
    block = block.assign(top=[rows[side] - 0.14 for side in block["side"]], foot=[rows[side] + 0.14 for side in block["side"]])
    y = alt.Scale(domain=[1.6, -0.4], nice=False, zero=False)
    bars = (
        alt.Chart(block)
        .mark_rect(stroke=DAY["ground"], strokeWidth=2)
        .encode(
            x=alt.X("from:Q", scale=scale, title="people", axis=alt.Axis(grid=False, tickCount=5)),
            x2="to:Q",
            y=alt.Y("top:Q", scale=y, axis=None),
            y2="foot:Q",
            color=colour,
        )
    )
    labels = (
        alt.Chart(block[block["size"] >= total / 24])
        .transform_calculate(x="(datum.from + datum.to) / 2", y="(datum.top + datum.foot) / 2")
        .mark_text(color=DAY["ground"], fontWeight="bold", baseline="middle")
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=y, axis=None), text="label:N")
    )
    names = pd.DataFrame({"name": [f"{before}: {at[before]:,} placed", f"{now}: {at[now]:,} placed"], "y": [-0.34, 1.34 + 0.06], "x": [0, 0]})
    said = (
        alt.Chart(names)
        .mark_text(align="left", baseline="middle", color=DAY["ink"])
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=y, axis=None), text="name:N")
    )
    joined = (
        alt.Chart(pd.DataFrame(bands, columns=["kind", "row", "from", "to"]))
        .mark_area(opacity=0.3, orient="horizontal", line=False)
        .encode(y=alt.Y("row:Q", scale=y, axis=None), x=alt.X("from:Q", scale=scale), x2="to:Q", color=colour)
    )
    return alt.layer(joined, bars, labels, said).properties(height=210)
