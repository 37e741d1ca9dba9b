"""Transactions on the store. Writing ones take the write lock of SQLite at once, so that they wait for each other rather than fail."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url

from api.folders import own_folder

BUSY_MS = 30_000
"""How long a transaction waits for another one in SQLite."""


class Store:
    """The database of a service; safe to share between threads, not between processes."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.embedded = make_url(url).get_backend_name() == "sqlite"
        self.writer = _sqlite(url, "BEGIN IMMEDIATE") if self.embedded else _postgres(url)
        self.reader = _sqlite(url, "BEGIN") if self.embedded else self.writer

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A transaction that writes: kept whole where the block ends, undone whole where it raises."""
        with self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        with self.reader.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self.writer.dispose()
        self.reader.dispose()


def passing(error: sa.exc.SQLAlchemyError) -> bool:
    """Whether an error of the store will pass: it cannot be reached just now, or is busy."""
    cut = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    return cut or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError)


def seconds_between(connection: sa.Connection, since: sa.ColumnElement[Any], until: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """The seconds between two moments, reckoned in the store."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.extract("epoch", until) - sa.func.extract("epoch", since), sa.Float)
    return (sa.func.julianday(until, type_=sa.Float) - sa.func.julianday(since, type_=sa.Float)) * 86_400.0


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _sqlite(url: str, begin: str) -> sa.Engine:
    place = make_url(url).database
    if place:
        own_folder(Path(place).parent)
        # It holds secrets and data of people: for its user alone, like the log beside it, which SQLite gives the same rights.
        os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(url, json_serializer=_dumps, hide_parameters=True, pool_size=10, max_overflow=40, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(url: str) -> sa.Engine:
    keepalives = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    return sa.create_engine(url, json_serializer=_dumps, hide_parameters=True, pool_size=10, max_overflow=40, pool_pre_ping=True, connect_args=keepalives)
