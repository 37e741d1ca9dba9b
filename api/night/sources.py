"""Where a night's facts come from: a folder, the last upload of a name, or queries to a database. Sources are read, never written.

Boards have their own: what is not said to be another board's is that of `main`."""

from __future__ import annotations

import csv
import io
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from api.night.schedule import FolderSource, QuerySource, Schedule, UploadSource
from api.night.sheets import HOME, of_board
from api.service import Service
from api.settings import Settings
from api.store.blobs import load
from api.store.tables import datasets
from api.uploads import KINDS

STATEMENT_SECONDS = 300
STEPS = 100_000
"""Steps of SQLite between two looks at the clock."""


class SourceError(Exception):
    """A source cannot be read now. The message names no value that it holds."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Found:
    """What a source gave: its files; when the newest of it was written, where that is known; and the dataset that it is, where it is one already."""

    files: Mapping[str, bytes]
    newest: datetime | None
    sentence: str
    dataset_id: str | None = None


def read_source(service: Service, board: str, schedule: Schedule, night: date) -> Found:
    """What the source of a schedule gives for a night.

    Raises
    ------
    SourceError
        It cannot be read, or not now.
    """
    source = schedule.source
    if isinstance(source, FolderSource):
        return _folder(service.settings, board, source, night)
    if isinstance(source, UploadSource):
        return _upload(service, board, source)
    return _queries(service.settings, board, source, schedule.time_zone)


def place_of(settings: Settings, board: str, path: str, night: date) -> Path | None:
    """The folder that a path names for a night; None where that is outside of what the board's schedules may read."""
    top = settings.sources.resolve()
    root = top if board == HOME else top / of_board(board)
    place = (root / path.replace("{night}", night.isoformat())).resolve()
    if not place.is_relative_to(root):
        return None
    others = board == HOME and place.relative_to(top).as_posix().startswith("@")
    return None if others else place


def known_connections(settings: Settings, board: str) -> dict[str, str]:
    """Addresses of databases by the name under which a board's schedules ask for them."""
    found = {}
    for each in settings.sql_sources:
        told, equals, url = each.partition("=")
        name, _, whose = told.strip().partition("@")
        if equals and (whose or HOME) == board:
            found[name] = url.strip()
    return found


def _folder(settings: Settings, board: str, source: FolderSource, night: date) -> Found:
    place = place_of(settings, board, source.path, night)
    if place is None:
        raise SourceError("outside", "The source's folder is outside of the board's part of OJT_SOURCES_DIR.")
    try:
        before = _looked_at(place)
        if not before:
            raise SourceError("no-files", "The source's folder holds no CSV, Parquet or Excel file.")
        if sum(size for size, _ in before.values()) > settings.unpacked_mb * 1e6:
            raise SourceError("too-large", f"The source's files hold more than {settings.unpacked_mb:g} MB.")
        files = {name: (place / name).read_bytes() for name in before}
        if _looked_at(place) != before:
            raise SourceError("changing", "The source's files were written to while they were read.")
    except OSError as error:
        raise SourceError("unreadable", f"The source's folder cannot be read: {error.strerror or type(error).__name__}.") from None
    newest = datetime.fromtimestamp(max(moment for name, (_, moment) in before.items() if not name.endswith(".toml")) / 1e9, UTC)
    return Found(files, newest, f"Read {len(files)} files from the source's folder.")


def _looked_at(place: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file; links that lead out of the folder are no files of ours."""
    found = {}
    for path in sorted(place.iterdir()):
        if path.suffix.lower() in KINDS and not path.name.startswith((".", "~")) and path.is_file() and path.resolve().parent == place:
            seen = path.stat()
            found[path.name] = (seen.st_size, seen.st_mtime_ns)
    return found if any(not name.lower().endswith(".toml") for name in found) else {}


def _upload(service: Service, board: str, source: UploadSource) -> Found:
    with service.store.read() as connection:
        mine = sa.select(datasets).where(datasets.c.board == board, datasets.c.name == source.name, datasets.c.purged_at.is_(None))
        row = connection.execute(mine.order_by(datasets.c.id.desc()).limit(1)).mappings().first()
        if row is None:
            raise SourceError("no-upload", "Nothing was uploaded under the name that the source names.")
        if row["errors"]:
            count = f"{row['errors']:,} fault{'' if row['errors'] == 1 else 's'}"
            raise SourceError("faulty-upload", f"The newest upload under the source's name, {row['id']}, has {count}.")
        files = {name: load(connection, digest) for name, digest in row["files"].items()}
    return Found(files, row["created_at"], f"Took the newest upload under the source's name, {row['id']}.", row["id"])


def _queries(settings: Settings, board: str, source: QuerySource, zone: str) -> Found:
    url = known_connections(settings, board).get(source.connection)
    if url is None:
        raise SourceError("no-connection", f"OJT_SQL_SOURCES names no connection {source.connection!r} for the board.")
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            _only_read(connection)
            files = {f"{table}.csv": _asked(connection, table, query, source.most_rows) for table, query in source.queries.items()}
            newest = None if source.newest is None else _moment(_one(connection, source.newest), zone)
            connection.rollback()
        engine.dispose()
    except (sa.exc.SQLAlchemyError, ImportError, ValueError) as error:
        raise SourceError("unreadable", f"The source's database cannot be asked ({type(error).__name__}).") from None
    return Found(files, newest, f"Asked the source's database for {len(files)} tables.")


def _only_read(connection: sa.Connection) -> None:
    """Let the database itself refuse to write, where it can; what it cannot refuse is undone at the end."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only=ON")
        _only_select(connection.connection.driver_connection)
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
    elif connection.dialect.name in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _only_select(driven: Any) -> None:
    """Let SQLite prepare nothing but a SELECT, which can neither attach nor write another file, and end one that lasts too long."""
    allowed, until = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE), time.monotonic() + STATEMENT_SECONDS
    driven.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY)
    driven.set_progress_handler(lambda: time.monotonic() > until, STEPS)


def _asked(connection: sa.Connection, table: str, query: str, most: int) -> bytes:
    """The records of a table as CSV."""
    answer = _run(connection, query, table)
    rows = answer.fetchmany(most + 1)
    if len(rows) > most:
        raise SourceError("too-many", f"The query for {table} gives more than {most:,} rows.")
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(answer.keys())
    writer.writerows([_cell(value) for value in row] for row in rows)
    return sink.getvalue().encode()


def _one(connection: sa.Connection, query: str) -> Any:
    row = _run(connection, query, "the newest record").first()
    return None if row is None else row[0]


def _run(connection: sa.Connection, query: str, what: str) -> sa.CursorResult[Any]:
    try:
        # A cursor of PostgreSQL takes one SELECT and nothing after it, so that no query can end the transaction that may only read.
        answer = connection.exec_driver_sql(query, execution_options={"stream_results": True, "no_parameters": True})
    except sa.exc.SQLAlchemyError as error:
        raise SourceError("bad-query", f"The query for {what} fails ({type(error).__name__}).") from None
    if not answer.returns_rows:
        raise SourceError("bad-query", f"The query for {what} gives no table; it must be a SELECT.")
    return answer


def _cell(value: Any) -> Any:
    """A value as the reader of tables takes it: missing is blank, yes and no are words, days and numbers are plain."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime) and value.time() == clock_time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ";".join(str(each) for each in value)
    return value


def _moment(value: Any, zone: str) -> datetime | None:
    """A moment as a database tells it; one without a time zone is of the schedule's."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, clock_time.max)
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
