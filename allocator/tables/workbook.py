"""An Excel workbook: one sheet a table, and a sheet `scenario` with two columns, key and value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from allocator.domain import TABLES
from allocator.errors import Fault, InputError
from allocator.tables.headers import normalise
from allocator.tables.ledger import Ledger
from allocator.tables.sheet import TOP, Sheet, cell_text, column_of
from allocator.tables.source import Source, take_settings, unknown_table

SETTINGS_SHEET = "scenario"


def read_workbook(path: Path, ledger: Ledger) -> Source:
    """Every table in the workbook.

    Raises:
        InputError: The file is no workbook, is damaged or is locked with a password.
    """
    source = Source(name=path.stem)
    for title, rows in sheets_of(path).items():
        table = normalise(title)
        if table == SETTINGS_SHEET:
            take_settings(source, _settings(rows), ledger, path.name, title)
        elif table not in TABLES:
            if rows:
                ledger.add(unknown_table(title, path.name, title))
        elif table in source.sheets:
            message = f"The table {table} is there more than once: the sheets {source.sheets[table].sheet} and {title}."
            ledger.add(Fault("two_files", message, "Keep one of the sheets.", path.name, title))
        elif rows:
            source.sheets[table] = as_sheet(path.name, title, rows)
        else:
            source.broken.add(table)
            ledger.add(Fault("empty_file", "The sheet is empty.", "Write a header row and one row for each record, or remove the sheet.", path.name, title))
    source.sheets = {table: source.sheets[table] for table in TABLES if table in source.sheets}
    return source


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    """The cells of each sheet, from cell A1 on.

    Raises:
        InputError: The file is no workbook, is damaged or is locked with a password.
    """
    try:
        with CalamineWorkbook.from_path(path) as book:
            return {title: book.get_sheet_by_name(title).to_python(skip_empty_area=False) for title in book.sheet_names}
    except PasswordError:
        raise InputError([Fault("damaged_file", "The workbook is locked with a password.", "Save it without one.", path.name)]) from None
    except (CalamineError, ValueError) as error:
        message = f"The file cannot be read as an Excel workbook: {error}."
        raise InputError([Fault("damaged_file", message, "Open it in Excel and save it as .xlsx, or give the tables as CSV.", path.name)]) from None


def as_sheet(file: str, title: str, rows: list[list[Any]]) -> Sheet:
    """Rows of typed cells as headers and columns; rows without any content are left out but counted."""
    headers = [cell_text(cell) for cell in rows[0]]
    numbers = [number for number, cells in enumerate(rows[1:], start=2) if any(cell != "" for cell in cells)]
    columns = list(zip(*(rows[number - 1] for number in numbers), strict=True)) or [()] * len(headers)
    kept = [k for k, header in enumerate(headers) if header.strip() or any(cell != "" for cell in columns[k])]
    top = [[cell_text(cell) for cell in cells] for cells in rows[:TOP]]
    arrays = [column_of(columns[k]) if columns[k] else pa.array([], type=pa.large_string()) for k in kept]
    return Sheet(file, title, [headers[k] for k in kept], arrays, np.array(numbers, dtype=np.int64), top)


def _settings(rows: list[list[Any]]) -> dict[str, Any]:
    found = {normalise(cell_text(cells[0])): cells[1] for cells in rows if len(cells) > 1 and cells[0] != "" and cells[1] != ""}
    if found.get("key") == "value":  # the header of the two columns, if there is one
        del found["key"]
    return {key: value if key == "as_of" else cell_text(value) for key, value in found.items()}
