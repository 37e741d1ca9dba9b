"""Days out of text: ISO dates and nothing else, because 01/02/2026 is two different days."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import Column
from allocator.scenario import Dates
from allocator.tables.cells import Cells
from allocator.tables.wrong import Wrong, wrongs

_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|[+-][0-9]{2}:?[0-9]{2}))?)?$"
FIRST_YEAR, LAST_YEAR = 1900, 2200


def days(column: Column, cells: Cells) -> tuple[Dates, list[Wrong]]:
    """A day for each distinct value, and the values that are none."""
    if cells.typed:
        data = np.asarray(cells.values, dtype="datetime64[us]")
        written = real = np.ones(len(data), dtype=bool)
    else:
        written = np.asarray(pc.match_substring_regex(cells.values, _ISO).to_numpy(zero_copy_only=False), dtype=bool)
        first = pc.utf8_slice_codeunits(pc.if_else(pa.array(written), cells.values, "2000-01-01"), 0, 10)
        data = pd.to_datetime(first.to_pandas(), format="%Y-%m-%d", errors="coerce").to_numpy().astype("datetime64[us]")
        real = ~np.isnat(data)
    years = data.astype("datetime64[Y]").astype(np.int64) + 1970
    bad = ~written | ~real | (years < FIRST_YEAR) | (years > LAST_YEAR)
    return data, wrongs(cells, bad, lambda text: _judge(column.name, text)) if bad.any() else []


def _judge(name: str, text: str) -> tuple[str, str, str]:
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        year = int(text[:4])
        if re.fullmatch(_ISO, text) and _day(year, text[5:7], text[8:10]) is None:
            return "impossible_date", f"{name} is {text}; there is no such day.", "Correct the day, month or year."
        if re.fullmatch(_ISO, text):
            return "date_out_of_range", f"{name} is {text}; the year must be from {FIRST_YEAR} to {LAST_YEAR}.", "Correct the year."
    return "wrong_date_form", f"{name} is “{text}”, which is not a date of the form YYYY-MM-DD.", _date_fix(text)


def _date_fix(text: str) -> str:
    if re.fullmatch(r"[0-9]{8}", text) and (day := _day(int(text[:4]), text[4:6], text[6:])):
        return f"Write YYYY-MM-DD: {day}."
    parts = re.fullmatch(r"([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4})", text)
    if parts:
        either = {day for day in (_day(int(parts[3]), parts[1], parts[2]), _day(int(parts[3]), parts[2], parts[1])) if day}
        if either:
            return f"Write YYYY-MM-DD: {' or '.join(sorted(map(str, either)))}{', whichever is meant' * (len(either) > 1)}."
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", text):
        return "It looks like a spreadsheet's count of days: format the cells as dates, or write YYYY-MM-DD."
    return "Write YYYY-MM-DD, for example 2026-11-02."


def _day(year: int, month: str, day: str) -> date | None:
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None
