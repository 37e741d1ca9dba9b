"""A run's result as files that people open: the workbook, the page, and every sheet as CSV."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.results import paper
from api.service import Service


def sheets_of(service: Service, run: Mapping[str, Any]) -> dict[str, bytes]:
    """Every file of a run that a team is given in the morning, by name: `workbook.xlsx`, `report.html`, and each sheet as CSV.

    Nothing in them is made from demographics. `employer_sheet.csv` is safe to send to employers, one employer's lines at a time; the others are for the
    team only. Raises ProblemError where the run has no result, or where nobody is free to make them.
    """
    with zipfile.ZipFile(packed_sheets(service, run)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed_sheets(service: Service, run: Mapping[str, Any]) -> Path:
    """The same files as one archive, made once and kept beside the other papers of the run; ProblemError as for `sheets_of`."""
    return paper(service, run, "sheets.zip", "as_sheets")
