"""A table as readers see it: a caption, columns with a kind, and cells that are formatted in one way everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Kind = Literal["text", "number", "money", "share"]
Cell = str | int | float | None
"""None is not known. Money is in cents, a share between 0 and 1."""

UNKNOWN = "not known"


@dataclass(frozen=True)
class Column:
    """A column's heading, and how its cells are written."""

    name: str
    kind: Kind = "text"

    @property
    def numeric(self) -> bool:
        """Whether cells are set flush right."""
        return self.kind != "text"

    def write(self, cell: Cell) -> str:
        """A cell as text: whole numbers whole, decimals with two digits, money in dollars, shares in percent."""
        if cell is None:
            return UNKNOWN
        if isinstance(cell, str) or self.kind == "text":
            return str(cell)
        if self.kind == "money":
            return f"${cell / 100:,.2f}"
        if self.kind == "share":
            return f"{cell:.1%}"
        return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.2f}"


@dataclass(frozen=True)
class Table:
    """Rows under columns; the first column says what a row is about. `caption` is a title for those who meet the table alone."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @classmethod
    def of(cls, caption: str, frame: pd.DataFrame, kinds: Mapping[str, Kind] | None = None) -> Table:
        """A data frame as a table: numeric columns as numbers unless `kinds` says otherwise, missing cells as not known."""
        known = kinds or {}
        columns = tuple(Column(str(name), known.get(str(name), "number" if pd.api.types.is_numeric_dtype(frame[name]) else "text")) for name in frame)
        return cls(caption, columns, tuple(tuple(map(_plain, row)) for row in frame.itertuples(index=False, name=None)))

    @property
    def lines(self) -> list[list[str]]:
        """All cells as text."""
        return [[column.write(cell) for column, cell in zip(self.columns, row, strict=True)] for row in self.rows]

    def as_dict(self) -> dict[str, Any]:
        """The table as plain JSON data, cells as values."""
        return {"caption": self.caption, "columns": [vars(column) for column in self.columns], "rows": [list(row) for row in self.rows]}


def table(caption: str, columns: Sequence[Column | str], rows: Sequence[Sequence[Cell]]) -> Table:
    """A table from plain lists; a column given by name alone holds text."""
    return Table(caption, tuple(Column(column) if isinstance(column, str) else column for column in columns), tuple(tuple(row) for row in rows))


def texts(*names: str) -> list[Column]:
    """Columns of text."""
    return [Column(name) for name in names]


def numbers(*names: str) -> list[Column]:
    """Columns of numbers."""
    return [Column(name, "number") for name in names]


def _plain(cell: Any) -> Cell:
    """A cell as a Python value."""
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell if isinstance(cell, (str, int, float)) else str(cell)
