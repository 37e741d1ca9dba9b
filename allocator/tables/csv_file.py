"""A CSV file as a sheet. Arrow reads the plain ones; Python's csv, strictly, whatever has quotes or uneven rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from allocator.errors import Fault, InputError
from allocator.tables.sheet import TOP, Sheet

CHUNK = 100_000
LONGEST_FIELD = 2**31 - 1


def read_csv(path: Path) -> Sheet:
    """The file's headers and columns of text.

    Raises:
        InputError: The file is empty, is not UTF-8 or holds NUL bytes.
    """
    data = path.read_bytes()
    _check_bytes(path.name, data)
    data = data.removeprefix(b"\xef\xbb\xbf")
    top = _top(data)
    sheet = None if b'"' in data or not top or not top[0] else _plain(path.name, data, top[0])
    if sheet is None:
        sheet = _strict(path.name, data.decode("utf-8"))
    sheet.top = top
    return sheet


def _check_bytes(name: str, data: bytes) -> None:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InputError([Fault("empty_file", "The file is empty.", "Write a header row and one row for each record, or remove the file.", name)])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError([Fault("wrong_encoding", "The file is UTF-16, not UTF-8.", "Save it again as “CSV UTF-8”.", name)])
    if (place := data.find(b"\x00")) >= 0:
        row = data.count(b"\n", 0, place) + 1
        message = f"There is a NUL byte (byte {place:,} of the file): this is not plain text, or the file is damaged."
        raise InputError([Fault("nul_byte", message, "Export the file again as “CSV UTF-8”.", name, row=row)])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        message = f"Line {row} is not UTF-8: byte 0x{data[error.start]:02X} at position {error.start:,} of the file."
        raise InputError([Fault("wrong_encoding", message, "Save the file again as “CSV UTF-8”.", name, row=row)]) from None


def _top(data: bytes) -> list[list[str]]:
    """The first lines, to find the header by; a cut or broken line at the end does no harm here."""
    text = data[:65_536].decode("utf-8", errors="ignore")
    try:
        return list(islice(csv.reader(io.StringIO(text, newline="")), TOP))
    except csv.Error:
        return [text.split("\n", 1)[0].rstrip("\r").split(",")]


def _plain(name: str, data: bytes, headers: list[str]) -> Sheet | None:
    """The fast way; None where a row is uneven, or a cell so long that the strict way had better tell of it."""
    names = [str(number) for number in range(len(headers))]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, skip_rows=1, block_size=4 << 20),
            parse_options=pa.csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    return Sheet(name, "", headers, table.columns)


def _strict(name: str, text: str) -> Sheet:
    """The exact way: every row with too many or too few cells is told of and left out."""
    if csv.field_size_limit() < LONGEST_FIELD:
        csv.field_size_limit(LONGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    sheet = Sheet(name, "", [], [])
    chunks: list[list[pa.Array]] = []
    numbers: list[int] = []
    for rows in _chunks(_records(reader, sheet)):
        numbers.extend(number for number, _ in rows)
        chunks.append([pa.array(cells, type=pa.large_string()) for cells in zip(*(cells for _, cells in rows), strict=True)])
    empty = pa.array([], type=pa.large_string())
    sheet.columns = [pa.chunked_array([chunk[k] for chunk in chunks]) if chunks else empty for k in range(len(sheet.headers))]
    sheet.numbers = np.array(numbers, dtype=np.int64)
    return sheet


def _chunks(records: Iterator[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    while chunk := list(islice(records, CHUNK)):
        yield chunk


def _records(reader: Iterator[list[str]], sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and cells of the rows that fit the header; faults for the others go to the sheet."""
    number = 0
    try:
        sheet.headers = next(reader)
        width, number = len(sheet.headers), 1
        for number, cells in enumerate(reader, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                cells = cells[:width]
            if len(cells) == width:
                yield number, cells
            else:
                sheet.faults.append(_ragged(sheet, number, len(cells), width))
                sheet.whole = False
    except csv.Error as error:
        sheet.faults.append(_broken_quote(sheet, number + 1, str(error)))
        sheet.whole = False


def _ragged(sheet: Sheet, number: int, count: int, width: int) -> Fault:
    if count > width:
        fix = "Put quotes around a cell that holds a comma, or write lists with semicolons."
        return sheet.fault("too_many_cells", f"The row has {count} cells; the header has {width}.", fix, row=number)
    fix = "Fill the row up with commas; an unknown cell stays empty between its commas."
    return sheet.fault("too_few_cells", f"The row has {count} cell{'s' * (count != 1)}; the header has {width}.", fix, row=number)


def _broken_quote(sheet: Sheet, number: int, reason: str) -> Fault:
    if "end of data" in reason:
        message = "A quotation mark that opens in this row is never closed; nothing after it was read."
        return sheet.fault("unclosed_quote", message, 'Close it, or write a mark that is meant as "" inside quotes.', row=number)
    message = "Text follows a closing quotation mark; nothing from this row on was read."
    return sheet.fault("stray_quote", message, 'Put the whole cell in quotes and write each mark inside it as "".', row=number)
