"""Small worlds for tests: `world(seekers=[...], slots=[...])` from plain records, without any file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from allocator.domain import TABLES
from allocator.scenario import Scenario

TODAY = date(2026, 11, 2)
Records = Sequence[Mapping[str, Any]]


def world(*, as_of: date = TODAY, name: str = "world", **tables: Records) -> Scenario:
    """A scenario from records: lists as Python lists, days as dates, absent keys as unknown."""
    return Scenario.of({table: frame(table, records) for table, records in tables.items()}, as_of=as_of, name=name)


def frame(table: str, records: Records) -> pd.DataFrame:
    """Records as a typed frame of the table, with just the columns that some record has."""
    columns = {}
    for name, column in TABLES[table].columns().items():
        if column.required or any(name in record for record in records):
            values = [record.get(name) for record in records]
            columns[name] = _typed(column.kind, values, required=column.required)
    unknown = {name for record in records for name in record} - set(columns)
    assert not unknown, f"{table} has no column {sorted(unknown)}"
    return pd.DataFrame(columns)


def _typed(kind: str, values: list[Any], *, required: bool) -> pd.Series:
    if kind == "codes":
        return pd.Series([";".join(value or ()) for value in values], dtype="str")
    if kind == "flag":
        return pd.Series(values, dtype="boolean")
    if kind == "day":
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object)), dtype="datetime64[us]")
    if kind == "whole":
        return pd.Series(values, dtype="int64" if required else "Int64")
    if kind == "number":
        return pd.Series(values, dtype="float64")
    return pd.Series(values, dtype="str")


def people(count: int, **common: Any) -> list[dict[str, Any]]:
    """Seekers S1..Sn that share their other facts."""
    return [{"seeker_id": f"S{k}", **common} for k in range(1, count + 1)]


def orders(*openings: int, **common: Any) -> list[dict[str, Any]]:
    """Slots J1..Jn with these openings that share their other facts."""
    return [{"slot_id": f"J{k}", "openings": n, **common} for k, n in enumerate(openings, start=1)]


def scores(table: Mapping[tuple[str, str], float]) -> list[dict[str, Any]]:
    """Records of the `pairs` table from {(seeker, slot): score}."""
    return [{"seeker_id": seeker, "slot_id": slot, "score": score} for (seeker, slot), score in table.items()]
