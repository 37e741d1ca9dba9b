"""A source: the sheets of a folder or a workbook, found by their names, and the scenario's own settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from allocator.domain import TABLES
from allocator.errors import Fault
from allocator.tables.headers import normalise
from allocator.tables.ledger import Ledger, shown
from allocator.tables.sheet import Sheet

SETTINGS = ("name", "as_of", "description")
_OTHER_WORDS = {
    "job_seekers": "seekers",
    "participants": "seekers",
    "customers": "seekers",
    "job_orders": "slots",
    "openings": "slots",
    "companies": "employers",
    "agencies": "partners",
    "offices": "centers",
    "scores": "pairs",
    "matches": "pairs",
    "previous": "reference",
}


@dataclass
class Source:
    """What was found: sheets by table, the tables that are there but cannot be read, name and day."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    name: str = "scenario"
    as_of: date | None = None


def unknown_table(name: str, place: str, sheet: str = "") -> Fault:
    """The warning about a file or sheet whose name is no table's."""
    word = normalise(name)
    close = [_OTHER_WORDS[word]] if word in _OTHER_WORDS else get_close_matches(word, TABLES, n=1, cutoff=0.7)
    meant = f"If it is the table {close[0]}, rename it so." if close else f"The tables are {', '.join(TABLES)}."
    return Fault("unknown_table", f"“{shown(name)}” is not the name of a table and is not used.", meant, place, sheet, severity="warning")


def take_settings(source: Source, settings: Mapping[str, Any], ledger: Ledger, place: str, sheet: str = "") -> None:
    """Check name and as_of and put them into the source."""
    for key, value in settings.items():
        if key not in SETTINGS:
            close = get_close_matches(key, SETTINGS, n=1)
            fix = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(SETTINGS)}."
            ledger.add(Fault("unknown_setting", f"The setting “{shown(key)}” is not known.", fix, place, sheet, column=key))
        elif key == "as_of":
            source.as_of = _day(value)
            if source.as_of is None:
                message = f"as_of is “{shown(value)}”, which is not a date."
                ledger.add(Fault("wrong_date_form", message, "Write YYYY-MM-DD, for example 2026-11-02.", place, sheet, column=key, value=shown(value)))
        elif not isinstance(value, str):
            ledger.add(Fault("wrong_type", f"{key} is {shown(value)}; it must be text.", "Put it in quotes.", place, sheet, column=key, value=shown(value)))
        elif key == "name" and value.strip():
            source.name = value.strip()


def parse_settings(text: str) -> dict[str, Any]:
    """The settings of a `scenario.toml`.

    Raises:
        tomllib.TOMLDecodeError: The text is not TOML.
    """
    return tomllib.loads(text.removeprefix("\ufeff"))


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) and len(value.strip()) == 10 else None
    except ValueError:
        return None
