"""Tables of a result as Arrow files: made once in an answering process, then searched, sorted and cut into pages without the facts and in no time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from allocator.report_tables.base import Field, ReportTable

_TYPES = {"whole": pa.int64(), "number": pa.float64(), "money": pa.float64(), "percent": pa.float64(), "flag": pa.bool_()}
CHUNK = 2000
"""Lines of CSV that are made at a time."""


def arrow_file(table: ReportTable) -> bytes:
    """A table with all that is said of it. Days are ISO text; an amount, which may be a number or a word, is JSON."""
    from allocator.report_tables.base import plain

    columns = {}
    for column in table.fields:
        values = plain(table.frame[column.name], column)
        if column.kind == "amount":
            values = [json.dumps(value) for value in values]
        columns[column.name] = pa.array(values, type=_TYPES.get(column.kind, pa.string()))
    said = {"name": table.name, "title": table.title, "about": table.about, "columns": [vars(column) for column in table.fields]}
    made = pa.table(columns).replace_schema_metadata({"table": json.dumps(said)})
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, made.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(made)
    return sink.getvalue()


@dataclass(frozen=True)
class Query:
    """Which lines are wanted, and in which order: `equal` by column, `text` in one of the columns `texts`, `sort` by a column, `-column` downwards.

    `positive` says of a column whether it is to be above 0. None asks for nothing.
    """

    equal: Mapping[str, str | None] = field(default_factory=dict)
    text: str = ""
    texts: Sequence[str] = ()
    sort: str = ""
    positive: Mapping[str, bool | None] = field(default_factory=dict)


class Listing:
    """A table as it lies on disk, and the lines of it that were asked for."""

    def __init__(self, path: Path, query: Query) -> None:
        with pa.memory_map(str(path)) as source:
            whole = pa.ipc.open_file(source).read_all()
        self.said: Mapping[str, Any] = json.loads(whole.schema.metadata[b"table"])
        self._lines = _sorted(_matching(whole, query), query.sort)

    def __len__(self) -> int:
        return int(self._lines.num_rows)

    def piece(self, start: int, count: int) -> list[dict[str, Any]]:
        """Some of the lines as plain data."""
        lines: list[dict[str, Any]] = self._lines.slice(start, count).to_pylist()
        for name in (column["name"] for column in self.said["columns"] if column["kind"] == "amount"):
            for line in lines:
                line[name] = json.loads(line[name])
        return lines

    def csv(self) -> Iterator[bytes]:
        """All lines as the library writes them, some at a time."""
        from allocator.csv_tables import csv_bytes
        from allocator.report_tables.base import Field, from_rows

        fields = tuple(Field(**column) for column in self.said["columns"])
        for start in range(0, max(1, len(self)), CHUNK):
            lines = self.piece(start, CHUNK)
            text = csv_bytes(from_rows(self.said["name"], self.said["title"], "", fields, [_row(line, fields) for line in lines]))
            yield text if start == 0 else text.split(b"\n", 1)[1]


def _row(line: Mapping[str, Any], fields: Sequence[Field]) -> list[Any]:
    return [line[column.name] for column in fields]


def _matching(table: pa.Table, query: Query) -> pa.Table:
    wanted = [pc.equal(table[name], value) for name, value in query.equal.items() if value is not None]
    wanted += [pc.greater(table[name], 0) if above else pc.less_equal(table[name], 0) for name, above in query.positive.items() if above is not None]
    if query.text:
        found = [pc.match_substring(table[name], query.text, ignore_case=True) for name in query.texts]
        wanted.append(reduce(pc.or_, (pc.fill_null(each, False) for each in found)))
    return table.filter(reduce(pc.and_, wanted)) if wanted else table


def _sorted(table: pa.Table, sort: str) -> pa.Table:
    """In the order of a column, what is missing last; equals in the table's own order."""
    if not sort:
        return table
    keys = [(sort.removeprefix("-"), "descending" if sort.startswith("-") else "ascending", "at_end"), ("__place", "ascending", "at_end")]
    placed = table.append_column("__place", pa.array(range(table.num_rows), type=pa.int64()))
    return placed.take(pc.sort_indices(placed, sort_keys=keys)).drop_columns(["__place"])
