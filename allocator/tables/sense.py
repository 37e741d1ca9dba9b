"""What is possible in each cell but odd in the row: told as warnings."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from allocator.errors import Fault
from allocator.tables.ledger import Ledger
from allocator.tables.table import Table

_ORDERED = {
    "slots": (
        ("posted_date", "fill_by", "fill_before_posting"),
        ("posted_date", "start_date", "start_before_posting"),
    ),
}
"""Per table: the day that comes first, the one that comes later, and the code where it does not."""

LOOKED_AT = {"slots": ("posted_date", "fill_by", "start_date"), "staff": ("used", "capacity")}
"""Per table the columns that are looked at together."""


def check_sense(table: Table, ledger: Ledger) -> None:
    """Warn of days in the wrong order and of staff who carry more than they can."""
    frame = pd.DataFrame({name: table.series(name) for name in LOOKED_AT.get(table.model.table, ()) if name in table.cells})
    for earlier, later, code in _ORDERED.get(table.model.table, ()):
        if earlier in frame and later in frame:
            odd = np.flatnonzero((frame[later] < frame[earlier]).to_numpy())
            ledger.add_rows(odd, partial(_days, table, frame[earlier], frame[later], code))
    if table.model.table == "staff" and "used" in frame and "capacity" in frame:
        over = np.flatnonzero((frame["used"] > frame["capacity"]).fillna(False).to_numpy(dtype=bool))
        ledger.add_rows(over, partial(_overload, table, frame["used"], frame["capacity"]))


def _days(table: Table, earlier: Any, later: Any, code: str, record: int) -> Fault:
    day = later[record].date()
    message = f"{later.name} {day} is before {earlier.name} {earlier[record].date()}."
    return table.fault(code, message, "Check both days.", record, later.name, str(day), "warning")


def _overload(table: Table, used: Any, capacity: Any, record: int) -> Fault:
    message = f"used is {used[record]:,} points, more than the capacity of {capacity[record]:,}: nobody can be added here."
    return table.fault("over_capacity", message, "Check both numbers.", record, "used", str(used[record]), "warning")
