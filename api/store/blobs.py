"""Contents of files in the store, by their hash; and folders made of them on this machine, kept as long as there is room."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from api.clock import now
from api.folders import own_folder
from api.store.engine import Store
from api.store.tables import blobs

KEPT_FOLDERS = 200
"""Folders kept in the cache of a machine; the least recently used go first."""
UNUSED = 7 * 86_400.0
"""Seconds after which a folder that nobody has used is removed: what is purged from the store shall not stay on machines."""
LOCK = 0x626C6F62
"""Advisory lock of PostgreSQL: shared by those who keep contents, alone for who deletes some, so that nobody comes to refer to what is being deleted."""


class DamagedError(RuntimeError):
    """A content in the store was changed, by hand or by a broken disk."""


def keep(connection: sa.Connection, content: bytes) -> str:
    """Keep a content; returns its hash."""
    digest = hashlib.sha256(content).hexdigest()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(LOCK)))
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"sha256": digest, "size": len(content), "content": content, "created_at": now()}
    connection.execute(insert(blobs).values(row).on_conflict_do_nothing())
    return digest


def deleting(connection: sa.Connection) -> None:
    """From now on to the end of the transaction nobody else keeps a content; in SQLite nobody else writes anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def load(connection: sa.Connection, digest: str) -> bytes:
    """A content by its hash; KeyError where it is not kept, DamagedError where it is not what was kept."""
    content = connection.execute(sa.select(blobs.c.content).where(blobs.c.sha256 == digest)).scalar()
    if content is None:
        raise KeyError(digest)
    found = bytes(content)
    if hashlib.sha256(found).hexdigest() != digest:
        raise DamagedError(f"The content {digest} in the store is not what was kept under this hash.")
    return found


class Folders:
    """Files of the store as folders on this machine: made whole or not at all, shared by every process of the machine."""

    def __init__(self, store: Store, place: Path) -> None:
        self._store, self._place = store, place

    def folder(self, files: Mapping[str, str]) -> Path:
        """The folder that holds these names with these contents; KeyError where a content is not kept. Its files must not be changed."""
        told = "\n".join(f"{name}\t{digest}" for name, digest in sorted(files.items()))
        target = self._place / hashlib.sha256(told.encode()).hexdigest()[:32]
        with contextlib.suppress(FileNotFoundError):
            os.utime(target)
            return target
        own_folder(self._place)
        beside = Path(tempfile.mkdtemp(dir=self._place, prefix=".new-"))
        try:
            with self._store.read() as connection:
                for name, digest in files.items():
                    _write(beside / Path(name).name, load(connection, digest))
            beside.rename(target)
        except OSError:
            shutil.rmtree(beside, ignore_errors=True)
            if not target.is_dir():  # another process may have been first
                raise
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        self._forget()
        return target

    def _forget(self) -> None:
        there = []
        for path in self._place.iterdir():
            with contextlib.suppress(FileNotFoundError):
                there.append((path.stat().st_mtime, path))
        there.sort(reverse=True)
        for number, (used, path) in enumerate(there):
            old = used < time.time() - UNUSED
            if old or (number >= KEPT_FOLDERS and not path.name.startswith(".")):
                shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is whole on the disk before anybody finds it, also where the power fails in between."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
