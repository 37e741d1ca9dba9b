"""What became of each promise: filled, and short of what was promised."""

from __future__ import annotations

from collections.abc import Sequence

from allocator.charts.bars import Bar, bars
from allocator.charts.base import Chart
from allocator.promises import ReservationLine
from allocator.report.table import numbers, table, texts
from allocator.wording import MODES


def reservations(lines: Sequence[ReservationLine], names: Sequence[str]) -> Chart:
    """A bar for each promise, `names` said beside it: people in its seats, seats short, and a line where the promise (or the cap) is."""
    rows = []
    for line, name in zip(lines, names, strict=True):
        asked = ", at most" if line.mode == "cap" else " of"
        figures = f"{line.filled:,}{asked} {line.promised:,}" + (f", {line.short:,} short" if line.short else "")
        rows.append(Bar(name, figures, (line.filled, line.short), line.promised))
    short = [f"{name} {line.short:,}" for line, name in zip(lines, names, strict=True) if line.short]
    count = "1 promise" if len(lines) == 1 else f"{len(lines):,} promises"
    kept = len(lines) - len(short)
    sentence = (
        f"{count}: all kept." if not short and len(lines) != 1 else f"{count}: kept." if not short else f"{count}: {kept:,} kept; short of {', '.join(short)}."
    )
    data = table(
        "Promised, filled and short, by reservation",
        [*texts("reservation", "reading"), *numbers("promised", "filled", "short")],
        [(name, MODES[line.mode], line.promised, line.filled, line.short) for line, name in zip(lines, names, strict=True)],
    )
    return Chart("reservations", "Promises: seats filled and short", sentence, data, lambda width: bars(rows, _SERIES, width, unit="seats"))


_SERIES = (("filled (a line marks the promise)", "main"), ("short", "short"))
