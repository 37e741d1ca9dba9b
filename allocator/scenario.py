"""A scenario: the facts of one allocation, frozen.

Tables are held as read, in the order of their keys, so that the order of a file's rows can never matter. Rules do not
touch the frames: they ask for arrays aligned with a table's rows. A *position* is a row number in the ordered table;
`-1` stands for "none".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import PROTECTED, TABLES, Column
from allocator.errors import Fault

Positions = np.ndarray[tuple[int], np.dtype[np.int32]]
Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Names = np.ndarray[Any, np.dtype[np.object_]]
Dates = np.ndarray[tuple[int], np.dtype[np.datetime64]]

T = TypeVar("T")

NO_DAY = np.datetime64("NaT", "D")
YES, NO, UNKNOWN = 1, 0, -1


@dataclass(frozen=True)
class Coded:
    """A text column as numbers: `values[codes[k]]` is row k's text; code -1 means unknown. Values are sorted."""

    codes: Positions
    values: tuple[str, ...]

    def code(self, value: str) -> int:
        """The number of a value, or -2 where no row has it (so that it equals no row's code)."""
        return self._numbers.get(value, -2)

    def text(self, position: int) -> str | None:
        """Row `position`'s text, or None."""
        code = int(self.codes[position])
        return None if code < 0 else self.values[code]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {value: number for number, value in enumerate(self.values)}


@dataclass(frozen=True)
class Lists:
    """A column of lists as numbers: `sets[codes[k]]` is row k's list. Distinct lists are few, rows are many."""

    codes: Positions
    sets: tuple[tuple[str, ...], ...]

    def any_of(self, wanted: frozenset[str]) -> Mask:
        """Per row, whether its list holds at least one of `wanted`."""
        hit = np.array([not wanted.isdisjoint(items) for items in self.sets], dtype=bool)
        return hit[self.codes] if len(self.sets) else np.zeros(len(self.codes), dtype=bool)

    def at(self, position: int) -> tuple[str, ...]:
        """Row `position`'s list."""
        return self.sets[int(self.codes[position])]


@dataclass(frozen=True, eq=False)
class Scenario:
    """Facts: tables by name, the day they are looked at, a name, and what the reader warned of.

    Build one with `read_scenario` or `Scenario.of`; both order and check. Frames follow `allocator.domain`:
    ids and text as `str`, `codes` as text `a;b;c`, `flag` as nullable boolean, `day` as datetime64, `whole` as
    nullable integer (or int64 where compulsory), `number` as float64. Absent columns are simply not there.
    """

    name: str
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    warnings: tuple[Fault, ...] = ()
    _memory: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    # -- tables -------------------------------------------------------------------------------------------------

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the table (and the column) was given."""
        frame = self.tables.get(table)
        return frame is not None and (column is None or column in frame.columns)

    def size(self, table: str) -> int:
        """Number of records."""
        frame = self.tables.get(table)
        return 0 if frame is None else len(frame)

    def ids(self, table: str) -> Names:
        """The key of each record (tables with one key column)."""

        def make() -> Any:
            frame = self.tables.get(table)
            if frame is None:
                return np.empty(0, dtype=object)
            return frame[TABLES[table].keys[0]].to_numpy(dtype=object)

        return self._keep(("ids", table), make)

    def position(self, table: str, record_id: str) -> int:
        """Where a record is, or -1."""
        return self._keep(("index", table), lambda: {value: k for k, value in enumerate(self.ids(table))}).get(record_id, -1)

    def positions(self, table: str, record_ids: Any) -> Positions:
        """Where each of many records is; -1 where there is none or the id is missing."""
        index: pd.Index = self._keep(("pandas index", table), lambda: pd.Index(self.ids(table)))
        return np.asarray(index.get_indexer(pd.Index(np.asarray(record_ids, dtype=object))), dtype=np.int32)

    # -- columns ------------------------------------------------------------------------------------------------

    def _column(self, table: str, column: str) -> Column:
        model = TABLES[table]
        if table == PROTECTED:
            raise PermissionError("Demographics are read by the equity report only; rules, goals and scores cannot see them.")
        return Column(column, model.model_fields[column])

    def coded(self, table: str, column: str) -> Coded:
        """A text or id column as codes."""

        def make() -> Coded:
            spec = self._column(table, column)
            if not self.has(table, column):
                if spec.default is None:
                    return Coded(np.full(self.size(table), -1, dtype=np.int32), ())
                return Coded(np.zeros(self.size(table), dtype=np.int32), (str(spec.default),))
            series = self.tables[table][column]
            if spec.default is not None:
                series = series.fillna(spec.default)
            codes, values = pd.factorize(series, sort=True)
            return Coded(codes.astype(np.int32), tuple(str(value) for value in values))

        return self._keep(("coded", table, column), make)

    def lists(self, table: str, column: str) -> Lists:
        """A column of lists."""

        def make() -> Lists:
            self._column(table, column)
            if not self.has(table, column):
                return Lists(np.zeros(self.size(table), dtype=np.int32), ((),))
            codes, values = pd.factorize(self.tables[table][column].fillna(""), sort=True)
            return Lists(codes.astype(np.int32), tuple(tuple(item for item in str(value).split(";") if item) for value in values))

        return self._keep(("lists", table, column), make)

    def flags(self, table: str, column: str) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
        """A yes/no column as YES, NO or UNKNOWN."""

        def make() -> Any:
            self._column(table, column)
            if not self.has(table, column):
                return np.full(self.size(table), UNKNOWN, dtype=np.int8)
            return self.tables[table][column].astype("Int8").fillna(UNKNOWN).to_numpy(dtype=np.int8)

        return self._keep(("flags", table, column), make)

    def days(self, table: str, column: str) -> Dates:
        """A column of days; NaT where unknown."""

        def make() -> Any:
            self._column(table, column)
            if not self.has(table, column):
                return np.full(self.size(table), NO_DAY, dtype="datetime64[D]")
            return self.tables[table][column].to_numpy().astype("datetime64[D]")

        return self._keep(("days", table, column), make)

    def numbers(self, table: str, column: str) -> Floats:
        """A numeric column with its default filled in; NaN where unknown."""

        def make() -> Any:
            default = self._column(table, column).default
            if not self.has(table, column):
                return np.full(self.size(table), np.nan if default is None else float(default))
            values = self.tables[table][column].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
            return values if default is None else np.where(np.isnan(values), float(default), values)

        return self._keep(("numbers", table, column), make)

    def integers(self, table: str, column: str, unknown: int = -1) -> Integers:
        """A whole-number column with its default filled in; `unknown` where there is neither."""

        def make() -> Any:
            default = self._column(table, column).default
            stand_in = unknown if default is None else int(default)
            if not self.has(table, column):
                return np.full(self.size(table), stand_in, dtype=np.int64)
            return self.tables[table][column].astype("Int64").fillna(stand_in).to_numpy(dtype=np.int64)

        return self._keep(("integers", table, column, str(unknown)), make)

    def link(self, table: str, column: str) -> Positions:
        """For each record, the position of the record it refers to in the column's `ref` table; -1 where none."""

        def make() -> Any:
            target = self._column(table, column).ref
            if not self.has(table, column):
                return np.full(self.size(table), -1, dtype=np.int32)
            frame = self.tables.get(target)
            if frame is None:
                return np.full(self.size(table), -1, dtype=np.int32)
            place = pc.index_in(_arrow_text(self.tables[table][column]), value_set=_arrow_text(frame[TABLES[target].keys[0]]))
            return place.fill_null(-1).to_numpy()

        return self._keep(("link", table, column), make)

    def linked(self, links: Mapping[tuple[str, str], Positions]) -> Scenario:
        """The same scenario, told what `link` answers for some (table, column): who has read the tables has looked every id up already."""
        return replace(self, _memory={**self._memory, **{("link", table, column): found for (table, column), found in links.items()}})

    def replacing(self, tables: Mapping[str, pd.DataFrame | None], *, as_of: date | None = None, name: str = "", warnings: tuple[Fault, ...] = ()) -> Scenario:
        """The same facts with other tables in place of some (None takes one away), another day or name, and further warnings.

        The tables are typed and ordered, as those here are. What has been computed of the others is kept.
        """
        kept = {what: found for what, found in self._memory.items() if len(what) > 1 and not {what[1], self._target(what)} & set(tables)}
        whole = {**self.tables, **tables}
        ordered = {table: frame for table in TABLES if (frame := whole.get(table)) is not None}
        return Scenario(name or self.name, as_of or self.as_of, ordered, (*self.warnings, *warnings), kept)

    @staticmethod
    def _target(what: tuple[str, ...]) -> str:
        """The other table that something in memory depends on."""
        return Column(what[2], TABLES[what[1]].model_fields[what[2]]).ref if what[0] == "link" else ""

    # -- identity -----------------------------------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """SHA-256 over every table's contents in key order, and the day; the same facts give the same digest."""

        def make() -> str:
            total = hashlib.sha256(self.as_of.isoformat().encode())
            for table in sorted(self.tables):
                total.update(f"\n{table}:{self.table_digest(table)}".encode())
            return total.hexdigest()

        return self._keep(("digest",), make)

    def table_digest(self, table: str) -> str:
        """SHA-256 of one table: columns in the model's order, rows in the order of their keys."""

        def make() -> str:
            frame = self.tables[table]
            total = hashlib.sha256()
            for name in TABLES[table].model_fields:
                if name in frame.columns:
                    total.update(name.encode())
                    total.update(_column_digest(frame[name]))
            return total.hexdigest()

        return self._keep(("table digest", table), make)

    def _keep(self, what: tuple[str, ...], make: Callable[[], T]) -> T:
        """Compute once: the tables never change."""
        if what not in self._memory:
            self._memory[what] = make()
        return cast(T, self._memory[what])

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], *, as_of: date, name: str = "scenario", warnings: tuple[Fault, ...] = ()) -> Scenario:
        """A scenario from typed frames: orders each table by its keys and freezes it.

        Reading from files goes through `read_scenario`, which also checks every cell; here the frames are trusted to
        have the types that the class describes (`allocator.read.frames_to_scenario` checks untyped frames).
        """
        ordered = {}
        for table in TABLES:
            frame = tables.get(table)
            if frame is not None:
                keys = list(TABLES[table].keys)
                ordered[table] = frame.sort_values(keys, kind="stable", ignore_index=True) if len(frame) else frame
        return cls(name, as_of, ordered, warnings)


def _column_digest(series: pd.Series) -> bytes:
    """Depends on the values alone, not on how the frame holds them."""
    missing = series.isna().to_numpy()
    total = hashlib.sha256(np.packbits(missing).tobytes())
    if pd.api.types.is_bool_dtype(series.dtype):
        total.update(series.astype("Int8").fillna(0).to_numpy(dtype=np.int64).tobytes())
    elif pd.api.types.is_integer_dtype(series.dtype):
        total.update(series.fillna(0).to_numpy(dtype=np.int64).tobytes())
    elif pd.api.types.is_float_dtype(series.dtype):
        total.update((series.to_numpy(dtype=np.float64, na_value=0.0) + 0.0).tobytes())
    elif pd.api.types.is_datetime64_any_dtype(series.dtype):
        total.update(series.to_numpy().astype("datetime64[D]").astype(np.int64).tobytes())
    else:
        text = pc.fill_null(_arrow_text(series), "")
        _, ends, letters = text.buffers()
        offsets = np.frombuffer(ends, dtype=np.int64)[text.offset : text.offset + len(text) + 1] if len(text) else np.zeros(1, dtype=np.int64)
        total.update(np.diff(offsets).tobytes())  # the lengths, so that "ab", "c" is not "a", "bc"
        if letters is not None:
            total.update(memoryview(letters)[offsets[0] : offsets[-1]])
    return total.digest()


def _arrow_text(series: pd.Series) -> Any:
    """A text column as one Arrow array; missing values are null."""
    array = pa.array(series, type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
