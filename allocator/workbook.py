"""A result as one Excel workbook for the business services team: a sheet a table, ready to filter and to print.

Every sheet has its headers in the first row, frozen and with a filter; no cells are merged; widths come from the content; money, shares and days
are numbers with a format; a page is landscape, as wide as the sheet, and repeats the headers. Text that could run as a formula is made inert.
The same result gives the same bytes: the file is dated by the day of its facts.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from allocator.errors import Fault, InputError
from allocator.files import write_whole
from allocator.inert import inert
from allocator.report_tables.base import HIDDEN, NOT_RECORDED, Field, ReportTable, alarming, plain

MOST_ROWS = 1_048_575
LONGEST_TEXT = 32_767
_NARROWEST, _WIDEST = 8, 48
"""Widths of columns in characters; longer text is wrapped."""

FONT = "Calibri"
NAVY, AMBER, AMBER_INK, GREY, LINE = "#1F3864", "#FFE8B3", "#6B3A00", "#595959", "#D9D9D9"
"""White on navy is 11:1, the amber pair 8:1, grey on white 7:1: all above the 4.5:1 of WCAG 2.1 AA."""

_LEFT = {"align": "left", "indent": 1}
_LINE_HEIGHT = 13.5
_FORMATS = {
    "whole": "#,##0", "number": "#,##0.00", "money": "$#,##0.00", "percent": "0.0%", "day": "yyyy-mm-dd",
}  # fmt: skip


def write_workbook(tables: Sequence[ReportTable], path: str | Path, *, as_of: date, title: str) -> Path:
    """Write the tables as an .xlsx file, whole or not at all.

    `as_of` is the day of the facts, `title` what the document is called. Raises InputError where xlsxwriter is not installed or a table has more rows
    than a sheet holds, OSError where the file cannot be written.
    """
    return write_whole(Path(path), workbook(tables, as_of=as_of, title=title))


def workbook(tables: Sequence[ReportTable], *, as_of: date, title: str) -> bytes:
    """The tables as the bytes of an .xlsx file."""
    try:
        import xlsxwriter
    except ImportError:
        fix = "Install it with: pip install 'ojt-allocator[reports]', or write CSV."
        raise InputError([Fault("no_xlsxwriter", "Writing workbooks needs the package xlsxwriter, which is not installed.", fix)]) from None
    faults = [
        Fault("too_big_for_xlsx", f"{table.title} has {len(table):,} lines; a sheet holds {MOST_ROWS:,}.", "Write CSV instead.", sheet=table.title)
        for table in tables
        if len(table) > MOST_ROWS
    ]
    if faults:
        raise InputError(faults)
    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(sink, options) as book:
        made = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC).replace(tzinfo=None)
        book.set_properties({"title": title, "subject": "On-the-job training: who gets which slot", "author": "OJT Allocator", "created": made})
        book.set_size(2400, 1400)
        formats = _Formats(book)
        for table in tables:
            _write_sheet(book.add_worksheet(table.title), table, formats, f"{title}, as of {as_of.isoformat()}")
    return sink.getvalue()


class _Formats:
    """Cell formats, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **properties: Any) -> Any:
        look = {"font_name": FONT, "font_size": 10, "valign": "top", "bottom": 1, "bottom_color": LINE, **properties}
        key = tuple(sorted(look.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(look)
        return self._made[key]

    def header(self, field: Field) -> Any:
        """White on navy; numbers stand at the right, under their headers too."""
        side = {"align": "right"} if field.kind in ("whole", "number", "money", "percent", "amount") else _LEFT
        return self(bold=True, font_color="#FFFFFF", bg_color=NAVY, text_wrap=True, **{**side, "valign": "vcenter"})

    def number(self, kind: str) -> Any:
        """A number or a day."""
        return self(num_format=_FORMATS[kind], **(_LEFT if kind == "day" else {}))

    def text(self, *, wrap: bool) -> Any:
        """Plain text."""
        return self(text_wrap=wrap, **_LEFT)

    def alarm(self, *, wrap: bool) -> Any:
        """Something is wrong: told by the words, and by the ground."""
        return self(bold=True, bg_color=AMBER, font_color=AMBER_INK, text_wrap=wrap, **_LEFT)

    def word(self, text: str) -> Any:
        """A word where a number would be; faint where it says that there is none."""
        return self(align="right", **({"italic": True, "font_color": GREY} if text in (NOT_RECORDED, HIDDEN) else {}))


def _write_sheet(sheet: Any, table: ReportTable, formats: _Formats, footer: str) -> None:
    columns = {field.name: plain(table.frame[field.name], field) for field in table.fields}
    units = columns.get("unit", [])
    lines = [1] * len(table)
    for place, field in enumerate(table.fields):
        cells = columns[field.name]
        width, wrap = _width(field, cells, units)
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, inert(field.title), formats.header(field))
        for row, value in enumerate(cells, start=1):
            if value is None or value == "":
                sheet.write_blank(row, place, None, formats.text(wrap=False))
            else:
                _write_cell(sheet, row, place, value, _kind(field, value, units, row - 1), formats, wrap)
                if wrap:
                    lines[row - 1] = max(lines[row - 1], len(textwrap.wrap(str(value), _WIDEST)))
    sheet.set_row(0, 2.3 * _LINE_HEIGHT)
    for row, count in enumerate(lines, start=1):
        if count > 1:  # not every program finds the height of a wrapped row by itself
            sheet.set_row(row, count * _LINE_HEIGHT)
    sheet.freeze_panes(1, 1 if table.fields[0].name.endswith("_id") else 0)
    if len(table):
        sheet.autofilter(0, 0, len(table), len(table.fields) - 1)
    else:
        sheet.write_string(1, 0, inert(table.about), formats(italic=True, font_color=GREY, bottom=0))
    _prepare_page(sheet, table, footer)


def _prepare_page(sheet: Any, table: ReportTable, footer: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(1)  # US Letter
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.7)
    sheet.hide_gridlines(2)  # every cell has a thin line below it instead, on paper too
    sheet.print_area(0, 0, max(1, len(table)), len(table.fields) - 1)
    sheet.set_header(f'&L&12&"{FONT},Bold"{_on_paper(table.title)}')
    sheet.set_footer(f"&L&8{_on_paper(footer)}&R&8page &P of &N")


def _on_paper(text: str) -> str:
    """Text in a header or footer of a page, where & begins a code."""
    return text.replace("&", "&&")


def _kind(field: Field, value: Any, units: Sequence[Any], row: int) -> str:
    """How a cell is written: its column's kind, for an amount what the row's unit says."""
    if field.kind != "amount":
        return field.kind
    if isinstance(value, str):
        return "word"
    unit = str(units[row] or "")
    return "percent" if unit == "share" else "money" if unit.startswith("dollars") else "whole" if isinstance(value, int) else "number"


def _write_cell(sheet: Any, row: int, place: int, value: Any, kind: str, formats: _Formats, wrap: bool) -> None:
    if kind == "day":
        sheet.write_datetime(row, place, datetime.fromisoformat(value), formats.number("day"))
    elif kind in _FORMATS:
        sheet.write_number(row, place, value, formats.number(kind))
    elif kind == "flag":
        sheet.write_string(row, place, "yes" if value else "no", formats.text(wrap=False))
    elif kind == "word":
        sheet.write_string(row, place, inert(value), formats.word(value))
    else:
        text = inert(str(value))[:LONGEST_TEXT]
        sheet.write_string(row, place, text, formats.alarm(wrap=wrap) if kind == "standing" and alarming(str(value)) else formats.text(wrap=wrap))


def _width(field: Field, cells: Sequence[Any], units: Sequence[Any]) -> tuple[float, bool]:
    """A column's width in characters, and whether its text is wrapped."""
    longest = max((len(_shown(value, _kind(field, value, units, row))) for row, value in enumerate(cells) if value is not None), default=0)
    # A header breaks between its words, and leaves room for the arrow of the filter.
    header = max(len(word) for word in field.title.split()) + 3
    return min(_WIDEST, max(_NARROWEST, header, longest + 3)), longest + 3 > _WIDEST


def _shown(value: Any, kind: str) -> str:
    """About what a cell shows."""
    if kind == "money":
        return f"${value:,.2f}"
    if kind == "whole":
        return f"{value:,}"
    if kind == "number":
        return f"{value:,.2f}"
    return "100.0%" if kind == "percent" else "yes" if kind == "flag" else str(value)
