"""Single records of a scenario's tables: where they are by business key, and what stands in their cells as plain values."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import Column, Row
from allocator.scenario import Integers, Mask

RecordKey = tuple[str, ...]
"""The values of a table's key columns, in their order."""

EVERY = "*"
"""In place of a part of a key: whatever it is."""

_TEXT = pa.large_string()
_BETWEEN = "\x00"
"""Joins the parts of a key so that joined keys sort as the keys do: no id holds it, and nothing is smaller."""


def table_path(table: str, key: RecordKey = (), column: str = "") -> str:
    """The path in words: `seekers[S1].wage_floor`."""
    inside = f"[{','.join(quoted(part) for part in key)}]" if key else ""
    return f"{table}{inside}" + (f".{column}" if column else "")


def quoted(part: str) -> str:
    """A part of a key as paths write it: in double quotes where it would be misread."""
    plain = part and part == part.strip() and part != EVERY and "," not in part and not part.startswith('"')
    return part if plain else json.dumps(part, ensure_ascii=False)


def joined_keys(model: type[Row], frame: pd.DataFrame) -> Any:
    """The keys of all records as one Arrow array of text."""
    parts = [pa.array(frame[name], type=_TEXT, from_pandas=True) for name in model.keys]
    whole = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, pa.scalar(_BETWEEN, _TEXT))
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def joined(key: RecordKey) -> str:
    """One key, joined likewise."""
    return _BETWEEN.join(key)


def split_key(text: str) -> RecordKey:
    """A joined key in its parts."""
    return tuple(text.split(_BETWEEN))


def positions(model: type[Row], frame: pd.DataFrame | None, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
    """Where the records with these keys are; those that are not there are left out. One pass over the table, whatever the number of keys."""
    wanted = list(dict.fromkeys(keys))
    if frame is None or not len(frame) or not wanted:
        return {}
    found = pc.index_in(joined_keys(model, frame), value_set=pa.array([joined(key) for key in wanted], type=_TEXT)).fill_null(-1).to_numpy()
    return {wanted[int(found[row])]: int(row) for row in np.flatnonzero(found >= 0)}


def matching(model: type[Row], frame: pd.DataFrame, key: RecordKey, every: Sequence[bool]) -> Mask:
    """Per record, whether it has this key, whatever stands in the parts that are for `every`."""
    hit = np.ones(len(frame), dtype=bool)
    for name, part, any_part in zip(model.keys, key, every, strict=True):
        if not any_part:
            hit &= (frame[name] == part).to_numpy(dtype=bool)
    return hit


def places_for(model: type[Row], frame: pd.DataFrame, keys: Sequence[RecordKey]) -> Integers:
    """Before which record each of these keys belongs in the order of the keys."""
    there = joined_keys(model, frame)
    return np.array([bisect_left(range(len(there)), joined(key), key=lambda row: there[row].as_py()) for key in keys], dtype=np.int64)


def cell(column: Column, frame: pd.DataFrame, position: int) -> Any:
    """A cell as a plain value: text, a list of codes, bool, date, int or float; None where it is blank or the column is not there."""
    if column.name not in frame.columns:
        return None
    value: Any = frame[column.name].iat[position]
    if column.kind == "codes":
        return None if pd.isna(value) or not value else str(value).split(";")
    return None if pd.isna(value) else _plain(column, value)


def _plain(column: Column, value: Any) -> Any:
    if column.kind == "flag":
        return bool(value)
    if column.kind == "day":
        return pd.Timestamp(value).date()
    if column.kind == "whole":
        return int(value)
    return float(value) if column.kind == "number" else str(value)


def record(model: type[Row], frame: pd.DataFrame, position: int) -> Mapping[str, Any]:
    """A record's cells that are not blank, its key aside."""
    cells = {name: cell(column, frame, position) for name, column in model.columns().items() if name not in model.keys}
    return {name: value for name, value in cells.items() if value is not None}
