"""A table: a sheet whose columns are understood, checked and typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.domain import Column, Row
from allocator.errors import Fault
from allocator.scenario import Integers, Mask, Positions
from allocator.tables import days, headers, numbers, texts
from allocator.tables.cells import Cells
from allocator.tables.ledger import Ledger, shown
from allocator.tables.sheet import Sheet, column_of
from allocator.tables.wrong import Wrong

_TEXT = pa.large_string()


@dataclass
class Table:
    """The columns that were found: as cells, and what each distinct value means; `sheet` knows the rows.

    `order` is the order of the keys, once it has been looked for; None where the records are in it already.
    """

    model: type[Row]
    sheet: Sheet
    written: dict[str, str]
    cells: dict[str, Cells]
    meanings: dict[str, Any] = field(default_factory=dict)
    order: Integers | None = None

    def __len__(self) -> int:
        return len(next(iter(self.cells.values())).codes) if self.cells else 0

    def series(self, name: str, order: Integers | None = None) -> Any:
        """A typed column, in the order of the file or another one."""
        return _series(self.model.columns()[name], self.cells[name].codes if order is None else self.cells[name].codes[order], self.meanings[name])

    def taken(self, name: str, numbers: Sequence[int]) -> Any:
        """Typed cells of a column by their numbers; -1 is a blank one."""
        return _series(self.model.columns()[name], np.append(self.cells[name].codes, -1)[np.asarray(numbers, dtype=np.int64)], self.meanings[name])

    def frame(self, order: Integers | None = None) -> pd.DataFrame:
        """The typed columns, in the order of the file or another one."""
        return pd.DataFrame({name: self.series(name, order) for name in self.cells})

    def fault(self, code: str, message: str, fix: str, record: int, column: str, value: str = "", severity: str = "error") -> Fault:
        """A fault in one cell, placed by the header the file gives the column."""
        return self.sheet.fault(code, message, fix, row=self.sheet.row(record), column=self.written.get(column, column), value=shown(value), severity=severity)


def understand(model: type[Row], sheet: Sheet, ledger: Ledger, *, extra: bool = False) -> Table | None:
    """The sheet as the table it is meant to be, every fault of its headers and cells in the ledger. None without a header."""
    found = headers.match(model, sheet, ledger, extra=extra)
    if found is None:
        return None
    ledger.add(*sheet.faults)
    table = Table(model, sheet, {name: sheet.headers[k].strip() for name, k in found.items()}, {})
    columns = {name: column for name, column in model.columns().items() if name in found}
    with ThreadPoolExecutor(max_workers=4) as threads:  # Arrow works outside the interpreter's lock
        waiting = {name: threads.submit(Cells.of, sheet.columns[found[name]], column.kind) for name, column in columns.items()}
    for name, cells in waiting.items():
        try:
            table.cells[name] = cells.result()
        except (TypeError, pa.ArrowException) as error:
            message = f"{name} is held as {str(error).splitlines()[0]}, which is not a column of cells."
            ledger.add(
                sheet.fault("wrong_type", message, "Give it as text, or as numbers, flags or days where it is one of these.", column=table.written[name])
            )
    _leave_out(table, found, ledger)
    table.meanings = {name: _meaning(table, columns[name], cells, ledger) for name, cells in table.cells.items()}
    return table


def understand_cells(model: type[Row], name: str, values: Sequence[Any], ledger: Ledger) -> Table:
    """Single cells of one column, checked and typed as if they stood in a file; the row of a fault is the cell's place in `values`."""
    sheet = Sheet("", "", [name], [column_of(values)], numbers=np.arange(len(values)))
    table = Table(model, sheet, {name: name}, {name: Cells.of(sheet.columns[0], model.columns()[name].kind)})
    table.meanings[name] = _meaning(table, model.columns()[name], table.cells[name], ledger)
    return table


def _leave_out(table: Table, found: dict[str, int], ledger: Ledger) -> None:
    """Blank rows silently, repeated headers with a fault."""
    kept = np.ones(len(table.sheet), dtype=bool)
    kept &= ~_blank_rows(table, found)
    repeated = np.flatnonzero(_repeated_header(table))
    ledger.add_rows(repeated, lambda k: table.fault("repeated_header", "The header is repeated among the records.", "Remove this row.", k, ""))
    kept[repeated] = False
    if not kept.all():
        table.cells = {name: cells.keep(kept) for name, cells in table.cells.items()}
        rows = np.arange(2, len(kept) + 2) if table.sheet.numbers is None else table.sheet.numbers
        table.sheet.numbers = rows[kept]


def _blank_rows(table: Table, found: dict[str, int]) -> Mask:
    blank = np.ones(len(table.sheet), dtype=bool)
    for cells in table.cells.values():
        blank &= cells.blank
        if not blank.any():
            return blank
    for k in set(range(len(table.sheet.headers))) - set(found.values()):
        if not headers.is_personal(headers.normalise(table.sheet.headers[k]), table.model.table):
            blank &= Cells.of(table.sheet.columns[k], "text").blank
    return blank


def _repeated_header(table: Table) -> Mask:
    repeated = np.ones(len(table.sheet), dtype=bool)
    for name, cells in table.cells.items():
        header = table.written[name].lower()
        if cells.typed:
            return np.zeros(len(repeated), dtype=bool)
        same = np.flatnonzero(pc.equal(pc.utf8_lower(cells.values), header).to_numpy(zero_copy_only=False))
        if not len(same):
            return np.zeros(len(repeated), dtype=bool)
        here = np.zeros(len(repeated), dtype=bool)
        here[cells.records(same)] = True
        repeated &= here
    return repeated


def _meaning(table: Table, column: Column, cells: Cells, ledger: Ledger) -> Any:
    """What each distinct value of a column means, its faults told."""
    wrong = [] if cells.typed else texts.unreadable(column, cells)
    data, more = _converted(column, cells)
    unreadable = {int(k) for problem in wrong for k in problem.where}
    readable = [problem._replace(where=np.array([k for k in problem.where if k not in unreadable], dtype=np.int64)) for problem in more] if unreadable else more
    for problem in (*wrong, *readable):
        ledger.add_rows(cells.records(problem.where), _teller(table, column.name, cells, problem))
    if column.required and (blank := np.flatnonzero(cells.blank)).size:
        code = "blank_id" if column.name in table.model.keys else "blank_cell"
        fix = "Fill it in, or remove the row."
        ledger.add_rows(blank, lambda k: table.fault(code, f"{column.name} is blank; every record must have it.", fix, k, column.name))
    if column.name == "score":
        data = _hundredths(table, data, ledger)
    return data


def _converted(column: Column, cells: Cells) -> tuple[Any, list[Wrong]]:
    if column.kind == "number":
        return numbers.numbers(column, cells)
    if column.kind == "whole":
        return numbers.wholes(column, cells)
    if column.kind == "day":
        return days.days(column, cells)
    if column.kind == "flag":
        return texts.flags(column, cells)
    if column.kind == "codes":
        return texts.codes(column, cells)
    data, wrong = texts.texts(column, cells)
    return data, wrong + (texts.ids(column, cells) if column.kind == "id" or column.ref else [])


def _teller(table: Table, name: str, cells: Cells, problem: Wrong) -> Callable[[int], Fault]:
    def tell(record: int) -> Fault:
        value = int(cells.codes[record])
        message, fix = problem.say(value)
        secret = problem.code == "looks_like_ssn"
        return table.fault(problem.code, message, fix, record, name, "" if secret else cells.value(value))

    return tell


def _hundredths(table: Table, scores: Any, ledger: Ledger) -> Any:
    rounded = np.round(scores, 2)
    changed = table.cells["score"].records(np.flatnonzero((rounded != scores) & np.isfinite(scores)))
    if len(changed):
        count = f"{len(changed):,} scores have" if len(changed) > 1 else "One score has"
        fix = "Nothing, if hundredths are fine enough; otherwise multiply all scores."
        ledger.add(table.fault("rounded", f"{count} more than two decimals; two are kept.", fix, int(changed[0]), "score", severity="warning"))
    return rounded


def _series(column: Column, codes: Positions, data: Any) -> Any:
    blank = codes < 0
    if column.kind in ("id", "text"):
        return data.take(pa.array(codes, mask=blank)).to_pandas()
    if column.kind == "codes":
        return pa.concat_arrays([data, pa.array([""], _TEXT)]).take(pa.array(np.where(blank, len(data), codes))).to_pandas()
    if column.kind == "flag":
        value = np.append(data, -1)[codes]
        return pd.arrays.BooleanArray(value == 1, value < 0)
    if column.kind == "day":
        return np.append(data, np.datetime64("NaT", "us"))[codes]
    if column.kind == "number":
        return np.append(data, np.nan)[codes]
    value = np.append(data, 0)[codes]
    return value if column.required else pd.arrays.IntegerArray(value, blank)
