"""Business targets: reached, and missing to what was aimed at."""

from __future__ import annotations

from collections.abc import Sequence

from allocator.charts.bars import Bar, bars
from allocator.charts.base import Chart
from allocator.constraints.base import Standing
from allocator.report.table import numbers, table, texts


def targets(lines: Sequence[Standing]) -> Chart:
    """A bar for each standing of a business target that asks for something."""
    told = [line for line in lines if line.required is not None]
    rows, data, missed = [], [], []
    for line in told:
        asked = line.required or 0
        least = asked == line.at_least
        missing = max(0, asked - line.achieved) if least else 0
        over = 0 if least else max(0, line.achieved - asked)
        by = f", misses by {missing:,}" if missing else f", {over:,} too many" if over else ""
        rows.append(
            Bar(f"{line.label} ({line.key})", f"{line.achieved:,} of {'at least' if least else 'at most'} {asked:,}{by}", (line.achieved, missing), asked)
        )
        data.append((line.label, line.key, line.achieved, asked, missing or over))
        if missing or over:
            missed.append(f"{line.label} by {missing or over:,}")
    count = "1 target" if len(told) == 1 else f"{len(told):,} targets"
    sentence = (
        f"{count}: {'all reached' if len(told) > 1 else 'reached'}."
        if not missed
        else f"{count}: {len(told) - len(missed):,} reached; missed {', '.join(missed)}."
    )
    shown = table("People placed and aimed at, by target", [*texts("target", "aim"), *numbers("placed", "aimed at", "missed by")], data)
    return Chart("targets", "Business targets: people placed and missing", sentence, shown, lambda width: bars(rows, _SERIES, width, unit="people"))


_SERIES = (("placed (a line marks the aim)", "main"), ("missing", "short"))
