"""Draw the growth curves: `python -m benchmarks.plot` writes docs/performance-growth.svg from the results."""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import pandas as pd

from benchmarks.instances import ROOT
from benchmarks.report import NAMES
from benchmarks.results import KEPT, read

PICTURE = ROOT / "docs" / "performance-growth.svg"
COLOURS = ["#0b6e4f", "#d1495b", "#edae49", "#30638e", "#8d6a9f", "#5c5c5c"]


def chart(frame: pd.DataFrame) -> alt.HConcatChart:
    """Seconds and peak memory against pairs, both axes logarithmic, a line a peer and a dash a kind of rules; open where there was no proof."""
    shown = frame.dropna(subset=["pairs", "total_s"]).assign(
        rules=frame["instance"].str.split(":").str[0],
        peer=frame["peer"].map(lambda name: NAMES.get(name, name).replace("*", "").replace("`", "")),
        seconds=frame["total_s"].clip(lower=1e-3),
        proved=(frame["status"] == "proved").map({True: "proved", False: "not proved"}),
    )
    shown = shown[["pairs", "rules", "peer", "seconds", "peak_mb", "proved"]]
    peers = list(dict.fromkeys(shown["peer"]))
    base = alt.Chart(shown).encode(
        x=alt.X("pairs:Q", scale=alt.Scale(type="log"), title="pairs", axis=alt.Axis(format="~s", tickCount=4)),
        color=alt.Color("peer:N", scale=alt.Scale(domain=peers, range=COLOURS[: len(peers)]), title=None),
        strokeDash=alt.StrokeDash("rules:N", title="rules"),
    )
    panels = []
    for column, title, form in (("seconds", "seconds, build and solve", "~g"), ("peak_mb", "peak memory, MB", ",~g")):
        curve = base.encode(y=alt.Y(f"{column}:Q", scale=alt.Scale(type="log"), title=title, axis=alt.Axis(format=form, tickCount=5)))
        points = curve.encode(shape=alt.Shape("proved:N", scale=alt.Scale(domain=["proved", "not proved"], range=["circle", "cross"]), title=None))
        panels.append(alt.layer(curve.mark_line(), points.mark_point(filled=True, size=50)).properties(width=340, height=300))
    return alt.hconcat(*panels)


def draw(folder: Path = KEPT, picture: Path = PICTURE) -> bool:
    """Write the picture; False where there is nothing to draw."""
    frame = read(folder, "growth")
    if len(frame):
        chart(frame).save(str(picture))
    return bool(len(frame))


if __name__ == "__main__":
    sys.exit(0 if draw() else "There are no results of the figure growth yet; run python -m benchmarks.run growth first.")
