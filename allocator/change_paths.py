"""The places that a change may be about, by business key.

    seekers[S1].wage_floor                     a cell of a record
    slots[J1]    pairs[S1,J1]                  a record; the parts of its key in the order of docs/data.md
    pairs[*,J1]                                every record of J1, to remove them
    seekers.wage_floor    commitments          a column, a table: `add` makes an empty one, `remove` takes it away
    scenario.as_of    scenario.name            the day the facts are looked at; the scenario's name
    constraints.reservation[partner].share     anything in the policy, as `--set` has it (allocator/policy_edits.py)

A part of a key stands in double quotes where it holds a comma or begins with a quotation mark: `pairs["S,1",J1]`.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import NamedTuple

from allocator.domain import PROTECTED, TABLES, Row
from allocator.errors import Fault
from allocator.policy import SECTIONS, Limits, Policy
from allocator.policy_edits import PolicyPath, policy_path
from allocator.records import EVERY, RecordKey, quoted, table_path
from allocator.tables.headers import is_personal, normalise, spellings

SCENARIO = "scenario"
SETTINGS = ("as_of", "name")

_TABLE = re.compile(r"(?P<table>\w+)(?:\[(?P<key>.*)\])?(?:\.(?P<column>\w+))?", re.DOTALL)


class TablePath(NamedTuple):
    """A place in the scenario: a table, a record by its key, a column. Empty where the path does not go so far. `every` says which parts of the key are `*`."""

    table: str
    key: RecordKey = ()
    column: str = ""
    every: tuple[bool, ...] = ()

    @property
    def model(self) -> type[Row]:
        """What the table holds."""
        return TABLES[self.table]

    def __str__(self) -> str:
        parts = (EVERY if every else quoted(part) for part, every in zip(self.key, self.every or [False] * len(self.key), strict=True))
        return table_path(self.table) + (f"[{','.join(parts)}]" if self.key else "") + (f".{self.column}" if self.column else "")


def parsed(text: str) -> TablePath | PolicyPath | Fault:
    """What a path names, by its form and the model of the tables; a fault where nothing can have this path."""
    first = re.match(r"\w*", text)
    word = first.group() if first else ""
    if word in SECTIONS or text in Policy.model_fields or word == "limits":
        policy = policy_path(text)
        return policy if policy is not None else _not_a_path(text, "Write section.kind[label].key, for example constraints.reservation[partner].share.")
    found = _TABLE.fullmatch(text)
    if found is None:
        return _not_a_path(text, "Write for example seekers[S1].wage_floor, slots[J1] or constraints.reservation[partner].share.")
    if found["table"] == SCENARIO and found["key"] is None:
        return _setting(text, found["column"] or "")
    if found["table"] not in TABLES:
        return _unknown_start(text, found["table"])
    if found["table"] == PROTECTED:
        message = "The protected table demographics cannot be changed by a change set: nothing but the equity report may see it."
        return Fault("protected_table", message, "Change the file itself.", column=text)
    return _in_table(text, TABLES[found["table"]], found["key"], found["column"] or "")


def _in_table(text: str, model: type[Row], inside: str | None, column: str) -> TablePath | Fault:
    name, key, every = column, tuple[str, ...](), tuple[bool, ...]()
    if column:
        name = spellings(model).get(normalise(column), "")
        if not name:
            return unknown_column(model, column, text)
    if inside is not None:
        parts = _parts(inside)
        if len(model.keys) == 1 and len(parts) > 1:
            parts = [(inside.strip(), True)]  # an id may hold commas; where the key is one id there is nothing to tell apart
        key = tuple(part for part, _ in parts)
        every = tuple(part == EVERY and not quoted for part, quoted in parts)
        if len(key) != len(model.keys) or not all(key):
            example = f"{model.table}[{','.join('S1' if name == 'seeker_id' else 'J1' if name == 'slot_id' else '...' for name in model.keys)}]"
            message = f"{text} does not name a record: the key of {model.table} is {' and '.join(model.keys)}."
            return Fault("bad_key", message, f"Write {example}.", column=text)
        if name in model.keys:
            message = f"{name} is the key of {model.table}, which does not change: it would be another record."
            return Fault("key_cannot_change", message, "Remove the record and add another.", column=text)
    return TablePath(model.table, key, name, every)


def _parts(inside: str) -> list[tuple[str, bool]]:
    """The parts of a key, and whether each was in quotes; none at all where a quotation is broken."""
    found: list[tuple[str, bool]] = []
    rest, more = inside, True
    while more:
        rest = rest.strip()
        if rest.startswith('"'):
            try:
                part, end = json.JSONDecoder(strict=False).raw_decode(rest)
            except ValueError:
                return []
            rest = rest[end:].lstrip()
            if rest and not rest.startswith(","):
                return []
            found.append((part, True))
            more, rest = bool(rest), rest[1:]
        else:
            part, comma, rest = rest.partition(",")
            found.append((part.strip(), False))
            more = bool(comma)
    return found


def unknown_column(model: type[Row], column: str, text: str) -> Fault:
    """A table has no such column; the close ones are named."""
    if is_personal(normalise(column), model.table):
        message = f"“{column}” would hold personal identifiers, which must not travel with this data (TEGL 39-11)."
        return Fault("personal_identifier", message, "Take the change out; a pseudonymous id is enough.", column=text)
    known = list(model.columns())
    close = get_close_matches(normalise(column), spellings(model), 1, 0.7)
    hint = f"Did you mean {spellings(model)[close[0]]}?" if close else f"Its columns are {', '.join(known)}."
    return Fault("unknown_column", f"{model.table} has no column {column}.", hint, column=text)


def _setting(text: str, name: str) -> TablePath | Fault:
    if name in SETTINGS:
        return TablePath(SCENARIO, (), name)
    return Fault("unknown_path", f"There is no {text}.", f"There are: {', '.join(f'{SCENARIO}.{known}' for known in SETTINGS)}.", column=text)


def _unknown_start(text: str, word: str) -> Fault:
    known = [*(table for table in TABLES if table != PROTECTED), *SECTIONS, SCENARIO, *(f"limits.{name}" for name in Limits.model_fields), "name", "holidays"]
    close = get_close_matches(word, known, 1)
    hint = f"Did you mean {close[0]}?" if close else f"A path begins with one of: {', '.join(known)}."
    return Fault("unknown_path", f"There is no {word}, neither as a table nor in a policy.", hint, column=text)


def _not_a_path(text: str, fix: str) -> Fault:
    return Fault("bad_path", f"{text!r} is not a path.", fix, column=text)
