"""Records of a table a piece at a time, as plain data; what a search finds among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.changes import plain
from allocator.domain import PROTECTED, TABLES
from allocator.records import cell
from allocator.scenario import Mask, Scenario
from api.paging import decoded_number, encoded


def matching_rows(scenario: Scenario, table: str, search: str | None, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """The records after the cursor that hold a text, and the cursor after them. A scenario never changes, so that places stay what they are."""
    assert table != PROTECTED, "demographics are read by the equity report only"
    frame, begin = scenario.tables[table], decoded_number(cursor)
    places = np.arange(len(frame)) if search is None else np.flatnonzero(_holds(frame, search))
    here = places[places >= begin][: limit + 1]
    columns = {name: column for name, column in TABLES[table].columns().items() if name in frame.columns}
    rows = [{name: plain(cell(column, frame, int(place))) for name, column in columns.items()} for place in here[:limit]]
    return rows, encoded(str(int(here[limit]))) if len(here) > limit else None


def _holds(frame: pd.DataFrame, text: str) -> Mask:
    """Which records hold a text in one of their cells."""
    found = np.zeros(len(frame), dtype=bool)
    for name in frame.columns:
        cells = frame[name]
        words = cells if pd.api.types.is_string_dtype(cells.dtype) else cells.astype("string")
        found |= words.str.contains(text, case=False, regex=False, na=False).to_numpy(dtype=bool)
    return found
