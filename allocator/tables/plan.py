"""A plan: assignments somebody made, by hand or by another system, to be checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from allocator.domain import Row, Seeker, Slot, column, required
from allocator.errors import Fault, InputError
from allocator.tables.folder import READERS, cannot_read
from allocator.tables.headers import normalise
from allocator.tables.keys import in_order
from allocator.tables.ledger import Ledger
from allocator.tables.sheet import Sheet
from allocator.tables.table import understand
from allocator.tables.workbook import as_sheet, sheets_of


class Assignment(Row):
    """One line of a plan. A scenario has no such table: a plan is judged against it."""

    table: ClassVar[str] = "assignments"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id", "slot_id")

    seeker_id: str = required("Job seeker.", aliases=Seeker.columns()["seeker_id"].aliases)
    slot_id: str = required("Slot.", aliases=Slot.columns()["slot_id"].aliases)
    score: float | None = column("Match quality, if the plan states it.", aliases=("match_score", "quality"))


def read_plan(path: Path, ledger: Ledger) -> pd.DataFrame | None:
    """The plan's columns that we know, in the order of its rows; None where a fault prevents it."""
    try:
        sheet = _open(path)
    except InputError as error:
        ledger.add(*error.faults)
        return None
    except OSError as error:
        ledger.add(cannot_read(path, error))
        return None
    table = understand(Assignment, sheet, ledger, extra=True)
    if table is None:
        return None
    in_order(table, ledger)
    return table.frame()


def _open(path: Path) -> Sheet:
    suffix = path.suffix.lower()
    if not path.exists():
        raise InputError([Fault("not_found", f"There is no file {path}.", "Check the path.", str(path))])
    if path.is_dir() or suffix not in (*READERS, ".xlsx"):
        message = f"{path.name} is not a CSV, Parquet or .xlsx file."
        raise InputError([Fault("not_a_plan", message, "Give one file with the columns seeker_id and slot_id.", str(path))])
    return READERS[suffix](path) if suffix in READERS else _from_workbook(path)


def _from_workbook(path: Path) -> Sheet:
    filled: dict[str, list[list[Any]]] = {title: rows for title, rows in sheets_of(path).items() if rows}
    named = [title for title in filled if normalise(title) == Assignment.table]
    if len(named) == 1 or len(filled) == 1:
        title = named[0] if named else next(iter(filled))
        return as_sheet(path.name, title, filled[title])
    message = f"Which sheet is the plan? There are {', '.join(filled) or 'none'}."
    raise InputError([Fault("not_a_plan", message, f"Name one of them {Assignment.table}.", path.name)])
