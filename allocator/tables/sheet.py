"""A sheet: one table as it stands in a file, before anything is understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from allocator.errors import Fault

TOP = 20
"""How many of the first lines are kept to look for a header that is not in row 1."""


@dataclass
class Sheet:
    """Headers and columns of equal length, with the row number that a spreadsheet shows for each record.

    `faults` are those of its shape (rows with too many cells); `whole` says that no record was dropped for them,
    so that an id which is not here is really missing.
    """

    file: str
    sheet: str
    headers: list[str]
    columns: list[Any]
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None
    top: list[list[str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    whole: bool = True

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def row(self, position: int) -> int:
        """The number a spreadsheet shows beside record `position`: the header is row 1."""
        return position + 2 if self.numbers is None else int(self.numbers[position])

    def fault(self, code: str, message: str, fix: str = "", *, row: int | None = None, column: str = "", value: str = "", severity: str = "error") -> Fault:
        """A fault in this sheet."""
        return Fault(code, message, fix, self.file, self.sheet, row, column, value, severity)


def cell_text(value: Any) -> str:
    """A typed cell as the text its author would have typed: 12.0 is `12`, a midnight is a day."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, datetime):
        return value.date().isoformat() if (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0) else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return ";".join(cell_text(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value))
    return str(value)


def column_of(cells: Sequence[Any]) -> Any:
    """Mixed cells as one typed array where they are all of a type, otherwise as text. None and "" are blank."""
    values = [None if cell is None or (isinstance(cell, str) and not cell) else cell for cell in cells]
    types = {type(value) for value in values} - {type(None)}
    if types <= {int, float} or types == {bool} or types == {date}:
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, OverflowError):  # an integer beyond 64 bits: let the checks see its digits
            pass
    return pa.array([None if value is None else cell_text(value) for value in values], type=pa.large_string())
