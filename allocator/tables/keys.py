"""Keys: no record twice, records in the order of their keys, references that lead somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import PROTECTED
from allocator.errors import Fault
from allocator.scenario import Integers, Positions
from allocator.tables.ledger import Ledger, shown
from allocator.tables.table import Table

_MOST_COMPARED = 2000
"""Beyond this many ids, likenesses are not searched for."""


def in_order(table: Table, ledger: Ledger) -> pd.DataFrame:
    """The frame in the order of its keys; a key that occurs again is a fault that names its first row."""
    table.order = _check_unique(table, ledger)
    return table.frame(table.order)


def links(tables: Mapping[str, Table]) -> dict[tuple[str, str], Positions]:
    """For each (table, column) that points to another table, the position of each record's target in the order of the keys, -1 where there is none.

    The tables are without faults and `in_order` has seen them: every key is there once.
    """
    found = {}
    for title, table in tables.items():
        for name, column in table.model.columns().items():
            target = tables.get(column.ref)
            if name in table.cells and target is not None and title != PROTECTED:
                place = np.append(_target_positions(table.meanings[name], target), np.int32(-1))[table.cells[name].codes]
                found[title, name] = place if table.order is None else place[table.order]
    return found


def _target_positions(values: Any, target: Table) -> Positions:
    """Where the record of each id is, or -1."""
    key = target.model.keys[0]
    order = np.arange(len(target)) if target.order is None else target.order
    position = np.full(len(target.meanings[key]) + 1, -1, dtype=np.int32)
    position[target.cells[key].codes[order]] = np.arange(len(target), dtype=np.int32)
    return np.asarray(position[pc.index_in(values, value_set=target.meanings[key]).fill_null(-1).to_numpy()])


def _check_unique(table: Table, ledger: Ledger) -> Integers | None:
    """The order of the keys; None where the records are in it already."""
    keys = [key for key in table.model.keys if key in table.cells]
    if len(keys) < len(table.model.keys):
        return None
    key, blank = np.zeros(len(table), dtype=np.int64), np.zeros(len(table), dtype=bool)
    for name in keys:
        cells = table.cells[name]
        key = key * (len(cells.values) + 1) + _ranks(cells.values)[cells.codes]
        blank |= cells.blank
    if not blank.any() and (np.diff(key) > 0).all():
        return None
    key[blank] = -1
    order = np.argsort(key)
    if not blank.any() and (np.diff(key[order]) > 0).all():
        return order
    order = np.argsort(key, kind="stable")  # slower, but the first of a key's rows comes first
    ordered = key[order]
    same = np.append(False, (ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0))
    if same.any():
        first = order[np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))]
        first_of = dict(zip(order[same].tolist(), first[same].tolist(), strict=True))

        def tell(record: int) -> Fault:
            value = " and ".join(table.cells[name].value(int(table.cells[name].codes[record])) for name in keys)
            message = f"{' and '.join(keys)} {shown(value)} is there already, in row {table.sheet.row(first_of[record])}."
            return table.fault("duplicate_key", message, "Keep one of the two rows, or correct the id.", record, keys[-1], value)

        ledger.add_rows(np.sort(order[same]), tell)
    return order


def _ranks(values: Any) -> Integers:
    """The place of each distinct value in sorted order, and a last one for blanks."""
    ranks = np.zeros(len(values) + 1, dtype=np.int64)
    ranks[pc.sort_indices(values).to_numpy()] = np.arange(len(values))
    return ranks


def check_references(tables: Mapping[str, Table], ledger: Ledger) -> None:
    """Every id that points to another table must be there, if that table was given and could be read whole."""
    for table in tables.values():
        for name, column in table.model.columns().items():
            target = tables.get(column.ref)
            if name in table.cells and target is not None and target.sheet.whole and target.model.keys[0] in target.cells:
                check_reference(table, name, target.cells[target.model.keys[0]].values, ledger)


def check_reference(table: Table, name: str, ids: pa.Array, ledger: Ledger) -> None:
    """Every id in one column must be among these."""
    cells, target = table.cells[name], table.model.columns()[name].ref
    dangling = np.flatnonzero(~pc.is_in(cells.values, value_set=ids).to_numpy(zero_copy_only=False))
    if not len(dangling):
        return
    meant = _Likeness(ids)

    def tell(record: int) -> Fault:
        value = cells.value(int(cells.codes[record]))
        like = meant.like(value)
        fix = f"Did you mean {shown(like)}?" if like else f"Add it to {target}, or correct it."
        return table.fault("dangling_reference", f"{name} {shown(value)} is not in {target}.", fix, record, name, value)

    ledger.add_rows(cells.records(dangling), tell)


class _Likeness:
    """Finds the id somebody meant: other case, lost leading zeros, `12.0`, or a slip of the keyboard."""

    def __init__(self, ids: pa.Array) -> None:
        self._ids: list[str] = ids.to_pylist() if len(ids) <= _MOST_COMPARED else []
        self._by_core = {_core(one): one for one in self._ids}

    def like(self, value: str) -> str | None:
        """The id that is most like this one, if any is."""
        return self._by_core.get(_core(value)) or next(iter(get_close_matches(shown(value), self._ids, n=1, cutoff=0.8)), None)


def _core(value: str) -> str:
    return value.lower().removesuffix(".0").lstrip("0")
