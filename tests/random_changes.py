"""Random change sets over random worlds, and the same changes done the slow and obvious way: record by record, on plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from allocator.changes import Change, ChangeSet
from allocator.domain import PROTECTED, TABLES, Column
from allocator.records import record, table_path
from allocator.scenario import Scenario
from tests.worlds import TODAY, frame

Records = dict[tuple[str, ...], dict[str, Any]]
WORDS = ("alpha", "beta", "gamma", "ü ñ", 'say "so"')
ALIKE = {"county_fips": ("41051", "41067"), "naics": ("62", "3345", "31-33"), "onet_soc": ("31-1131.00", "47-2061"), "last_soc": ("51-4041.00",)}


class Slow:
    """A scenario as plain dictionaries: per table the columns there are, and records by key."""

    def __init__(self, scenario: Scenario) -> None:
        self.name, self.as_of = scenario.name, scenario.as_of
        self.columns: dict[str, set[str]] = {}
        self.records: dict[str, Records] = {}
        for table, rows in scenario.tables.items():
            self.columns[table] = set(rows.columns)
            keys = [tuple(str(part) for part in row) for row in rows[list(TABLES[table].keys)].itertuples(index=False, name=None)]
            self.records[table] = {key: dict(record(TABLES[table], rows, k)) for k, key in enumerate(keys)}

    def scenario(self) -> Scenario:
        """The scenario again."""
        return Scenario.of({table: self._frame(table) for table in self.records}, as_of=self.as_of, name=self.name)

    def _frame(self, table: str) -> pd.DataFrame:
        model = TABLES[table]
        rows = [dict(zip(model.keys, key, strict=True)) | values for key, values in self.records[table].items()]
        blank = dict.fromkeys(self.columns[table])
        stand_in = {name: 0 if column.kind in ("whole", "number") else "" for name, column in model.columns().items() if column.required}
        return frame(table, [blank | row for row in rows]) if rows else frame(table, [blank | stand_in]).iloc[:0]

    def do(self, change: Change) -> None:
        """One change, that can be done."""
        table, bracket, rest = change.path.partition("[")
        if not bracket:
            table, _, column = change.path.partition(".")
            if table == "scenario":
                setattr(self, column, change.value)
            elif change.op == "add":
                self._make(table, column)
            else:
                self._unmake(table, column)
            return
        inside, _, column = rest.partition("]")
        key, column = tuple(inside.split(",")), column.lstrip(".")
        if change.op in ("pin", "forbid", "add"):
            self._make(table, "")
            self.records[table][key] = {}
        values = {"action": "fix" if change.op == "pin" else "forbid"} if change.op in ("pin", "forbid") else {}
        if change.op == "remove":
            if column:
                del self.records[table][key][column]
            else:
                del self.records[table][key]
                if table == "seekers":
                    self.records.get(PROTECTED, {}).pop(key, None)
            return
        values |= {column: change.value} if column else (change.value or {})
        for name, value in values.items():
            self.columns[table].add(name)
            if value in (None, "", []):
                self.records[table][key].pop(name, None)
            else:
                self.records[table][key][name] = value

    def _make(self, table: str, column: str) -> None:
        if column:
            self.columns[table].add(column)
        elif table not in self.records:
            self.records[table] = {}
            self.columns[table] = {name for name, spec in TABLES[table].columns().items() if spec.required}

    def _unmake(self, table: str, column: str) -> None:
        if column:
            self.columns[table].discard(column)
            for values in self.records[table].values():
                values.pop(column, None)
        else:
            del self.records[table], self.columns[table]

    # -- what can be done -------------------------------------------------------------------------------------------

    def referred_to(self, table: str, key: tuple[str, ...]) -> bool:
        """Whether some record refers to this one."""
        for other, records in self.records.items():
            for name, column in TABLES[other].columns().items():
                if column.ref == table and other != PROTECTED:
                    for its_key, values in records.items():
                        value = its_key[TABLES[other].keys.index(name)] if name in TABLES[other].keys else values.get(name)
                        if value == key[0]:
                            return True
        return False

    def value(self, draw: np.random.Generator, column: Column) -> Any:
        """Something that a column can hold; None where nothing comes to mind."""
        if column.ref:
            known = sorted(self.records.get(column.ref, {}))
            return str(known[int(draw.integers(len(known)))][0]) if known else None
        if column.kind in ("id", "text", "codes"):
            known = column.among or ALIKE.get(column.name) or (ALIKE["onet_soc"] if column.name.endswith("_soc") else WORDS)
            if column.kind == "codes":
                return [str(code) for code in draw.permutation(list(known))[: int(draw.integers(1, 3))]]
            return str(known[int(draw.integers(len(known)))])
        if column.kind == "flag":
            return bool(draw.random() < 0.5)
        if column.kind == "day":
            return TODAY + timedelta(days=int(draw.integers(-30, 30)))
        if column.kind == "whole":
            return int(draw.integers(0, 5))
        return float(draw.integers(0, 4)) / 4

    def fresh(self, draw: np.random.Generator, table: str) -> tuple[str, ...] | None:
        """The key of a record that is not there."""
        parts = []
        for name in TABLES[table].keys:
            column = TABLES[table].columns()[name]
            part = self.value(draw, column) if column.ref or table == "reference" else f"N{int(draw.integers(50))}"
            if part is None:
                return None
            parts.append(part)
        key = tuple(parts)
        return None if key in self.records.get(table, {}) else key


def random_changes(
    scenario: Scenario, draw: np.random.Generator, count: int, *, only: tuple[str, ...] = ("set", "add", "remove", "pin", "forbid")
) -> ChangeSet:
    """Up to so many changes that can be done one after the other."""
    slow, found = Slow(scenario), []
    for _ in range(count):
        change = _one(slow, draw, str(draw.choice(only)))
        if change is not None:
            slow.do(change)
            found.append(change)
    return ChangeSet(tuple(found), "random")


def _one(slow: Slow, draw: np.random.Generator, op: str) -> Change | None:
    table = str(draw.choice([name for name in TABLES if name != PROTECTED]))
    model, records = TABLES[table], slow.records.get(table, {})
    free = [name for name in model.model_fields if name not in model.keys]
    if op in ("pin", "forbid"):
        key = (str(draw.choice([key[0] for key in slow.records["seekers"]])), str(draw.choice([key[0] for key in slow.records["slots"]])))
        value = {"reason": str(draw.choice(WORDS)), "expires": date(2026, 12, 31)} if draw.random() < 0.5 else None
        return Change(op, table_path("pins", key), value)  # type: ignore[arg-type]
    if op == "set" and draw.random() < 0.1:
        return Change("set", "scenario.as_of", TODAY + timedelta(days=int(draw.integers(5))))
    if op == "add" and draw.random() < 0.15:
        return _whole(slow, draw, table, free)
    if op == "add":
        fresh = slow.fresh(draw, table)
        names = [name for name in free if model.columns()[name].required or draw.random() < 0.2]
        values = {name: slow.value(draw, model.columns()[name]) for name in names}
        wanted = fresh is not None and all(values[name] is not None for name in names if model.columns()[name].required)
        return Change("add", table_path(table, fresh or ()), {name: value for name, value in values.items() if value is not None}) if wanted else None
    if not records:
        return None
    key = sorted(records)[int(draw.integers(len(records)))]
    if op == "set" and draw.random() < 0.2:
        values = {str(name): slow.value(draw, model.columns()[str(name)]) for name in draw.permutation(free)[:3]}
        return Change("set", table_path(table, key), {name: value for name, value in values.items() if value is not None})
    if op == "set":
        column = model.columns()[str(draw.choice(free))] if free else None
        value = None if column is None else slow.value(draw, column)
        return None if column is None or value is None else Change("set", table_path(table, key, column.name), value)
    return _removal(slow, draw, table, key)


def _removal(slow: Slow, draw: np.random.Generator, table: str, key: tuple[str, ...]) -> Change | None:
    model, records = TABLES[table], slow.records[table]
    blankable = [name for name in records[key] if not model.columns()[name].required]
    if draw.random() < 0.1:
        columns = [name for name in slow.columns[table] if not model.columns()[name].required]
        if columns:
            return Change("remove", f"{table}.{sorted(columns)[int(draw.integers(len(columns)))]}")
        return None if table in ("seekers", "slots") else Change("remove", table)
    if draw.random() < 0.6 and blankable:
        return Change("remove", table_path(table, key, str(draw.choice(sorted(blankable)))))
    if slow.referred_to(table, key) or (table in ("seekers", "slots") and len(records) == 1):
        return None
    return Change("remove", table_path(table, key))


def _whole(slow: Slow, draw: np.random.Generator, table: str, free: list[str]) -> Change | None:
    if table not in slow.records:
        return None if any(slow.referred_to(table, (str(value),)) for value in _ids_said(slow, table)) else Change("add", table)
    missing = sorted(set(free) - slow.columns[table])
    return Change("add", f"{table}.{missing[int(draw.integers(len(missing)))]}") if missing else None


def _ids_said(slow: Slow, table: str) -> set[str]:
    """Ids by which records refer to a table that is not there."""
    return {
        str(values[name])
        for other, records in slow.records.items()
        for name, column in TABLES[other].columns().items()
        for values in records.values()
        if column.ref == table and name in values
    }


def done_slowly(scenario: Scenario, changes: ChangeSet) -> Scenario:
    """The scenario after the changes, the slow and obvious way."""
    slow = Slow(scenario)
    for change in changes.changes:
        slow.do(deepcopy(change))
    return slow.scenario()


def as_records(scenario: Scenario) -> Mapping[str, Records]:
    """All tables as plain records by key."""
    return Slow(scenario).records
