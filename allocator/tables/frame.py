"""A pandas frame as a sheet: typed columns stay typed, columns of mixed objects are read as text."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from allocator.tables.sheet import Sheet, column_of


def from_frame(table: str, frame: pd.DataFrame) -> Sheet:
    """The frame's columns, whatever types they have; its row labels are not data."""
    columns = [_column(frame.iloc[:, k]) for k in range(frame.shape[1])]
    return Sheet(table, "", [str(label) for label in frame.columns], columns)


def _column(series: pd.Series[Any]) -> Any:
    if series.dtype != object:
        try:
            return pa.Array.from_pandas(series)
        except (pa.ArrowException, TypeError):
            pass
    return column_of([None if pd.api.types.is_scalar(cell) and pd.isna(cell) else cell for cell in series.tolist()])
