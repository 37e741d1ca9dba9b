"""Equity: who was placed at which rate, by protected group, small numbers hidden."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.equity import SOURCE, TEST, VERDICTS, EquityLine, equity
from allocator.report.section import Section, Wanted
from allocator.report.table import Cell, Column, table

STEP = "placed of the pool"
HEADS = (
    "group", Column("in the pool", "number"), Column("placed", "number"), Column("rate", "share"), Column("of the highest rate", "share"),
    Column("p", "number"), "what it says",
)  # fmt: skip


def build(wanted: Wanted) -> Iterator[Section]:
    """One table for all attributes; the earlier steps are in the workbook and in `ojt equity`."""
    if not wanted.opened.result.verified or not wanted.opened.scenario.has("demographics"):
        return
    report = equity(wanted.opened.plan, pairs=[wanted.opened.program.pairs])
    lines = [line for line in report.lines if line.step == STEP]
    if not lines:
        return
    compared = [line for line in lines if line.ratio is not None]
    below = [line for line in compared if line.verdict in ("look", "small_numbers")]
    if not compared:
        told = "No two groups are large enough to compare"
    elif below:
        told = f"Below four fifths of the highest rate: {', '.join(f'{_words(line.attribute)} {_words(line.group)}' for line in below)}"
    else:
        told = f"None of the {len(compared)} groups compared is below four fifths of the highest rate"
    sentence = f"{told}. That is a prompt to look, no proof ({SOURCE}; p: {TEST}). Numbers under 10 are hidden, and what would give them away."
    yield Section("People", "equity", "Equity", sentence, table=table("Rates of placement by protected group", HEADS, [_row(line) for line in lines]))


def _row(line: EquityLine) -> tuple[Cell, ...]:
    name = f"{_words(line.attribute)}: {_words(line.group)}"
    if line.verdict == "hidden":
        return (name, *["hidden"] * 3, "", "", VERDICTS["hidden"])
    said = "" if line.verdict == "not_compared" else VERDICTS[line.verdict]
    blank: tuple[Cell, Cell] = ("" if line.ratio is None else line.ratio, "" if line.p_value is None else round(line.p_value, 3))
    return (name, line.base, line.reached, "" if line.rate is None else line.rate, *blank, said)


def _words(code: str) -> str:
    return code.replace("_", " ")
