"""Looking into the kept files of a dataset, in a process of its own: how their columns were understood, and the rows in which its faults are.

Of a table with demographics no cell is told, and of a file that is withheld from everybody, because there are some in another of its sheets, only cells of
columns that are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from allocator.domain import PROTECTED, TABLES
from allocator.errors import InputError
from allocator.tables.folder import read_folder
from allocator.tables.headers import is_personal, normalise, spellings
from allocator.tables.ledger import Ledger, shown
from allocator.tables.sheet import Sheet, cell_text
from allocator.tables.source import Source
from api.solving.reading import protected_headers

BESIDE = 2
"""Cells told on each side of a faulty one, beside the keys of the record."""
HEADS = ("severity", "file", "sheet", "row", "column", "value", "message", "fix", "code")
"""What lists of faults tell of each, in this order."""
MOST_ROWS = 50_000
"""Rows of a sheet that is put whole into a workbook of faults."""
LONGEST_TEXT = 32_767
RED, PAPER = "#9C0006", "#FFE1DE"
"""The mark of a faulty cell: 7:1."""

Told = dict[str, Any]


def look(folder: str, withheld: Sequence[str], wanted: Sequence[Told]) -> Told:
    """`sheets`: each sheet with its columns. `cells`: for each fault that is wanted the cells around it, or None where none can be shown."""
    source = _source(folder)
    seen = {(sheet.file, sheet.sheet): (table, sheet) for table, sheet in source.sheets.items()}
    return {
        "sheets": [*_sheets(source, withheld), *_passed_over(folder, source)],
        "cells": [_around(*seen[key], fault, withheld) if key in seen and _open(*seen[key]) else None for fault in wanted for key in [_place(fault)]],
    }


def _source(folder: str) -> Source:
    try:
        return read_folder(Path(folder), Ledger())
    except InputError:
        return Source()


def _place(fault: Told) -> tuple[str, str]:
    return fault["file"], fault["sheet"]


def _open(table: str, sheet: Sheet) -> bool:
    """Whether cells of a sheet may be told."""
    return table != PROTECTED and not protected_headers(table, sheet.headers)


def _known_only(sheet: Sheet, withheld: Sequence[str]) -> bool:
    """Whether nothing is told of columns that nobody has understood."""
    return sheet.file in withheld


# -- columns ---------------------------------------------------------------------------------------------------------


def _sheets(source: Source, withheld: Sequence[str]) -> Iterator[Told]:
    for table, sheet in source.sheets.items():
        columns = list(_columns(table, sheet))
        if not _open(table, sheet) or _known_only(sheet, withheld):
            columns = [each for each in columns if each["means"]]
        there = {each["means"] for each in columns}
        absent = [name for name in TABLES[table].columns() if name not in there]
        yield {"file": sheet.file, "sheet": sheet.sheet, "table": table, "records": len(sheet), "columns": columns, "absent": absent}


def _columns(table: str, sheet: Sheet) -> Iterator[Told]:
    known, taken = spellings(TABLES[table]), set[str]()
    for written in sheet.headers:
        header = normalise(written)
        means = known.get(header)
        if is_personal(header, table):
            state, means = "refused", None
        elif means is None:
            state = "unknown"
        else:
            state = "twice" if means in taken else "used"
            taken.add(means)
        yield {"header": shown(written.strip()), "means": means, "state": state}


def _passed_over(folder: str, source: Source) -> Iterator[Told]:
    """Files that are no table, or that could not be read."""
    used = {sheet.file for sheet in source.sheets.values()}
    for path in sorted(Path(folder).iterdir()):
        if path.suffix.lower() in (".csv", ".parquet", ".xlsx") and path.name not in used:
            table = normalise(path.stem)
            yield {"file": path.name, "sheet": "", "table": table if table in TABLES else None, "records": None, "columns": [], "absent": []}


# -- cells -----------------------------------------------------------------------------------------------------------


def _around(table: str, sheet: Sheet, fault: Told, withheld: Sequence[str]) -> Told | None:
    """The keys of a fault's record, its faulty cell, and those beside it; None where the row is not among those that could be read."""
    cells = _row(sheet, fault["row"])
    if cells is None:
        return None
    at = _column_of(table, sheet, fault["column"])
    known = spellings(TABLES[table])
    kept = {k for k, header in enumerate(sheet.headers) if known.get(normalise(header)) in TABLES[table].keys}
    middle = 0 if at is None else at
    kept |= set(range(max(0, middle - BESIDE), min(len(sheet.headers), middle + BESIDE + 1)))
    if _known_only(sheet, withheld):
        kept = {k for k in kept if normalise(sheet.headers[k]) in known}
    here = sorted(kept)
    columns, told = [shown(sheet.headers[k].strip()) for k in here], [shown(cells[k]) for k in here]
    return {"columns": columns, "cells": told, "at": here.index(at) if at is not None and at in kept else None}


def _row(sheet: Sheet, row: int | None) -> list[str] | None:
    """The cells of a row as its author wrote them; row 1 is the header."""
    if row == 1:
        return [header.strip() for header in sheet.headers]
    place = _record(sheet, row)
    return None if place is None else [_text(column[place].as_py()) for column in sheet.columns]


def _record(sheet: Sheet, row: int | None) -> int | None:
    if row is None or row < 2:
        return None
    if sheet.numbers is None:
        return row - 2 if row - 2 < len(sheet) else None
    place = int(np.searchsorted(sheet.numbers, row))
    return place if place < len(sheet.numbers) and int(sheet.numbers[place]) == row else None


def _text(value: Any) -> str:
    return "" if value is None else cell_text(value)


def _column_of(table: str, sheet: Sheet, column: str) -> int | None:
    """Where the column of a fault stands, which may be named as its author or as the table does."""
    known = spellings(TABLES[table])
    exact = [k for k, header in enumerate(sheet.headers) if header.strip() == column]
    meant = [k for k, header in enumerate(sheet.headers) if normalise(header) == normalise(column) or known.get(normalise(header)) == column]
    return next(iter([*exact, *meant]), None) if column else None


# -- a workbook to mend them in --------------------------------------------------------------------------------------


def write_faults(folder: str, withheld: Sequence[str], faults: Sequence[Told], path: str) -> Told:
    """Write a workbook with the sheets as they were sent, a comment in every faulty cell, and before them a list of all faults."""
    import xlsxwriter

    source = _source(folder)
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        bold, marked = book.add_format({"bold": True}), book.add_format({"bg_color": PAPER, "font_color": RED, "bold": True})
        _write_list(book.add_worksheet("faults"), faults, bold)
        for table, sheet in source.sheets.items():
            theirs = [fault for fault in faults if _place(fault) == (sheet.file, sheet.sheet)]
            if theirs and _open(table, sheet) and not _known_only(sheet, withheld) and len(sheet) <= MOST_ROWS:
                _write_sheet(book.add_worksheet(table), table, sheet, theirs, bold, marked)
    return {}


def _write_list(target: Any, faults: Sequence[Told], bold: Any) -> None:
    for column, head in enumerate(HEADS):
        target.write_string(0, column, head, bold)
    for row, fault in enumerate(faults, start=1):
        for column, head in enumerate(HEADS):
            value = fault[head]
            if isinstance(value, int):
                target.write_number(row, column, value)
            elif value:
                target.write_string(row, column, str(value)[:LONGEST_TEXT])
    target.freeze_panes(1, 0)
    target.autofilter(0, 0, max(1, len(faults)), len(HEADS) - 1)
    for columns, width in (("A:F", 16), ("G:H", 60), ("I:I", 22)):
        target.set_column(columns, width)


def _write_sheet(target: Any, table: str, sheet: Sheet, faults: Sequence[Told], bold: Any, marked: Any) -> None:
    notes: dict[tuple[int, int], list[str]] = {}
    for fault in faults:
        row, column = fault["row"] or 1, _column_of(table, sheet, fault["column"])
        if row == 1 or _record(sheet, row) is not None:
            notes.setdefault((row - 1, column or 0), []).append(" ".join(filter(None, (fault["message"], fault["fix"]))))
    for column, header in enumerate(sheet.headers):
        target.write_string(0, column, header.strip(), marked if (0, column) in notes else bold)
        for place, value in enumerate(sheet.columns[column].to_pylist()):
            row = sheet.row(place) - 1
            text, form = _text(value)[:LONGEST_TEXT], marked if (row, column) in notes else None
            if text:
                target.write_string(row, column, text, form)
            elif form is not None:
                target.write_blank(row, column, None, form)
        target.set_column(column, column, max(10, min(30, len(header) + 2)))
    target.freeze_panes(1, 0)
    for (row, column), said in notes.items():
        target.write_comment(row, column, "\n".join(said)[:LONGEST_TEXT], {"x_scale": 2.2, "y_scale": 1 + 0.4 * len(said)})
