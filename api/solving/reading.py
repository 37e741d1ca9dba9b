"""Reading an upload, in a process of its own: is it a scenario and a policy, what is in it, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from allocator.domain import PROTECTED, TABLES
from allocator.errors import Fault, InputError
from allocator.fault_codes import CODES
from allocator.inputs import policy_file, tried
from allocator.layers import load_layers
from allocator.policy import SECTIONS
from allocator.problem import Problem
from allocator.read import read_scenario
from allocator.registry import discover
from allocator.scenario import Scenario
from allocator.tables.folder import read_folder
from allocator.tables.headers import normalise, spellings
from allocator.tables.ledger import Ledger
from allocator.tables.source import Source

for section in SECTIONS:  # now, in the server that processes are forked from, rather than in each of them
    discover(section)

UNNAMED = "upload"
"""Name of the folder that an upload is read from; a scenario of this name has none of its own."""
PERSONAL = ("personal_identifier", "looks_like_ssn")
"""Faults of a file that must not have been sent at all."""


MOST_COLUMNS = 1_000
"""Columns of a file that is read at all: no table has forty."""


def read_upload(folder: str, as_of: str | None, most_records: int) -> dict[str, Any]:
    """What the files of a folder say; plain JSON data."""
    place = Path(folder)
    if crowded := list(_crowded(place, most_records)):
        return {"too_many": [fault.as_dict() for fault in crowded]}
    source = _source(place)
    if not source.sheets and not source.broken:
        faults = list[Fault]()
        tried(lambda: read_scenario(place), faults)
        return {"unreadable": [fault.as_dict() for fault in _told(faults, folder)]}
    counts = {table: len(sheet) for table, sheet in source.sheets.items()}
    if crowded := [_too_many(source.sheets[table].file, count, most_records) for table, count in counts.items() if count > most_records]:
        return {"too_many": [fault.as_dict() for fault in crowded]}
    facts, faults = _read(place, None if as_of is None else date.fromisoformat(as_of))
    named = facts.name if facts is not None else source.name
    day = as_of or (facts.as_of if facts is not None else source.as_of)
    return {
        "digest": None if facts is None else facts.digest,
        "as_of": None if day is None else str(day),
        "name": None if named == UNNAMED else named,
        "counts": {table: counts[table] for table in TABLES if table in counts},
        "faults": [fault.as_dict() for fault in _told(faults, folder)],
        "withheld": sorted(_withheld(place, source)),
        "personal": sorted({fault.file for fault in faults if fault.code in PERSONAL}),
    }


def _read(place: Path, as_of: date | None) -> tuple[Scenario | None, list[Fault]]:
    """The facts where they can be had, and everything that is wrong or odd, of the policy too."""
    faults = list[Fault]()
    facts = tried(lambda: read_scenario(place, as_of=as_of), faults)
    own_pairs = facts is not None and facts.has("pairs")
    layers = tried(lambda: load_layers(policy_file(place, None), own_pairs=own_pairs, within=place), faults)
    if facts is not None:
        faults += facts.warnings
    if facts is not None and layers is not None:
        found = facts, layers
        told = tried(lambda: list(Problem(found[0], found[1].policy).faults()), faults)
        faults += [layers.placed(fault) for fault in told or ()]
    return facts, faults


def _source(place: Path) -> Source:
    """The sheets as they stand in the files, to be counted; without a sheet where there is nothing to read at all."""
    try:
        return read_folder(place, Ledger())
    except InputError:
        return Source()


def _crowded(place: Path, most: int) -> Iterator[Fault]:
    """Files with more records or columns than a table may have, found without taking them in."""
    for path in sorted(place.iterdir()):
        if path.suffix.lower() == ".csv":
            content = path.read_bytes()
            count, columns = content.count(b"\n") - 1, content.partition(b"\n")[0].count(b",") + 1
        elif path.suffix.lower() == ".parquet":
            try:
                told = pq.read_metadata(path)
            except (pa.ArrowException, OSError, ValueError):
                continue
            count, columns = told.num_rows, told.num_columns
        else:
            continue
        if count > most:
            yield _too_many(path.name, count, most)
        if columns > MOST_COLUMNS:
            message = f"{path.name} has {columns:,} columns; {MOST_COLUMNS:,} are the most."
            yield Fault("too_many_columns", message, "Leave out what the allocation does not need.", file=path.name)


def _too_many(file: str, count: int, most: int) -> Fault:
    return Fault("too_many_records", f"{file} holds {count:,} records; {most:,} are the most.", "Leave out what the allocation does not need.", file=file)


# -- what is told and given out -------------------------------------------------------------------------------------


def _told(faults: list[Fault], folder: str) -> Iterator[Fault]:
    """The faults without the machine's own paths, and without a word of anybody's protected characteristics."""
    for fault in dict.fromkeys(faults):
        place = "" if fault.file == folder else fault.file
        fault = replace(fault, file=place, message=fault.message.replace(f"{folder}/", "").replace(folder, "the upload"))
        if _is_protected(fault) and (fault.column != "seeker_id" or fault.row == 1):
            fault = replace(fault, message=CODES[fault.code].meaning, fix=CODES[fault.code].mend, value="")
        yield fault


def _is_protected(fault: Fault) -> bool:
    return PROTECTED in (normalise(Path(fault.file).stem), normalise(fault.sheet))


def _withheld(place: Path, source: Source) -> Iterator[str]:
    """Files that are never given out: those with protected characteristics, or that may have some because nobody has understood them."""
    known = {sheet.file for table, sheet in source.sheets.items() if table != PROTECTED and not protected_headers(table, sheet.headers)}
    protected = {sheet.file for sheet in source.sheets.values()} - known
    protected |= {sheet.file for table, sheet in source.sheets.items() if table == PROTECTED}
    for path in place.iterdir():
        if path.suffix.lower() != ".toml" and (path.name not in known or path.name in protected):
            yield path.name


def protected_headers(table: str, headers: list[str]) -> bool:
    """Whether a table has, under some spelling, a column that belongs to the protected one."""
    theirs = {spelling for spelling, name in spellings(TABLES[PROTECTED]).items() if name not in TABLES[PROTECTED].keys}
    ours = spellings(TABLES[table])
    return any(normalise(header) in theirs and normalise(header) not in ours for header in headers)
