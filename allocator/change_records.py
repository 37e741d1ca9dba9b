"""Changes of a table's records, gone through in their order as plain data over the keys they name, then put into its columns at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from allocator.change_paths import TablePath, unknown_column
from allocator.domain import Row
from allocator.errors import Fault
from allocator.layer_stack import Origin
from allocator.records import RecordKey, cell, joined, joined_keys, places_for, split_key, table_path
from allocator.tables.headers import normalise, spellings
from allocator.tables.ledger import Ledger
from allocator.tables.table import Table, understand_cells

MOST_LIKE = 2000
"""Beyond this many records, likenesses of a key are not searched for."""


class TableEdit(NamedTuple):
    """One thing to do to the tables. `values` by column for `set`, `add` and `put` of a record; `put` adds it or takes the place of the one there."""

    op: str
    path: TablePath
    value: Any
    origin: Origin

    def fault(self, code: str, message: str, fix: str = "", *, column: str = "", severity: str = "error") -> Fault:
        """A fault of this change."""
        place = table_path(self.path.table, self.path.key, column) if column and self.path.key else str(self.path)
        return self.origin.placed(Fault(code, message, fix, column=place, severity=severity))


class GivenCell(NamedTuple):
    """A value that a change gives to a column of a record."""

    edit: TableEdit
    value: Any


class Batch:
    """Changes of a table's records, gone through one after the other as plain data, put into the frame at the end."""

    def __init__(self, model: type[Row], frame: pd.DataFrame | None, at: Mapping[RecordKey, int], faults: list[Fault]) -> None:
        self.model = model
        self.frame = frame
        self.at = at
        self.faults = faults
        self.warnings: list[Fault] = []
        self.gone: dict[RecordKey, TableEdit] = {}
        """Records that were there, and the change that removed each."""
        self.cells: list[tuple[str, Table, list[GivenCell]]] = []
        """Columns with the cells that changes gave them: as understood, and by whom. There when all is done."""
        self.there = dict.fromkeys(at, True)
        self.fresh: set[RecordKey] = set()
        """Records that begin blank: new ones, and those removed and added again."""
        self.given: dict[str, list[GivenCell]] = defaultdict(list)
        self.standing: dict[RecordKey, dict[str, int]] = defaultdict(dict)
        """Per record and column, the number of the cell that stands."""

    def take(self, edit: TableEdit) -> None:
        """One more change."""
        key, faults = edit.path.key, self.faults
        there = self.there.get(key, False)
        if edit.op == "add" and edit.path.column:
            faults.append(edit.fault("bad_change", f"{edit.path} is a value, not a record.", "Use set."))
        elif edit.op == "add" and there:
            faults.append(edit.fault("exists_already", f"{edit.path} is there already.", "Use set to change it."))
        elif edit.op in ("set", "remove") and not there:
            faults.append(_missing(self.model, self.frame, edit))
        elif edit.op == "remove" and edit.path.column:
            self._blank_out(edit)
        elif edit.op == "remove":
            self.there[key] = False
            self.fresh.discard(key)
            self.standing.pop(key, None)
            if key in self.at:
                self.gone[key] = edit
        else:
            if edit.op != "set":
                self.there[key] = True
                self.fresh.add(key)
                self.standing.pop(key, None)
            for column, value in self._values(edit):
                self._give(edit, column, value)

    def _values(self, edit: TableEdit) -> Iterator[tuple[str, Any]]:
        """What a change gives to which column; a new record gives its key, and blanks to what is compulsory."""
        model, faults = self.model, self.faults
        if edit.path.column:
            yield edit.path.column, edit.value
            return
        whole = {} if edit.value is None else edit.value
        if not isinstance(whole, Mapping):
            message = f"{edit.path} is a whole record; its value must be a table of its columns."
            faults.append(edit.fault("not_a_table", message, "Give for example {wage = 18.5}, or name the column in the path."))
            return
        said: dict[str, Any] = {}
        for name, value in whole.items():
            column = spellings(model).get(normalise(str(name)))
            part = None if column not in model.keys else edit.path.key[model.keys.index(column)]
            if column is None:
                fault = unknown_column(model, str(name), table_path(model.table, edit.path.key))
                faults.append(edit.origin.placed(fault))
            elif part is None:
                said[column] = value
            elif str(value) != part:
                faults.append(edit.fault("bad_change", f"The value of {edit.path} says {column} = {value!r}.", "Leave it out: the path says it."))
        if edit.op != "set":
            yield from zip(model.keys, edit.path.key, strict=True)
            yield from ((name, None) for name, column in model.columns().items() if column.required and name not in (*model.keys, *said))
        yield from said.items()

    def _give(self, edit: TableEdit, name: str, value: Any) -> None:
        column = self.model.columns()[name]
        if isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and (column.kind != "codes" or any(isinstance(x, (Mapping, list)) for x in value))):
            what = "a table" if isinstance(value, Mapping) else "a list"
            self.faults.append(edit.fault("wrong_type", f"{name} is {what}, which no cell of it can hold.", "Give a single value.", column=name))
            return
        self.standing[edit.path.key][name] = len(self.given[name])
        self.given[name].append(GivenCell(edit, None if value == "" else list(value) if isinstance(value, tuple) else value))

    def _blank_out(self, edit: TableEdit) -> None:
        """Make a value unknown; it must be known."""
        key, name, frame = edit.path.key, edit.path.column, self.frame
        column = self.model.columns()[name]
        number = self.standing[key].get(name)
        if number is not None:
            known = self.given[name][number].value is not None
        else:
            known = key in self.at and key not in self.fresh and frame is not None and cell(column, frame, self.at[key]) is not None
        if not known:
            self.faults.append(edit.fault("nothing_to_remove", f"{edit.path} is unknown already, so it cannot be removed.", "Leave the change out."))
        else:
            self._give(edit, name, None)

    def done(self) -> pd.DataFrame | None:
        """The frame with all of it; values that are wrong are told."""
        model = self.model
        typed: dict[str, Table] = {}
        for name, given in self.given.items():
            ledger = Ledger()
            table = understand_cells(model, name, [one.value for one in given], ledger)
            self.faults += [placed(fault, given, name) for fault in ledger.errors()]
            self.warnings += [placed(fault, given, name) for fault in ledger.warnings()]
            self.cells.append((name, table, given))
            typed[name] = table
        for key in [key for key, there in self.there.items() if there]:
            self.gone.pop(key, None)
        return None if self.frame is None and not self.given else self._assigned(typed)

    def _assigned(self, typed: Mapping[str, Table]) -> pd.DataFrame:
        model = self.model
        base = self.frame if self.frame is not None else empty(model)
        names = [name for name in model.model_fields if name in base.columns or name in typed]
        frame = base.copy(deep=False)
        kept = [key for key in self.at if self.there[key]]
        for name in names:
            if name not in frame.columns:
                frame[name] = typed_cells(model, name, None, [-1] * len(frame))
            rows, numbers = self._where(name, kept)
            if rows:
                frame[name] = _with(frame[name], rows, typed_cells(model, name, typed.get(name), numbers))
        new = sorted(key for key, there in self.there.items() if there and key not in self.at)
        lost = [row for key, row in self.at.items() if not self.there[key]]
        frame = frame[names]
        if new:
            added = {name: typed_cells(model, name, typed.get(name), [self.standing[key].get(name, -1) for key in new]) for name in names}
            before = places_for(model, frame, new)
            frame = pd.concat([frame, pd.DataFrame(added)], ignore_index=True)
            order = np.insert(np.arange(len(frame) - len(new)), before, np.arange(len(frame) - len(new), len(frame)))
        else:
            order = np.arange(len(frame))
        if lost or new:
            frame = frame.take(order[~np.isin(order, lost)]).reset_index(drop=True)
        return frame

    def _where(self, name: str, kept: Sequence[RecordKey]) -> tuple[list[int], list[int]]:
        """Rows of the base whose cell changes, and the number of the cell that comes there (-1: blank)."""
        found = [(self.at[key], self.standing[key].get(name, -1)) for key in kept if name in self.standing.get(key, ()) or key in self.fresh]
        return [row for row, _ in found], [number for _, number in found]


def _missing(model: type[Row], frame: pd.DataFrame | None, edit: TableEdit) -> Fault:
    """The record of a change is not there."""
    name = table_path(model.table, edit.path.key)
    there = joined_keys(model, frame).to_pylist() if frame is not None and len(frame) <= MOST_LIKE else []
    near = get_close_matches(joined(edit.path.key), there, 1)
    meant = f"Did you mean {table_path(model.table, split_key(near[0]))}?" if near else ""
    if edit.op == "remove":
        return edit.fault("nothing_to_remove", f"There is no {name}, so it cannot be removed.", meant or "Leave the change out.")
    return edit.fault("no_such_record", f"There is no {name} to set.", meant or f"Use add for a new record: add {name}.")


# -- frames ---------------------------------------------------------------------------------------------------------


def typed_cells(model: type[Row], name: str, table: Table | None, numbers: Sequence[int]) -> pd.Series[Any]:
    """Typed cells of a column by their numbers in what changes gave; -1 is a blank one."""
    known = table if table is not None else understand_cells(model, name, [], Ledger())
    return pd.Series(known.taken(name, numbers))


def empty(model: type[Row]) -> pd.DataFrame:
    """A table without records, with its compulsory columns."""
    return pd.DataFrame({name: typed_cells(model, name, None, []) for name, column in model.columns().items() if column.required})


def _with(column: pd.Series[Any], rows: Sequence[int], cells: pd.Series[Any]) -> pd.Series[Any]:
    """The column with these cells in these rows."""
    changed = column.copy()
    changed.iloc[list(rows)] = cells.array
    return changed


def placed(fault: Fault, given: Sequence[GivenCell], name: str) -> Fault:
    """A fault of a cell at the change that gave it; its row is the number of the cell."""
    edit = given[fault.row or 0].edit
    path = table_path(edit.path.table, edit.path.key, name)
    return edit.origin.placed(replace(fault, row=None, column="" if fault.row is None else path))
