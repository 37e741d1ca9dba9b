"""A run's result as files that people open: the workbook, the page, and every sheet as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api.results import open_run
from api.service import Service

if TYPE_CHECKING:
    from allocator.opened import Opened

WORKBOOK, PAGE = "workbook.xlsx", "report.html"


def sheets_of(service: Service, run: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file of a run that a team is given in the morning, by name: the workbook, the page, and each sheet as CSV.

    Nothing in them is made from demographics. `employer_sheet.csv` is safe to send to employers, one employer's lines at a time; the others are for the
    team only. Raises ProblemError where the run has no result.
    """
    return every_sheet(open_run(service, run), by_demographics=False)


def every_sheet(opened: Opened, *, by_demographics: bool) -> dict[str, bytes]:
    """The files of an opened result."""
    from allocator.csv_tables import csv_bytes
    from allocator.report.page import page
    from allocator.report.sections import sections
    from allocator.report_tables import Material, report_tables
    from allocator.workbook import workbook

    tables = report_tables(Material.of(opened), by_demographics=by_demographics)
    return {
        WORKBOOK: workbook(tables, as_of=opened.scenario.as_of, title=f"OJT assignments, {opened.scenario.name}"),
        PAGE: page(opened, sections(opened, by_demographics=by_demographics)).encode(),
        **{f"{table.name}.csv": csv_bytes(table) for table in tables},
    }
