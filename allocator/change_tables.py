"""Changes of a scenario's tables: what they do to records, columns and tables, checked as a file's cells are.

A table's changes are gone through in their order, as plain data over the keys they name; then each column is assigned at once, at the
positions that change. Rows that nothing names are never looked at, beyond one pass to find the keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.change_paths import SCENARIO, TablePath
from allocator.change_records import Batch, GivenCell, TableEdit, empty, placed, typed_cells
from allocator.domain import PROTECTED, TABLES, Row
from allocator.errors import Fault
from allocator.layer_stack import Origin
from allocator.records import EVERY, RecordKey, cell, joined_keys, matching, positions, split_key, table_path
from allocator.scenario import Integers, Scenario
from allocator.tables.frame import from_frame
from allocator.tables.headers import normalise, spellings
from allocator.tables.keys import check_reference
from allocator.tables.ledger import Ledger
from allocator.tables.sense import LOOKED_AT, check_sense
from allocator.tables.table import Table, understand

_TEXT = pa.large_string()
COMPULSORY = ("seekers", "slots")
MOST_NAMED = 3
"""Records named where many refer to one that is gone; the others are counted."""


def change_tables(scenario: Scenario, edits: Sequence[TableEdit], faults: list[Fault]) -> tuple[Scenario, dict[TablePath, Origin]]:
    """The scenario after the edits, and who spoke last of each place; with an error among the faults, the scenario is left as it was."""
    of_table: dict[str, list[TableEdit]] = defaultdict(list)
    for edit in edits:
        of_table[edit.path.table].append(edit)
    settings = _settings(of_table.pop(SCENARIO, []), faults)
    drafts = {table: _Draft.of(scenario, table, of_table[table], faults) for table in TABLES if table in of_table}
    after = {**scenario.tables, **{table: draft.frame for table, draft in drafts.items()}}
    for draft in drafts.values():
        faults += draft.dangling(after)
    for draft in drafts.values():
        faults += draft.left_behind(after, drafts)
    touched: dict[TablePath, Origin] = {}
    for edit in edits:
        for path in _spoken_of(edit):
            touched.pop(path, None)
            touched[path] = edit.origin
    if not edits or any(fault.severity == "error" for fault in faults):
        return scenario, touched
    changed = {table: draft.frame for table, draft in drafts.items()} | _without_the_gone(scenario, drafts)
    told = tuple(fault for draft in drafts.values() for fault in (*draft.warnings, *draft.odd()))
    return scenario.replacing(changed, warnings=told, **settings), touched


def _spoken_of(edit: TableEdit) -> Iterator[TablePath]:
    """The cells that a change names where it sets several of a record, else its path."""
    if edit.op == "set" and edit.path.key and not edit.path.column and isinstance(edit.value, Mapping):
        known = spellings(edit.path.model)
        yield from (edit.path._replace(column=known[normalise(str(name))]) for name in edit.value if normalise(str(name)) in known)
    else:
        yield edit.path


def _settings(edits: Iterable[TableEdit], faults: list[Fault]) -> dict[str, Any]:
    """The new day and name of the scenario."""
    found: dict[str, Any] = {}
    for edit in edits:
        name, value = edit.path.column, edit.value
        if edit.op != "set":
            faults.append(edit.fault("bad_change", f"{edit.path} can be set, and nothing else.", "Use set."))
        elif name == "name":
            if isinstance(value, str) and value.strip():
                found[name] = value.strip()
            else:
                faults.append(edit.fault("wrong_type", f"The name is {value!r}; it must be text.", "Put it in quotes."))
        elif (day := _day(value)) is not None:
            found[name] = day
        else:
            faults.append(edit.fault("wrong_date_form", f"as_of is {str(value)!r}, which is not a date.", "Write YYYY-MM-DD, for example 2026-11-02."))
    return found


def _day(value: Any) -> date | None:
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


# -- one table ------------------------------------------------------------------------------------------------------


@dataclass
class _Draft:
    """A table as it stands after the changes so far."""

    model: type[Row]
    frame: pd.DataFrame | None
    faults: list[Fault]
    warnings: list[Fault] = field(default_factory=list)
    gone: dict[RecordKey, TableEdit] = field(default_factory=dict)
    """Records that were there, and the change that removed each."""
    made: TableEdit | None = None
    """The change that made the table, where there was none."""
    cells: list[tuple[str, Table, list[GivenCell]]] = field(default_factory=list)
    """Columns with the cells that changes gave them: as understood, and by whom."""
    named: dict[RecordKey, TableEdit] = field(default_factory=dict)
    """Records that changes have set or added, and the last of them."""

    @classmethod
    def of(cls, scenario: Scenario, table: str, edits: Sequence[TableEdit], faults: list[Fault]) -> _Draft:
        """The table after all of its changes."""
        draft = cls(TABLES[table], scenario.tables.get(table), faults)
        batch: list[TableEdit] = []
        for edit in edits:
            if edit.path.key:
                batch.append(edit)
            else:
                draft._change_records(batch)
                batch = []
                draft._change_whole(edit)
        draft._change_records(batch)
        return draft

    # columns and tables

    def _change_whole(self, edit: TableEdit) -> None:
        """Add or remove a column or the table itself."""
        column, table = edit.path.column, self.model.table
        there = self.frame is not None and (not column or column in self.frame.columns)
        if edit.op not in ("add", "remove"):
            fix = f"Name a record: {table_path(table, tuple('...' for _ in self.model.keys), column)}; or use add or remove."
            self.faults.append(edit.fault("bad_change", f"{edit.path} is a whole {'column' if column else 'table'}, which cannot be set.", fix))
        elif column and self.frame is None:
            self.faults.append(edit.fault("nothing_there", f"The scenario has no table {table}.", f"Add it first: add {table}."))
        elif edit.op == "add" and there:
            self.faults.append(edit.fault("exists_already", f"{edit.path} is there already.", "Leave the change out."))
        elif edit.op == "remove" and not there:
            self.faults.append(edit.fault("nothing_to_remove", f"{edit.path} is not there, so it cannot be removed.", "Leave the change out."))
        elif edit.op == "remove" and (table in COMPULSORY if not column else self.model.columns()[column].required):
            self.faults.append(edit.fault("compulsory", f"{edit.path} is compulsory.", "Remove single records or values."))
        elif column and self.frame is not None:
            blank = typed_cells(self.model, column, None, [-1] * len(self.frame))
            self.frame = self.frame.drop(columns=column) if edit.op == "remove" else self._in_model_order(self.frame.assign(**{column: blank}))
        elif edit.op == "add":
            self.frame, self.made = empty(self.model), edit
        elif self.frame is not None:
            self.gone |= {split_key(key): edit for key in joined_keys(self.model, self.frame).to_pylist()}
            self.frame = None

    def _in_model_order(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[[name for name in self.model.model_fields if name in frame.columns]]

    # records

    def _change_records(self, edits: Sequence[TableEdit]) -> None:
        """Go through changes of records in their order, then put the outcome into the frame."""
        if not edits:
            return
        edits = list(self._without_wildcards(edits))
        at = positions(self.model, self.frame, (edit.path.key for edit in edits))
        batch = Batch(self.model, self.frame, at, self.faults)
        for edit in edits:
            batch.take(edit)
        self.named |= {edit.path.key: edit for edit in edits if edit.op != "remove" or edit.path.column}
        self.frame = batch.done()
        self.gone |= batch.gone
        for key in [key for key, there in batch.there.items() if there]:
            self.gone.pop(key, None)
        self.cells += batch.cells
        self.warnings += batch.warnings

    def _without_wildcards(self, edits: Sequence[TableEdit]) -> Iterator[TableEdit]:
        """`remove pairs[*,J1]` as one removal for each record that it means."""
        for edit in edits:
            if not any(edit.path.every):
                yield edit
            elif edit.op != "remove" or edit.path.column or all(edit.path.every):
                fix = "Name one record." if edit.op != "remove" or edit.path.column else f"To empty a table, remove {self.model.table} and add it again."
                self.faults.append(edit.fault("bad_key", f"{edit.path.table}[{','.join(edit.path.key)}] does not name one record.", fix))
            else:
                found = self._matching(edit.path)
                if not found:
                    self.faults.append(edit.fault("nothing_to_remove", f"{self.model.table} has no record like this.", "Leave the change out."))
                yield from (edit._replace(path=TablePath(edit.path.table, key)) for key in found)

    def _matching(self, path: TablePath) -> list[RecordKey]:
        if self.frame is None or not len(self.frame):
            return []
        hit = matching(self.model, self.frame, path.key, path.every)
        rows = self.frame.loc[hit, list(self.model.keys)]
        return [tuple(str(part) for part in row) for row in rows.itertuples(index=False, name=None)]

    # references and sense

    def dangling(self, after: Mapping[str, pd.DataFrame | None]) -> Iterator[Fault]:
        """Ids that changes have set and that lead nowhere."""
        for name, table, given in self.cells:
            column = self.model.columns()[name]
            frame = after.get(column.ref) if column.ref else None
            if frame is None or self.frame is None:
                continue
            ledger = Ledger()
            check_reference(table, name, _ids(TABLES[column.ref], frame), ledger)
            found = ledger.errors()
            at = positions(self.model, self.frame, (given[fault.row].edit.path.key for fault in found if fault.row is not None))
            for fault in found:
                row = None if fault.row is None else at.get(given[fault.row].edit.path.key)
                if fault.row is None or (row is not None and cell(column, self.frame, row) == str(given[fault.row].value).strip()):
                    yield placed(fault, given, name)

    def left_behind(self, after: Mapping[str, pd.DataFrame | None], drafts: Mapping[str, _Draft]) -> Iterator[Fault]:
        """Records that refer to what a change has removed, or that a new table does not have; what changes themselves have set is told by `dangling`."""
        blamed = self.made if not self.gone else None
        if self.frame is None or not (self.gone or blamed):
            return
        if self.model.table in COMPULSORY and not len(self.frame):
            last = list(self.gone.values())[-1]
            yield last.fault("no_records", f"{self.model.table} would have no records left.", "Keep at least one.")
        for table, frame in after.items():
            for name, column in TABLES[table].columns().items():
                if column.ref == self.model.table and table != PROTECTED and frame is not None and name in frame.columns:
                    ids = _ids(TABLES[table], frame, name)
                    known = pc.is_in(ids, value_set=_ids(self.model, self.frame))
                    lost = np.flatnonzero(pc.and_(ids.is_valid(), pc.invert(known)).to_numpy(zero_copy_only=False))
                    set_here = drafts[table].set_cells(name) if table in drafts else set()
                    yield from self._told(TABLES[table], frame, name, lost, set_here)

    def set_cells(self, name: str) -> set[RecordKey]:
        """The records to which changes have given a value of a column."""
        return {one.edit.path.key for column, _, given in self.cells if column == name for one in given}

    def _told(self, model: type[Row], frame: pd.DataFrame, name: str, rows: Integers, set_here: set[RecordKey]) -> Iterator[Fault]:
        """Who refers to each record that is gone: the first few by name."""
        by_target: dict[str, list[RecordKey]] = defaultdict(list)
        for row in rows.tolist():
            key = tuple(str(frame[part].iat[row]) for part in model.keys)
            if key not in set_here:
                by_target[str(frame[name].iat[row])].append(key)
        for target, keys in by_target.items():
            edit = self.gone.get((target,)) or self.made
            if edit is None:
                continue  # it was not there before either
            named = [table_path(model.table, key, "" if name in model.keys else name) for key in keys[:MOST_NAMED]]
            more = f" and {len(keys) - MOST_NAMED:,} more" if len(keys) > MOST_NAMED else ""
            what = table_path(self.model.table, (target,))
            verb = "refers" if len(keys) == 1 else "refer"
            every = f"{model.table}[{','.join(target if part == name else EVERY for part in model.keys)}]" if name in model.keys and len(keys) > 1 else ""
            fix = f"Remove {every or named[0]} too." if name in model.keys else f"Set {named[0]} to another, or remove it."
            yield edit.fault("dangling_reference", f"{', '.join(named)}{more} still {verb} to {what}, which would not be there.", fix)

    def odd(self) -> Iterator[Fault]:
        """What is possible in each cell of a touched record but odd in the whole of it."""
        at = positions(self.model, self.frame, self.named) if self.model.table in LOOKED_AT else {}
        if self.frame is None or not at:
            return
        rows = sorted(at.values())
        whose = {row: self.named[key] for key, row in at.items()}
        ledger = Ledger()
        table = understand(self.model, from_frame(self.model.table, self.frame.iloc[rows]), Ledger())
        if table is not None:
            check_sense(table, ledger)
        for fault in ledger.warnings():
            edit = whose[rows[(fault.row or 2) - 2]]
            yield edit.fault(fault.code, fault.message, fault.fix, column=fault.column, severity=fault.severity)


def _ids(model: type[Row], frame: pd.DataFrame, name: str = "") -> Any:
    """A column of ids, the key's where not said, as an Arrow array."""
    array = pa.array(frame[name or model.keys[0]], type=_TEXT, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _without_the_gone(scenario: Scenario, drafts: Mapping[str, _Draft]) -> dict[str, pd.DataFrame]:
    """The protected table without the records of seekers who are gone: they go with them, unread."""
    people = drafts.get("seekers")
    if people is None or not people.gone or PROTECTED not in scenario.tables:
        return {}
    frame = scenario.tables[PROTECTED]
    lost = pc.is_in(_ids(TABLES[PROTECTED], frame), value_set=pa.array([key[0] for key in people.gone], type=_TEXT)).to_numpy(zero_copy_only=False)
    return {PROTECTED: frame[~lost].reset_index(drop=True)} if lost.any() else {}
