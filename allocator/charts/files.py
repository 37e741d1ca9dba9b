"""Charts as files: each as a picture in lines, a picture in pixels, and a definition that other tools draw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from allocator.charts.base import Chart
from allocator.files import write_whole


def write_charts(charts: Sequence[Chart], folder: str | Path) -> list[Path]:
    """Write NAME.svg, NAME.png and NAME.vl.json (Vega-Lite) of each chart; each appears whole or not at all. Raises OSError."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for chart in charts:
        written += [
            write_whole(target / f"{chart.name}.svg", chart.svg().encode()),
            write_whole(target / f"{chart.name}.png", chart.png()),
            write_whole(target / f"{chart.name}.vl.json", (json.dumps(chart.spec(), indent=1) + "\n").encode()),
        ]
    return written
