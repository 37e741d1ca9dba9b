"""The program report: its own lines, the board's template and leading measures, partner customers beside the general pool."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.program_report import Amount, Measure, program_report
from allocator.report.section import Section, Wanted
from allocator.report.table import numbers, table, texts


def build(wanted: Wanted) -> Iterator[Section]:
    """A table for each chapter of the program report."""
    opened = wanted.opened
    if not opened.result.verified:
        return
    chapters: dict[str, list[Measure]] = {}
    for measure in program_report(opened.plan, pairs=opened.program.pairs).measures:
        chapters.setdefault(measure.section, []).append(measure)
    for number, (chapter, measures) in enumerate(chapters.items(), start=1):
        compared = any(measure.partners is not None for measure in measures)
        sides = [*numbers("partner customers", "general pool", "everybody")] if compared else numbers("everybody")
        rows = [
            (
                measure.measure.replace("_", " "),
                *(_said(amount, measure.unit) for amount in _amounts(measure)[0 if compared else 2 :]),
                measure.unit,
                measure.note,
            )
            for measure in measures
        ]
        missing = sum(measure.everybody == "not recorded" for measure in measures)
        told = f"{len(measures):,} {'line' if len(measures) == 1 else 'lines'}"
        sentence = f"{told}; {missing:,} of them cannot be told from the tables." if missing else f"{told}. What is called leading is planned, no outcome."
        shown = table(f"Program report: {chapter}", [*texts("measure"), *sides, *texts("unit", "what it is")], rows)
        yield Section("Program report", f"program-{number}", chapter, sentence, table=shown)


def _amounts(measure: Measure) -> tuple[Amount, Amount, Amount]:
    return measure.partners, measure.others, measure.everybody


def _said(amount: Amount, unit: str) -> str:
    if amount is None or isinstance(amount, str):
        return amount or ""
    if unit == "share":
        return f"{amount:.1%}"
    if unit.startswith("dollars"):
        return f"${amount:,.2f}"
    return f"{amount:,}" if isinstance(amount, int) else f"{amount:,.1f}"
