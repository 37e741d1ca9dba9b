"""The change set that turns one scenario and policy into another: `resolve(a, difference(a, b))` is b, to the digests.

Records and entries are compared by business key. The protected table and the scenarios' names are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from allocator.changes import Base, Change, ChangeSet
from allocator.domain import PROTECTED, TABLES, Row
from allocator.policy import DEFAULT_GOALS, SECTIONS, Limits, Policy
from allocator.policy_edits import ORDER
from allocator.records import cell, joined_keys, record, split_key, table_path
from allocator.registry import discover
from allocator.rule import Rule
from allocator.scenario import Integers, Mask, Scenario

COMPARED = {table: model for table, model in TABLES.items() if table != PROTECTED}
"""The tables that are compared."""


def difference(one: Base, other: Base, *, name: str = "") -> ChangeSet:
    """What to change of `one` for it to be `other`: tables in the order of docs/data.md and of their keys, then the policy."""
    facts = list(_facts(one.scenario, other.scenario))
    wishes = list(_wishes(one.layers.policy, other.layers.policy, other.scenario.has("pairs")))
    return ChangeSet((*facts, *wishes), name)


# -- facts ----------------------------------------------------------------------------------------------------------


def _facts(one: Scenario, other: Scenario) -> Iterator[Change]:
    if one.as_of != other.as_of:
        yield Change("set", "scenario.as_of", other.as_of)
    for table, model in COMPARED.items():
        before, after = one.tables.get(table), other.tables.get(table)
        if (before is None and after is None) or (table in one.tables and one.table_digest(table) == _digest(other, table)):
            continue
        if after is None:
            yield Change("remove", table)
        else:
            yield from _records(model, before, after)


def _digest(scenario: Scenario, table: str) -> str:
    return scenario.table_digest(table) if table in scenario.tables else ""


def _records(model: type[Row], before: pd.DataFrame | None, after: pd.DataFrame) -> Iterator[Change]:
    """A table's columns and records. Columns that go come first; those that come and are blank everywhere, last."""
    optional = [name for name, column in model.columns().items() if not column.required]
    if before is not None:
        yield from (Change("remove", table_path(model.table, (), name)) for name in optional if name in before.columns and name not in after.columns)
        before = before[[name for name in before.columns if name in after.columns]]
    there = set(before.columns) if before is not None else set()
    written = False
    for change, names in _cells(model, before, after):
        written = True
        there |= names
        yield change
    if before is None and not written:
        yield Change("add", model.table)
    yield from (Change("add", table_path(model.table, (), name)) for name in optional if name in after.columns and name not in there)


def _cells(model: type[Row], before: pd.DataFrame | None, after: pd.DataFrame) -> Iterator[tuple[Change, set[str]]]:
    """Changes of records, each with the columns it gives a value to."""
    new = joined_keys(model, after)
    old = joined_keys(model, before) if before is not None else pa.array([], type=pa.large_string())
    if before is not None:
        gone = np.flatnonzero(pc.index_in(old, value_set=new).is_null().to_numpy(zero_copy_only=False))
        yield from ((Change("remove", table_path(model.table, split_key(old[int(row)].as_py()))), set()) for row in gone)
    place = pc.index_in(new, value_set=old).fill_null(-1).to_numpy()
    changed = changed_cells(model, before, after, place)
    for row in np.flatnonzero((place < 0) | np.logical_or.reduce([np.zeros(len(place), dtype=bool), *changed.values()])):
        key = split_key(new[int(row)].as_py())
        path = table_path(model.table, key)
        if model.table == "pins":
            whole = dict(record(model, after, int(row)))
            op = "pin" if whole.pop("action") == "fix" else "forbid"
            yield Change(op, path, whole or None), set(whole) | {"action"}  # type: ignore[arg-type]
        elif place[row] < 0:
            whole = dict(record(model, after, int(row)))
            yield Change("add", path, whole), set(whole)
        else:
            for name in [name for name, rows in changed.items() if rows[row]]:
                value = cell(model.columns()[name], after, int(row))
                inner = table_path(model.table, key, name)
                yield (Change("remove", inner), set()) if value is None else (Change("set", inner, value), {name})


def changed_cells(model: type[Row], before: pd.DataFrame | None, after: pd.DataFrame, place: Integers) -> Mapping[str, Mask]:
    """Per column, which records of `after` had another value; `place` says where each was, -1 where it was not."""
    found = {}
    known = np.flatnonzero(place >= 0)
    for name in model.model_fields:
        if before is None or name in model.keys or name not in after.columns:
            continue
        rows = np.zeros(len(after), dtype=bool)
        values = after[name].iloc[known].reset_index(drop=True)
        if name in before.columns:
            was = before[name].iloc[place[known]].reset_index(drop=True)
            same = (values == was).fillna(False).to_numpy(dtype=bool) | (blank(values) & blank(was))
            rows[known[~same]] = True
        else:
            rows[known[~blank(values)]] = True
        found[name] = rows
    return found


def blank(values: pd.Series[Any]) -> Mask:
    """Which cells hold nothing."""
    missing = values.isna().to_numpy()
    return np.asarray(missing | (values == "").fillna(False).to_numpy(dtype=bool)) if pd.api.types.is_string_dtype(values.dtype) else np.asarray(missing)


# -- wishes ---------------------------------------------------------------------------------------------------------


def _wishes(one: Policy, other: Policy, own_pairs: bool) -> Iterator[Change]:
    yield from _values("", one, other, ("name", "holidays"))
    yield from _values("limits.", one.limits, other.limits, tuple(Limits.model_fields))
    for section in SECTIONS:
        before, after = getattr(one, section), getattr(other, section)
        if after is None and before is not None:
            yield Change("remove", section)
        elif after is not None:
            if before is None:
                yield Change("add", section)
                before = _defaults(section, own_pairs)
            yield from _entries(section, before, after)


def _defaults(section: str, own_pairs: bool) -> tuple[Rule, ...]:
    """What adding the section writes out."""
    kinds = DEFAULT_GOALS if section == "goals" else () if own_pairs else Policy.default_eligibility()
    return tuple(discover(section)[kind].model_validate({"kind": kind, "label": kind}) for kind in kinds)


def _entries(section: str, before: Sequence[Rule], after: Sequence[Rule]) -> Iterator[Change]:
    """Entries by kind and label; then their order, if that is still another."""
    old = {(rule.kind, rule.label): rule for rule in before}
    new = {(rule.kind, rule.label): rule for rule in after}
    yield from (Change("remove", f"{section}.{rule.name}") for key, rule in old.items() if key not in new)
    for key, rule in new.items():
        place = f"{section}.{rule.name}"
        names = tuple(name for name in type(rule).model_fields if name not in ("kind", "label"))
        if key in old:
            yield from _values(f"{place}.", old[key], rule, names)
        else:
            said = rule.model_dump(exclude_unset=True, exclude={"kind", "label"})
            yield Change("add", place, _listed(said) or None)
    kept = [key for key in old if key in new] + [key for key in new if key not in old]
    if kept != list(new):
        yield Change("set", f"{section}.{ORDER}", [rule.name for rule in after])


def _values(prefix: str, before: BaseModel, after: BaseModel, names: Sequence[str]) -> Iterator[Change]:
    """Fields of a part of the policy that differ; a nested value as a whole, as far as its author has said it."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    whole, said = after.model_dump(), after.model_dump(exclude_unset=True)
    for name in names:
        if now[name] != was[name]:
            blank = now[name] is None or now[name] == ""
            yield Change("remove", prefix + name) if blank else Change("set", prefix + name, _listed(said.get(name, whole[name])))


def _listed(value: Any) -> Any:
    """Plain data with lists for tuples, as TOML reads it; keys that say nothing left out."""
    if isinstance(value, Mapping):
        return {str(key): _listed(part) for key, part in value.items() if part is not None}
    return [_listed(part) for part in value] if isinstance(value, (list, tuple)) else value
