"""Every table of a result as a CSV file, for other programs and for spreadsheets alike.

UTF-8 with a byte order mark: without it Excel takes the file for the code page of its machine and spoils every letter that is not English; the readers
of this program, pandas (`utf-8-sig`) and databases skip it. Headers are the names of the columns, not their titles; days are ISO dates, shares
are fractions of 1, money is plain dollars, yes and no are words, what is missing is empty. Text is quoted, numbers are not, and text that a
spreadsheet might run is made inert.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from allocator.files import write_whole
from allocator.inert import inert
from allocator.report_tables.base import Field, ReportTable, plain


def write_csv_tables(tables: Sequence[ReportTable], folder: str | Path) -> list[Path]:
    """Write `<table>.csv` for each table into the folder, each whole or not at all. Raises OSError where it cannot be written."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables:
        written.append(write_whole(target / f"{table.name}.csv", csv_bytes(table)))
    return written


def csv_bytes(table: ReportTable) -> bytes:
    """One table as CSV."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow([field.name for field in table.fields])
    columns = [[_cell(value, field) for value in plain(table.frame[field.name], field)] for field in table.fields]
    writer.writerows(zip(*columns, strict=True))
    return sink.getvalue().encode("utf-8-sig")


def _cell(value: Any, field: Field) -> Any:
    if value is None:
        return ""
    if field.kind == "flag":
        return "yes" if value else "no"
    if isinstance(value, float):
        digits = 2 if field.kind == "money" else 6
        return round(value, digits)
    return inert(value) if isinstance(value, str) else value
