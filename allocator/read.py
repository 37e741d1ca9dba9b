"""Read a scenario: from a folder, a workbook or frames in memory, with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from allocator.domain import TABLES
from allocator.errors import Fault, InputError
from allocator.scenario import Scenario
from allocator.tables.folder import cannot_read, read_folder
from allocator.tables.frame import from_frame
from allocator.tables.headers import normalise
from allocator.tables.keys import check_references, in_order, links
from allocator.tables.ledger import Ledger
from allocator.tables.plan import read_plan
from allocator.tables.sense import check_sense
from allocator.tables.source import Source, unknown_table
from allocator.tables.table import Table, understand
from allocator.tables.workbook import read_workbook

COMPULSORY = ("seekers", "slots")


def read_scenario(path: str | Path, *, as_of: date | None = None) -> Scenario:
    """The scenario in a folder of CSV or Parquet files, or in one `.xlsx` workbook.

    The day is `as_of`, else the one the scenario states, else today. What is odd but usable is in `Scenario.warnings`.

    Raises:
        InputError: Anything is wrong with it; `faults` has all of it, each with its file, row and column.
    """
    ledger = Ledger()
    try:
        source = _open(Path(path), ledger)
    except InputError as error:
        ledger.add(*error.faults)
        raise InputError((*ledger.errors(), *ledger.warnings())) from None
    except OSError as error:
        raise InputError([cannot_read(Path(path), error)]) from None
    return _scenario(source, as_of or source.as_of or date.today(), ledger, str(path))


def frames_to_scenario(frames: Mapping[str, pd.DataFrame], *, as_of: date, name: str = "scenario") -> Scenario:
    """The scenario in frames, one a table, typed or as text; checked just as files are.

    Rows are counted as in a spreadsheet: the first record of a frame is row 2.

    Raises:
        InputError: Anything is wrong with them.
    """
    ledger, source = Ledger(), Source(name=name)
    for title, frame in frames.items():
        table = normalise(str(title))
        if table not in TABLES:
            ledger.add(unknown_table(str(title), str(title)))
        elif not isinstance(frame, pd.DataFrame):
            source.broken.add(table)
            ledger.add(Fault("wrong_type", f"{table} is a {type(frame).__name__}, not a pandas frame.", "Give a DataFrame.", str(title)))
        else:
            source.sheets[table] = from_frame(str(title), frame)
    return _scenario(source, as_of, ledger, "")


def read_assignments(path: str | Path) -> pd.DataFrame:
    """The columns seeker_id, slot_id and, if it is there, score of a plan: CSV, Parquet or a workbook, in its order.

    A hand-made or partial plan is fine, and so are further columns, which are not read. In a workbook it is the sheet
    `assignments`, or the only one.

    Raises:
        InputError: Anything is wrong with it.
    """
    ledger = Ledger()
    frame = read_plan(Path(path), ledger)
    if faults := ledger.errors():
        raise InputError(faults)
    assert frame is not None, "a plan that cannot be read has a fault"
    return frame


def _open(path: Path, ledger: Ledger) -> Source:
    if path.is_dir():
        return read_folder(path, ledger)
    if not path.exists():
        raise InputError([Fault("not_found", f"There is no folder or file {path}.", "Check the path.", str(path))])
    if path.suffix.lower() == ".xlsx":
        return read_workbook(path, ledger)
    fix = "Give the folder that holds seekers.csv and slots.csv, or an .xlsx workbook with these sheets."
    raise InputError([Fault("not_a_scenario", f"{path.name} is neither a folder nor an .xlsx workbook.", fix, str(path))])


def _scenario(source: Source, as_of: date, ledger: Ledger, place: str) -> Scenario:
    """Check everything, and only then make the scenario."""
    _require_tables(source, ledger, place)
    understood = {table: understand(TABLES[table], sheet, ledger) for table, sheet in source.sheets.items()}
    tables: dict[str, Table] = {name: table for name, table in understood.items() if table is not None}
    frames = {}
    for name, table in tables.items():
        _require_records(name, table, ledger)
        check_sense(table, ledger)
        frames[name] = in_order(table, ledger)
    check_references(tables, ledger)
    if faults := ledger.errors():
        raise InputError((*faults, *ledger.warnings()))  # a misspelt header or table name is told as a warning and explains much
    return Scenario(source.name, as_of, {name: frames[name] for name in TABLES if name in frames}, ledger.warnings()).linked(links(tables))


def _require_tables(source: Source, ledger: Ledger, place: str) -> None:
    if not source.sheets and not source.broken:
        fix = "It needs at least the tables seekers and slots."
        ledger.add(Fault("nothing_here", "There is no table here.", fix, place))
    for name in COMPULSORY:
        if name not in source.sheets and name not in source.broken:
            ledger.add(Fault("missing_table", f"The table {name} is missing.", f"Add {name}.csv, {name}.parquet or a sheet named {name}.", place))


def _require_records(name: str, table: Table, ledger: Ledger) -> None:
    if name in COMPULSORY and table.cells and not len(table) and table.sheet.whole:
        ledger.add(table.sheet.fault("no_records", f"The table {name} has a header but no records.", "Add at least one record.", row=2))
