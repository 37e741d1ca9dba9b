"""The tables that people read, one a file, in the order of the workbook's sheets."""

from __future__ import annotations

from collections.abc import Callable

from allocator.report_tables.assignments import assignments
from allocator.report_tables.base import Field, Kind, ReportTable
from allocator.report_tables.budget import budget
from allocator.report_tables.changes import changes
from allocator.report_tables.checks import checks
from allocator.report_tables.employers import employers
from allocator.report_tables.equity import equity_table
from allocator.report_tables.leads import leads
from allocator.report_tables.material import Material
from allocator.report_tables.program import program
from allocator.report_tables.reservations import reservations
from allocator.report_tables.slots import slots
from allocator.report_tables.staff import staff
from allocator.report_tables.summary import summary
from allocator.report_tables.targets import targets
from allocator.report_tables.unplaced import unplaced_table
from allocator.report_tables.worklist import worklist

__all__ = ["SHEETS", "Field", "Kind", "Material", "ReportTable", "report_table_of", "report_tables"]

MAKERS: dict[str, Callable[[Material], ReportTable]] = {
    "assignments": assignments, "employer_sheet": employers, "worklist": worklist, "unplaced": unplaced_table, "reservations": reservations,
    "targets": targets, "staff_load": staff, "budget": budget, "changes": changes, "equity": equity_table, "program_report": program,
    "development_leads": leads, "checks": checks,
}  # fmt: skip
"""Every sheet after the first by its name, in the order of the workbook."""
SUMMARY = "summary"
SHEETS = (SUMMARY, *MAKERS)


def report_tables(material: Material, *, by_demographics: bool = True) -> tuple[ReportTable, ...]:
    """Every table of a result, in the order of the workbook; the one that is made from demographics only where it may be."""
    made = [make(material) for name, make in MAKERS.items() if by_demographics or name != "equity"]
    return (summary(material, made), *made)


def report_table_of(material: Material, name: str) -> ReportTable:
    """One table by its name: a sheet of the workbook, or `slots`, which the workbook does not have. Nothing in the summary is made from demographics.

    Raises KeyError where there is no such table.
    """
    if name == SUMMARY:
        return report_tables(material, by_demographics=False)[0]
    return slots(material) if name == "slots" else MAKERS[name](material)
