"""The program report: the program's own lines and the board's, partner customers against the general pool."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.program_report import BOARD, LATER, LEADING, MONEY, RESULTS, Amount, Measure, program_report
from allocator.report.section import Section, Wanted
from allocator.report.table import table
from allocator.suppression import LEAST

HEADS = ("section", "measure", "partner customers", "general pool", "everybody", "what it is")
TOLD = (RESULTS, BOARD, MONEY, LEADING, LATER)
"""Jobs by occupation and characteristics are in the workbook."""


def build(wanted: Wanted) -> Iterator[Section]:
    """One table; small numbers of partner customers and others are told for everybody only."""
    if not wanted.opened.result.verified:
        return
    report = program_report(wanted.opened.plan, pairs=wanted.opened.program.pairs)
    lines = [line for line in report.measures if line.section in TOLD]
    people, placed = report.of(RESULTS, "Participants").everybody, report.of(RESULTS, "Placed by this plan").everybody
    sentence = (
        f"{people:,} participants; this plan places {placed:,} of them. What a plan says is a leading measure: nobody has been hired yet. "
        "What the tables cannot tell is not recorded."
    )
    yield Section("People", "program", "Program report", sentence, table=table("The program's lines and the board's", HEADS, [_row(line) for line in lines]))


def _row(line: Measure) -> tuple[str, ...]:
    split = (line.partners, line.others)
    few = line.unit == "people" and any(isinstance(amount, int) and 0 < amount < LEAST for amount in split)
    shown = ("", "") if few else tuple(_written(amount, line.unit) for amount in split)
    return (line.section, line.measure, *shown, _written(line.everybody, line.unit), line.note)


def _written(amount: Amount, unit: str) -> str:
    """An amount with its unit."""
    if amount is None or isinstance(amount, str):
        return amount or ""
    if unit == "share":
        return f"{amount:.1%}"
    if unit.startswith("dollars"):
        return f"${amount:,.2f}{unit.removeprefix('dollars')}"
    return f"{amount:,} {unit}"
