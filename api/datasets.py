"""Datasets: uploads that are never changed. Reading one, keeping it with everything that is wrong with it, finding it again.

`understand` reads the files in a process of its own and touches no store; `keep_dataset` writes what it found in the caller's transaction.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from allocator import Fault
from allocator.tables.folder import SETTINGS_FILE
from allocator.tables.source import parse_settings
from allocator.toml_text import toml_value
from api.clock import now
from api.folders import own_folder
from api.ids import new_id
from api.problems import ProblemError, not_found
from api.settings import Settings
from api.solving.apart import BrokenOffError, apart
from api.solving.reading import UNNAMED, read_upload
from api.store import audit
from api.store.blobs import keep
from api.store.engine import Store
from api.store.tables import dataset_issues, datasets, runs, scenario_versions, scenarios
from api.texts import tidy


@dataclass(frozen=True)
class Understood:
    """Files that were read: their name and day, records by table, and every fault; usable where none of the faults is an error.

    `files` say all by themselves: their scenario.toml has name and day, also where only the uploader said them. `withheld` are those never given out.
    """

    name: str
    as_of: date
    digest: str
    files: Mapping[str, bytes]
    counts: Mapping[str, int]
    faults: tuple[Fault, ...]
    withheld: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """How many faults keep it from being used."""
        return sum(fault.severity == "error" for fault in self.faults)


def understand(settings: Settings, files: Mapping[str, bytes], *, name: str = "", as_of: date | None = None, fallback: str = "unnamed") -> Understood:
    """What the files say. Takes as long as reading takes: not for the event loop, nor for a transaction.

    Raises
    ------
    ProblemError
        They cannot be read at all, or are more than may be read: then there is nothing to keep.
    """
    work = own_folder(settings.work)
    beside = Path(tempfile.mkdtemp(dir=work, prefix="upload-"))
    try:
        folder = beside / UNNAMED
        folder.mkdir()
        for title, content in files.items():
            (folder / title).write_bytes(content)
        limits = {"memory_gb": settings.upload_memory_gb, "seconds": settings.upload_time.total_seconds()}
        said = apart(read_upload, str(folder), None if as_of is None else as_of.isoformat(), settings.records, **limits)
    except BrokenOffError as error:
        raise broken_off(error, settings) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    if "too_many" in said:
        raise ProblemError("too-large", f"A table of an upload may hold {settings.records:,} records.", faults=_faults(said["too_many"]))
    if "unreadable" in said:
        raise ProblemError("faulty-input", "The upload cannot be read.", faults=_faults(said["unreadable"]))
    return _understood(said, files, name, fallback)


def broken_off(error: BrokenOffError, settings: Settings) -> ProblemError:
    """Why files could not be read in a process of their own."""
    if error.why == "memory":
        return ProblemError("too-large", f"Reading the upload takes more than {settings.upload_memory_gb:g} GB of memory.")
    if error.why == "time":
        return ProblemError("too-large", f"Reading the upload takes longer than {settings.upload_time.total_seconds():g} seconds.")
    message = "Reading the upload broke the process that read it; a file is damaged in a way that is not understood."
    return ProblemError(
        "faulty-input", "The upload cannot be read.", faults=[Fault("damaged_file", message, "Write the files again, or give the tables as CSV.")]
    )


def _understood(said: Mapping[str, Any], files: Mapping[str, bytes], name: str, fallback: str) -> Understood:
    day = date.fromisoformat(said["as_of"]) if said["as_of"] else now().date()
    called = tidy(said["name"] or name or fallback)[:200] or "unnamed"
    # What should never have been sent is not kept; the dataset is of no use with it, so nobody misses it.
    kept = {title: content for title, content in files.items() if title not in said["personal"]}
    return Understood(
        name=tidy(name)[:200] or called,
        as_of=day,
        digest=said["digest"] or _digest(files),
        files=_telling(kept, called, day),
        counts=said["counts"],
        faults=_faults(said["faults"]),
        withheld=tuple(title for title in said["withheld"] if title in kept),
    )


def _faults(told: list[dict[str, Any]]) -> tuple[Fault, ...]:
    return tuple(Fault(**dict[str, Any]({key: tidy(value) if isinstance(value, str) else value for key, value in fault.items()})) for fault in told)


def _digest(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for title in sorted(files):
        total.update(f"{title}\n{hashlib.sha256(files[title]).hexdigest()}\n".encode())
    return total.hexdigest()


def _telling(files: Mapping[str, bytes], name: str, as_of: date) -> dict[str, bytes]:
    """The files, their scenario.toml completed with name and day; one that is none of TOML stays as it is."""
    try:
        text = files.get(SETTINGS_FILE, b"").decode("utf-8-sig")
        settings = parse_settings(text)
    except (ValueError, RecursionError, tomllib.TOMLDecodeError):
        return dict(files)
    wanted = {"name": name, "as_of": as_of}
    if settings.get("as_of") not in (None, as_of, as_of.isoformat()):
        said = settings.get("description")
        text, wanted = "", {**wanted, **({"description": said} if isinstance(said, str) else {})}
    missing = {key: value for key, value in wanted.items() if key not in settings or not text}
    lines = [*([text.rstrip("\n")] if text.strip() else []), *(f"{key} = {toml_value(value)}" for key, value in missing.items())]
    return {**files, SETTINGS_FILE: "\n".join([*lines, ""]).encode()} if missing else dict(files)


def keep_dataset(connection: sa.Connection, board: str, understood: Understood, by: str, name: str = "") -> str:
    """Keep an upload as a dataset of a board, its issues too; its id. `by` is whom the audit trail names."""
    dataset_id = new_id("dataset")
    row = {
        "id": dataset_id,
        "board": board,
        "name": name or understood.name,
        "digest": understood.digest,
        "as_of": understood.as_of,
        "files": {title: keep(connection, content) for title, content in understood.files.items()},
        "counts": dict(understood.counts),
        "errors": understood.errors,
        "warnings": len(understood.faults) - understood.errors,
        "withheld": list(understood.withheld),
    }
    connection.execute(datasets.insert().values(**row, created_by=by, created_at=now()))
    issues = [{"dataset_id": dataset_id, "number": number, "fault": fault.as_dict()} for number, fault in enumerate(understood.faults, start=1)]
    if issues:
        connection.execute(dataset_issues.insert(), issues)
    audit.record(connection, board, by, "dataset.create", dataset_id, {"digest": understood.digest, "errors": understood.errors, "tables": row["counts"]})
    return dataset_id


def find_dataset(connection: sa.Connection, board: str, dataset_id: str) -> Mapping[str, Any]:
    """A dataset of a board; ProblemError where there is none."""
    row = connection.execute(sa.select(datasets).where(datasets.c.id == dataset_id, datasets.c.board == board)).mappings().first()
    if row is None:
        raise not_found("dataset", dataset_id)
    return dict(row)


def require_usable(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """ProblemError, with its issues, where a dataset has faults or is archived."""
    if row["purged_at"] is not None:
        raise ProblemError("gone", f"Dataset {row['id']!r} was archived.")
    if row["errors"]:
        told = connection.execute(sa.select(dataset_issues.c.fault).where(dataset_issues.c.dataset_id == row["id"]).order_by(dataset_issues.c.number)).scalars()
        faults = [Fault(**fault) for fault in told]
        message = f"Dataset {row['id']!r} has {row['errors']:,} fault{'' if row['errors'] == 1 else 's'}; mend the files and upload them again."
        raise ProblemError("conflict", message, faults=faults)


def dataset_of(store: Store, board: str, dataset_id: str) -> Mapping[str, Any]:
    """A dataset's row, read by itself; ProblemError where the board has none of this id."""
    with store.read() as connection:
        return find_dataset(connection, board, dataset_id)


def usable_dataset_of(store: Store, board: str, dataset_id: str) -> Mapping[str, Any]:
    """The same of a dataset that can be worked with; ProblemError where it has faults or is archived."""
    with store.read() as connection:
        row = find_dataset(connection, board, dataset_id)
        require_usable(connection, row)
    return row


def archive_dataset(connection: sa.Connection, board: str, dataset_id: str, by: str) -> None:
    """Archive a dataset. Harmless where it is archived; ProblemError where something still uses it."""
    mine = sa.select(datasets.c.purged_at).where(datasets.c.id == dataset_id, datasets.c.board == board)
    row = connection.execute(mine.with_for_update()).first()
    if row is None:
        raise not_found("dataset", dataset_id)
    if row.purged_at is not None:
        return
    on_it = sa.select(sa.func.count(sa.distinct(scenarios.c.id))).join(scenario_versions, scenario_versions.c.scenario_id == scenarios.c.id)
    used = connection.execute(on_it.where(scenario_versions.c.dataset_id == dataset_id, scenarios.c.archived_at.is_(None))).scalar_one()
    kept = connection.execute(sa.select(sa.func.count()).select_from(runs).where(runs.c.dataset_id == dataset_id, runs.c.purged_at.is_(None))).scalar_one()
    if used or kept:
        message = f"Dataset {dataset_id!r} is used by {used:,} scenario{'' if used == 1 else 's'} and {kept:,} kept run{'' if kept == 1 else 's'}."
        raise ProblemError("conflict", message)
    connection.execute(datasets.update().where(datasets.c.id == dataset_id).values(purged_at=now()))
    audit.record(connection, board, by, "dataset.archive", dataset_id)
