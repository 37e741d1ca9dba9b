"""Sheets where the team looks for them: a folder for each published night, whole or not at all, and `latest`, which leads to the one that holds.

    <sheets>/<schedule>/2026-11-02/workbook.xlsx …    and publication.json, which says whose they are
    <sheets>/<schedule>/latest                         a link to the folder that holds, where the file system has links
    <sheets>/<schedule>/latest.json                    the same as a file

The rows of publications are the truth; what is here follows them, and is made anew after any crash.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from allocator.files import write_whole
from api.folders import shared_folder
from api.night.publications import current
from api.night.schedule import Schedule
from api.service import Service
from api.sheets import sheets_of
from api.store.tables import occurrences, publications, runs, schedules

BY_HAND = "by-hand"
LABEL, LATEST, WITHDRAWN = "publication.json", "latest", "WITHDRAWN.txt"
HOME = "main"
"""The board whose folders stand at the top; those of others have a folder of their own around them."""
Row = Mapping[str, Any]


def of_board(board: str) -> str:
    """The folder of another board's, around what it has."""
    return f"@{quote(board, safe='')}"


def bring_in_line(service: Service, publication_id: str) -> Path | None:
    """Let the folders of a publication's schedule say what its publications say; the folder of the publication, where it has one.

    Raises OSError where they cannot be written, ProblemError where nobody is free to make them.
    """
    with service.store.read() as connection:
        row = dict(connection.execute(sa.select(publications).where(publications.c.id == publication_id)).mappings().one())
        place = place_of(connection, service, row)
    if row["withdrawn_at"] is None:
        _write(service, row, place)
    elif place.is_dir():
        write_whole(place / WITHDRAWN, f"This publication was withdrawn on {row['withdrawn_at']:%Y-%m-%d %H:%M} UTC. It does not hold.\n".encode())
    while True:
        with service.store.read() as connection:
            holds = current(connection, row["board"], row["schedule_id"])
            there = None if holds is None else place_of(connection, service, holds)
        if holds is not None and there is not None:
            _write(service, holds, there)
        _point(place.parent, holds, there)
        with service.store.read() as connection:
            again = current(connection, row["board"], row["schedule_id"])
        if (again or {}).get("id") == (holds or {}).get("id"):
            return place if place.is_dir() else None


def place_of(connection: sa.Connection, service: Service, row: Row) -> Path:
    """The folder of a publication."""
    root = service.settings.sheets if row["board"] == HOME else service.settings.sheets / of_board(row["board"])
    if row["schedule_id"] is None:
        return root / BY_HAND / str(row["id"])
    document = connection.execute(sa.select(schedules.c.document).where(schedules.c.id == row["schedule_id"])).scalar_one()
    same = sa.select(occurrences.c.night).where(occurrences.c.id == row["occurrence_id"]).scalar_subquery()
    earlier = occurrences.c.schedule_id == row["schedule_id"], occurrences.c.night == same, occurrences.c.scheduled_for < row["scheduled_for"]
    night = connection.execute(sa.select(same)).scalar_one()
    several = connection.execute(sa.select(occurrences.c.id).where(*earlier).limit(1)).scalar() is not None
    name = f"{night.isoformat()}T{row['scheduled_for']:%H%M}Z" if several else night.isoformat()
    return root / Schedule.model_validate(document).sheets_folder / name


def written(connection: sa.Connection, service: Service, row: Row) -> Path | None:
    """The folder of a publication, where its sheets are in it."""
    place = place_of(connection, service, row)
    return place if _is_of(place, row) else None


def _is_of(place: Path, row: Row) -> bool:
    with suppress(OSError, ValueError, LookupError, TypeError):
        return bool(json.loads((place / LABEL).read_text("utf-8"))["publication"] == row["id"])
    return False


def _write(service: Service, row: Row, place: Path) -> None:
    """The folder, written beside and put in its place in one step; nothing where it is there already."""
    if _is_of(place, row):
        return
    with service.store.read() as connection:
        run = dict(connection.execute(sa.select(runs).where(runs.c.id == row["run_id"])).mappings().one())
    files = {**sheets_of(service, run), LABEL: _json({"publication": row["id"], "run": run["id"], "night": place.name, "summary": row["summary"]})}
    shared_folder(service.settings.sheets, place.parent)
    beside = Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))
    try:
        for name, content in files.items():
            write_whole(beside / name, content)
        os.chmod(beside, 0o755)
        if place.exists():
            place.rename(beside.with_name(f"{beside.name}.old"))
        beside.rename(place)
    except OSError:
        if _is_of(place, row):  # somebody else was first
            return
        raise
    finally:
        for left in (beside, beside.with_name(f"{beside.name}.old")):
            shutil.rmtree(left, ignore_errors=True)


def _point(folder: Path, holds: Row | None, place: Path | None) -> None:
    """Let `latest` lead to the folder that holds, in one step; nowhere where none does."""
    if not folder.is_dir():
        return
    pointer, link = folder / f"{LATEST}.json", folder / LATEST
    if holds is None or place is None:
        pointer.unlink(missing_ok=True)
        link.unlink(missing_ok=True)
        return
    write_whole(pointer, _json({"publication": holds["id"], "folder": place.name}))
    beside = Path(tempfile.mktemp(dir=folder, prefix=f".{LATEST}-"))
    with suppress(OSError):  # a file system without links has the file
        beside.symlink_to(place.name, target_is_directory=True)
        os.replace(beside, link)


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=2, default=str) + "\n").encode()
