"""What went into two plans and is not the same: facts by their business keys, the policy's values by their places, the day and the seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from allocator.comparing.side import Side
from allocator.domain import PROTECTED, TABLES
from allocator.layers import entry_place, leaves
from allocator.policy import Policy
from allocator.scenario import Scenario

REFERENCE = "reference"


@dataclass(frozen=True)
class TableCount:
    """Records of one table on both sides, and how they differ. `columns` counts the records whose value differs, by column."""

    table: str
    base: int
    other: int
    added: int
    removed: int
    changed: int
    columns: Mapping[str, int]


@dataclass(frozen=True)
class Difference:
    """One value that differs. `base` or `other` is None where there is none; `change` is added, removed or changed."""

    place: str
    change: str
    base: Any
    other: Any


@dataclass(frozen=True, eq=False)
class InputsDiffer:
    """Differences between what went into two plans."""

    base: Side
    other: Side

    @cached_property
    def tables(self) -> list[TableCount]:
        """Tables that differ. The protected one is only counted by its records."""
        return [count for count, _ in self._compared if count.added or count.removed or count.changed]

    @cached_property
    def facts(self) -> list[Difference]:
        """Records that came or went (`seekers[S1]`) and values that changed (`seekers[S1].wage_floor`), by business key. The reference is one line: it is
        an earlier plan as a whole, and goes in as such."""
        return [line for count, lines in self._compared for line in (_whole(count) if count.table == REFERENCE else lines)]

    @cached_property
    def policy(self) -> list[Difference]:
        """Values of the policies as solved that differ, by their places; an entry that only one has is one line."""
        return list(_policy(self.base.problem.policy, self.other.problem.policy))

    @cached_property
    def settings(self) -> list[Difference]:
        """The day and the seed, where they differ."""
        said = [
            ("as_of", self.base.scenario.as_of.isoformat(), self.other.scenario.as_of.isoformat()),
            ("seed", self.base.problem.seed, self.other.problem.seed),
        ]
        return [Difference(place, "changed", one, other) for place, one, other in said if one != other]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.tables or self.policy or self.settings)

    @cached_property
    def _compared(self) -> list[tuple[TableCount, list[Difference]]]:
        one, other = self.base.scenario, self.other.scenario
        if one is other or one.digest == other.digest:
            return []
        return [_table(name, one, other) for name in TABLES if one.has(name) or other.has(name)]

    def as_dict(self) -> dict[str, Any]:
        """The differences as plain JSON data."""
        return {
            "same": self.same,
            "tables": [asdict(line) for line in self.tables],
            "facts": [asdict(line) for line in self.facts],
            "policy": [asdict(line) for line in self.policy],
            "settings": [asdict(line) for line in self.settings],
        }


def _whole(count: TableCount) -> list[Difference]:
    """A table that differs, as one line."""
    if not (count.added or count.removed or count.changed):
        return []
    change = "changed" if count.base and count.other else "added" if count.other else "removed"
    base, other = (f"{number:,} assignment{'' if number == 1 else 's'}" if number else None for number in (count.base, count.other))
    return [Difference(count.table, change, base, other)]


def _table(name: str, one: Scenario, other: Scenario) -> tuple[TableCount, list[Difference]]:
    """One table on both sides, joined by its keys."""
    keys = list(TABLES[name].keys)
    before, after = (_keyed(side.tables.get(name), keys) for side in (one, other))
    there = after.index.get_indexer(before.index)
    removed, added = before.index[there < 0], after.index.difference(before.index, sort=False)
    kept, now = before[there >= 0], after.iloc[there[there >= 0]]
    found: list[tuple[int, str, Any, Any]] = []
    counts, touched = {}, np.zeros(len(kept), dtype=bool)
    for column in [column for column in TABLES[name].model_fields if column not in keys and (column in before or column in after)]:
        differs = _differs(kept.get(column), now.get(column), len(kept))
        if differs.any():
            counts[column] = int(differs.sum())
            touched |= differs
            if name != PROTECTED:
                rows = np.flatnonzero(differs)
                found += zip(rows.tolist(), [column] * len(rows), _values(kept.get(column), rows), _values(now.get(column), rows), strict=True)
    total = TableCount(name, len(before), len(after), len(added), len(removed), int(touched.sum()), {} if name == PROTECTED else counts)
    if name == PROTECTED:
        return total, []
    lines = [Difference(f"{name}[{key}]", "removed", key, None) for key in removed] + [Difference(f"{name}[{key}]", "added", None, key) for key in added]
    found.sort(key=lambda cell: cell[0])
    lines += [Difference(f"{name}[{kept.index[row]}].{column}", "changed", was, now_) for row, column, was, now_ in found]
    return total, lines


def _keyed(frame: pd.DataFrame | None, keys: list[str]) -> pd.DataFrame:
    """A table by its business key, compound ones with a comma; an absent table has no records."""
    if frame is None:
        return pd.DataFrame(index=pd.Index([], dtype=object))
    joined = frame[keys[0]].astype(object)
    for key in keys[1:]:
        joined = joined + "," + frame[key].astype(object)
    return frame.set_axis(pd.Index(joined, dtype=object), axis=0)


def _differs(one: pd.Series | None, other: pd.Series | None, count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where two columns differ; an absent one has nothing recorded."""
    if one is None or other is None:
        there = one if other is None else other
        return np.zeros(count, dtype=bool) if there is None else there.notna().to_numpy()
    before, after = one.reset_index(drop=True), other.reset_index(drop=True)
    if before.equals(after):
        return np.zeros(count, dtype=bool)
    missing, missing_now = before.isna().to_numpy(), after.isna().to_numpy()
    same = (before.astype(object) == after.astype(object)).to_numpy(dtype=bool, na_value=False)
    return np.asarray(~(same | (missing & missing_now)) | (missing != missing_now))


def _values(column: pd.Series | None, rows: np.ndarray[Any, Any]) -> list[Any]:
    """Values of some records as plain data."""
    return [None] * len(rows) if column is None else [_plain(value) for value in column.iloc[rows].astype(object)]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, (datetime, date)):
        return value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
    return value.item() if isinstance(value, np.generic) else value


def _policy(one: Policy, other: Policy) -> Iterator[Difference]:
    before, after = leaves(one), leaves(other)
    entries_before, entries_after = (list(dict.fromkeys(filter(None, map(entry_place, side)))) for side in (before, after))
    for entry in entries_before:
        if entry not in entries_after:
            yield Difference(entry, "removed", _entry(before, entry), None)
    for entry in entries_after:
        if entry not in entries_before:
            yield Difference(entry, "added", None, _entry(after, entry))
    for place in dict.fromkeys([*before, *after]):
        whole = entry_place(place)
        if (not whole or (whole in entries_before and whole in entries_after)) and before.get(place) != after.get(place):
            change = "added" if place not in before else "removed" if place not in after else "changed"
            yield Difference(place, change, before.get(place), after.get(place))
    orders = [[goal.name for goal in policy.goals or ()] for policy in (one, other)]
    if orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1]):
        yield Difference("goals", "changed", orders[0], orders[1])


def _entry(values: Mapping[str, Any], entry: str) -> dict[str, Any]:
    """The values of one entry, by key."""
    return {place.removeprefix(entry).lstrip("."): value for place, value in values.items() if entry_place(place) == entry}
