"""A table as people read it: typed columns with titles and units. The workbook, the page and the CSV files all show these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Kind = Literal["text", "standing", "whole", "number", "money", "percent", "day", "flag", "amount"]
"""How a column is held and shown.

`text`; `standing`: "kept", or what is wrong; `whole`: integers; `number`: decimals; `money`: dollars; `percent`: shares of 1; `day`: dates;
`flag`: yes or no; `amount`: a number in the unit that the row's column `unit` names, or a word where there is no number.
"""

NOT_RECORDED = "not recorded"
"""What stands in an `amount` that nobody wrote down."""
HIDDEN = "hidden"
"""What stands in an `amount` that is a small number about people, or would give one away."""
KEPT = "kept"
_ALARMS = ("short", "over", "missed", "broken", "look", "gap", "there is no plan", "give seekers")


def alarming(standing: str) -> bool:
    """Whether a standing says that something is wrong."""
    return standing.startswith(_ALARMS)


_TYPES: dict[Kind, str] = {
    "text": "str", "standing": "str", "whole": "Int64", "number": "Float64", "money": "Float64", "percent": "Float64",
    "day": "datetime64[us]", "flag": "boolean", "amount": "object",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A column: its name in CSV and JSON, its title on paper, and how it is held."""

    name: str
    title: str
    kind: Kind = "text"
    unit: str = ""


@dataclass(frozen=True, eq=False)
class ReportTable:
    """One sheet: `name` in file names, `title` on the tab, `about` in a sentence or two; `frame` has the fields as columns."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def as_dict(self) -> dict[str, Any]:
        """The table as plain JSON data, days as ISO text and nothing for what is missing."""
        columns = [plain(self.frame[field.name], field) for field in self.fields]
        return {
            "name": self.name, "title": self.title, "about": self.about, "columns": [vars(field) for field in self.fields],
            "rows": [dict(zip((field.name for field in self.fields), row, strict=True)) for row in zip(*columns, strict=True)],
        }  # fmt: skip


def report_table(name: str, title: str, about: str, *columns: tuple[Field, Iterable[Any]]) -> ReportTable:
    """A table from its columns; what is None, NaN or NaT is missing."""
    frame = pd.DataFrame({field.name: _typed(field, values) for field, values in columns})
    return ReportTable(name, title, about, tuple(field for field, _ in columns), frame)


def from_rows(name: str, title: str, about: str, fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> ReportTable:
    """A table from its rows."""
    listed = list(rows)
    return report_table(name, title, about, *((field, [row[k] for row in listed]) for k, field in enumerate(fields)))


def plain(column: pd.Series[Any], field: Field) -> list[Any]:
    """A column's cells as plain Python values: text, int, float, bool, ISO day, or None."""
    values = [None if missing else value for value, missing in zip(column.astype(object), column.isna(), strict=True)]
    if field.kind == "day":
        return [None if value is None else value.date().isoformat() for value in values]
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _typed(field: Field, values: Iterable[Any]) -> pd.Series[Any]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return pd.Series(values.astype("datetime64[us]"))
    listed = [None if value is None or value is pd.NA or value != value else value for value in values]
    if field.kind == "day":
        return pd.Series(pd.to_datetime(pd.Series(listed, dtype=object))).astype("datetime64[us]")
    return pd.Series(listed, dtype=_TYPES[field.kind])
