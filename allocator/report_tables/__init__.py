"""The tables that people read, one a file, in the order of the workbook's sheets."""

from __future__ import annotations

from allocator.report_tables.base import Field, Kind, ReportTable
from allocator.report_tables.material import Material

__all__ = ["Field", "Kind", "Material", "ReportTable", "report_tables"]


def report_tables(material: Material, *, by_demographics: bool = True) -> tuple[ReportTable, ...]:
    """Every table of a result, in the order of the workbook; the one that is made from demographics only where it may be."""
    from allocator.report_tables.assignments import assignments
    from allocator.report_tables.budget import budget
    from allocator.report_tables.changes import changes
    from allocator.report_tables.checks import checks
    from allocator.report_tables.employers import employers
    from allocator.report_tables.equity import equity_table
    from allocator.report_tables.leads import leads
    from allocator.report_tables.program import program
    from allocator.report_tables.reservations import reservations
    from allocator.report_tables.staff import staff
    from allocator.report_tables.summary import summary
    from allocator.report_tables.targets import targets
    from allocator.report_tables.unplaced import unplaced_table
    from allocator.report_tables.worklist import worklist

    makers = (assignments, employers, worklist, unplaced_table, reservations, targets, staff, budget, changes, equity_table, program, leads, checks)
    made = [make(material) for make in makers if by_demographics or make is not equity_table]
    return (summary(material, made), *made)
