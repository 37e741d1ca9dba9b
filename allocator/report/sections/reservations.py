"""What became of each promise, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from allocator.charts.reservations import reservations
from allocator.promises import ReservationLine
from allocator.report.section import Section, Wanted
from allocator.report.table import numbers, table, texts
from allocator.report.words import nameless
from allocator.wording import MODES


def build(wanted: Wanted) -> Iterator[Section]:
    """Promised, possible, filled, released and short of every reservation and rung."""
    lines, facts = wanted.opened.result.reservations, wanted.opened.scenario
    if not lines:
        return
    names = list(_names(lines))
    rows = [
        (
            name, nameless(f"{line.beneficiaries} in {line.scope}", facts), MODES[line.mode], line.openings, line.promised, line.supply, line.filled,
            line.released, line.short, "; ".join(why for why in (line.short_why, line.released_why) if why),
        )
        for name, line in zip(names, lines, strict=True)
    ]  # fmt: skip
    heads = [*texts("reservation", "for", "reading"), *numbers("openings", "promised", "possible", "filled", "released", "short"), *texts("why")]
    chart = reservations(lines, names)
    yield Section("Promises, targets and money", "reservations", "Reservations", chart.sentence, chart, table("Every reservation, with reasons", heads, rows))


def _names(lines: Sequence[ReservationLine]) -> Iterator[str]:
    """A reservation's label; seats that it has released to the next in line are its second step, and so on."""
    steps = Counter[str]()
    for line in lines:
        steps[line.label] += 1
        yield line.label if steps[line.label] == 1 else f"{line.label}, step {steps[line.label]}"
