"""Selection rates by protected group, small numbers hidden."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.equity import TEST, VERDICTS, EquityLine, equity
from allocator.report.section import Section, Wanted
from allocator.report.table import Cell, Column, numbers, table, texts
from allocator.suppression import LEAST

STEPS = ("placed of the eligible", "placed of the pool")
LOOK = ("look", "difference")


def build(wanted: Wanted) -> Iterator[Section]:
    """Each group's rate at each step, where the scenario has a protected table and there is a plan."""
    opened = wanted.opened
    if not opened.result.verified or not opened.scenario.has("demographics"):
        return
    lines = [line for line in equity(opened.plan, pairs=[opened.program.pairs]).lines if line.step in STEPS]
    if not lines:
        return
    found = sorted({f"{line.attribute}, {line.group}".replace("_", " ") for line in lines if line.verdict in LOOK})
    said = f"{len(found):,} to look into: {'; '.join(found)}" if found else "no group differs by more than chance would explain"
    sentence = f"Rates at which groups are placed: {said}. Numbers under {LEAST}, and what would give one away, are hidden. {TEST}."
    heads = [*texts("attribute", "step", "group"), *numbers("people", "placed"), Column("rate", "share"), Column("of the highest rate", "share")]
    rows = [tuple(_cells(line)) for line in lines]
    shown = table("Selection rates by group", [*heads, *numbers("exact test, p"), *texts("what it says")], rows)
    yield Section("People", "equity", "Equity", sentence, table=shown)


def _cells(line: EquityLine) -> Iterator[Cell]:
    blank = "hidden" if line.verdict == "hidden" else ""
    yield from (line.attribute.replace("_", " "), line.step, line.group.replace("_", " "))
    yield from (blank if cell is None else cell for cell in (line.base, line.reached, line.rate, line.ratio))
    yield "" if line.p_value is None else f"{line.p_value:.3f}"
    yield VERDICTS[line.verdict]
