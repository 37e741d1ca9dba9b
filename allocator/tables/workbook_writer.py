"""A scenario as an Excel workbook that reads back the same: ids as text, days as days, nothing as a formula."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.domain import TABLES, Column
from allocator.errors import Fault, InputError
from allocator.scenario import Scenario
from allocator.tables.workbook import SETTINGS_SHEET

MOST_ROWS = 1_048_575
LONGEST_TEXT = 32_767
_WIDEST = 40


def write_workbook(scenario: Scenario, path: Path) -> None:
    """One sheet a table and one with name and day.

    Raises:
        InputError: xlsxwriter is not installed, or Excel's limits cannot hold a table.
    """
    try:
        import xlsxwriter
    except ImportError:
        fix = "Install it with: pip install 'ojt-allocator[reports]', or write CSV or Parquet."
        raise InputError([Fault("no_xlsxwriter", "Writing workbooks needs the package xlsxwriter, which is not installed.", fix)]) from None
    if faults := [fault for table, frame in scenario.tables.items() for fault in _too_big(table, frame)]:
        raise InputError(faults)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "constant_memory": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        _write_settings(book.add_worksheet(SETTINGS_SHEET), scenario, bold)
        for table, frame in scenario.tables.items():
            sheet = book.add_worksheet(table)
            sheet.freeze_panes(1, 0)
            names = [name for name in TABLES[table].model_fields if name in frame.columns]
            for place, name in enumerate(names):
                sheet.write_string(0, place, name, bold)
                _write_column(sheet, place, frame[name], TABLES[table].columns()[name], day)


def _write_settings(sheet: Any, scenario: Scenario, bold: Any) -> None:
    sheet.set_column(0, 1, 20)
    for row, (key, value, form) in enumerate((("key", "value", bold), ("name", scenario.name, None), ("as_of", scenario.as_of.isoformat(), None))):
        sheet.write_string(row, 0, key, form)
        sheet.write_string(row, 1, value, form)


def _write_column(sheet: Any, place: int, series: pd.Series[Any], column: Column, day: Any) -> None:
    write = _writer(sheet, column, day)
    values = series.astype(object).tolist()
    blank = series.isna().tolist()
    widest = len(column.name)
    for row, (value, missing) in enumerate(zip(values, blank, strict=True), start=1):
        if not missing and value != "":
            widest = max(widest, len(str(value)) if column.kind != "day" else 10)
            write(row, place, value)
    sheet.set_column(place, place, min(widest, _WIDEST) + 2)


def _writer(sheet: Any, column: Column, day: Any) -> Callable[[int, int, Any], Any]:
    if column.kind == "flag":
        return lambda row, place, value: sheet.write_string(row, place, "yes" if value else "no")
    if column.kind == "day":
        return lambda row, place, value: sheet.write_datetime(row, place, value.to_pydatetime(), day)
    if column.kind in ("whole", "number"):
        # A sheet keeps 16 digits: the rare number that needs 17 goes in as text, which reads back exactly.
        return lambda row, place, value: (
            sheet.write_number(row, place, value) if float(f"{value:.16G}") == value else sheet.write_string(row, place, repr(value))
        )
    return sheet.write_string  # type: ignore[no-any-return]


def _too_big(table: str, frame: pd.DataFrame) -> list[Fault]:
    faults = []
    if len(frame) > MOST_ROWS:
        message = f"{table} has {len(frame):,} records; a sheet holds {MOST_ROWS:,}."
        faults.append(Fault("too_big_for_xlsx", message, "Write CSV or Parquet.", sheet=table))
    for name in frame.columns:
        if TABLES[table].columns()[name].kind in ("id", "text", "codes"):
            longest = int(frame[name].str.len().max() or 0) if len(frame) and frame[name].notna().any() else 0
            if longest > LONGEST_TEXT:
                message = f"{name} holds a text of {longest:,} characters; a cell holds {LONGEST_TEXT:,}."
                faults.append(Fault("too_big_for_xlsx", message, "Write CSV or Parquet.", sheet=table, column=name))
    return faults
