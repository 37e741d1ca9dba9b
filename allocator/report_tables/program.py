"""The program report as a table."""

from __future__ import annotations

from allocator.program_report import program_report
from allocator.report_tables.base import Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "The program's own lines and the board's, partner customers against the general pool. What the tables cannot tell is “not recorded”."
FIELDS = (
    Field("section", "Section"),
    Field("measure", "Measure"),
    Field("partners", "Partner customers", "amount"),
    Field("others", "General pool", "amount"),
    Field("everybody", "Everybody", "amount"),
    Field("unit", "Unit"),
    Field("note", "What it is"),
)


def program(material: Material) -> ReportTable:
    """One line a measure."""
    measures = program_report(material.plan, pairs=material.pairs).measures
    rows = [tuple(getattr(measure, field.name) for field in FIELDS) for measure in measures]
    return from_rows("program_report", "Program report", ABOUT, FIELDS, rows)
