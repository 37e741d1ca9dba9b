"""The store's shape: made and moved forward by Alembic, and the queue's own tables beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.jobs.queue import prepare_tables
from api.store.engine import Store

LOCK = 0x6F6A74
"""Advisory lock of PostgreSQL under which the shape is changed, so that two that start at once do not both change it."""


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the store to a revision; harmless where it is there already."""
    config = _config()
    with store.writer.connect() as connection, _alone(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    prepare_tables(store)


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Let nobody else change the shape at the same time; SQLite, which makes a table anew to change it, must not mind those that refer to it."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            yield
        finally:
            connection.rollback()
            driver.execute("PRAGMA foreign_keys=ON")
        return
    connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
        connection.commit()


def revision(store: Store) -> str | None:
    """The revision that the store is at; None where it is empty."""
    with store.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision that this code needs."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None
    return newest


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
