"""What has become of the records of each table from one snapshot of the facts to another. Demographics are not compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.differences import COMPARED, blank, changed_cells
from allocator.domain import Column, Row
from allocator.records import cell, joined_keys, split_key
from allocator.scenario import Integers, Mask, Scenario


@dataclass(frozen=True)
class TableChanges:
    """The records of a table that have come, gone, or have other values; keys of several columns are joined by a comma."""

    model: type[Row]
    old: pd.DataFrame
    new: pd.DataFrame
    come: list[str]
    gone: list[str]
    place: Integers
    cells: dict[str, Mask]
    """Per column, which of the new records had another value before."""

    @property
    def table(self) -> str:
        """Its name."""
        return self.model.table

    @property
    def before(self) -> int:
        """How many records there were."""
        return len(self.old)

    @property
    def after(self) -> int:
        """How many there are."""
        return len(self.new)

    @property
    def changed_count(self) -> int:
        """How many records are in both with other values."""
        return int(self._any().sum())

    @property
    def by_column(self) -> dict[str, int]:
        """By column, how many records have another value; columns without any are left out."""
        return {name: int(rows.sum()) for name, rows in self.cells.items() if rows.any()}

    def changed(self, most: int) -> Iterator[tuple[str, dict[str, tuple[Any, Any]]]]:
        """Records with other values: their keys, and by column the value before and after."""
        keys, columns = _keys(self.model, self.new), self.model.columns()
        for row in np.flatnonzero(self._any())[:most]:
            place = int(self.place[row])
            names = [name for name, rows in self.cells.items() if rows[row]]
            values = {name: (_value(columns[name], self.old, place), _value(columns[name], self.new, int(row))) for name in names}
            yield _shown(keys[int(row)].as_py()), values

    def _any(self) -> Mask:
        return np.asarray(np.logical_or.reduce([np.zeros(len(self.new), dtype=bool), *self.cells.values()]), dtype=bool)


def changed_tables(before: Scenario, after: Scenario) -> Iterator[TableChanges]:
    """Every table that one of both has, but for the demographics."""
    for table, model in COMPARED.items():
        if table in before.tables or table in after.tables:
            yield _changes(model, before.tables.get(table, _empty(model)), after.tables.get(table, _empty(model)))


def _changes(model: type[Row], old: pd.DataFrame, new: pd.DataFrame) -> TableChanges:
    was, now = _keys(model, old), _keys(model, new)
    place = pc.index_in(now, value_set=was).fill_null(-1).to_numpy()
    gone = pc.index_in(was, value_set=now).is_null().to_numpy(zero_copy_only=False)
    come = [_shown(now[int(row)].as_py()) for row in np.flatnonzero(place < 0)]
    cells = {**changed_cells(model, old, new, place), **_lost(model, old, new, place)}
    return TableChanges(model, old, new, come, [_shown(was[int(row)].as_py()) for row in np.flatnonzero(gone)], place, cells)


def _lost(model: type[Row], old: pd.DataFrame, new: pd.DataFrame, place: Integers) -> dict[str, Mask]:
    """Per column that is not there any more, which of the new records had a value in it."""
    found, known = {}, np.flatnonzero(place >= 0)
    for name in model.model_fields:
        if name in old.columns and name not in new.columns:
            rows = np.zeros(len(new), dtype=bool)
            rows[known] = ~blank(old[name].iloc[place[known]])
            found[name] = rows
    return found


def _keys(model: type[Row], frame: pd.DataFrame) -> Any:
    return joined_keys(model, frame) if len(frame) else pa.array([], type=pa.large_string())


def _empty(model: type[Row]) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in model.keys})


def _value(column: Column, frame: pd.DataFrame, row: int) -> Any:
    return cell(column, frame, row) if column.name in frame.columns else None


def _shown(key: str) -> str:
    return ", ".join(split_key(key))
