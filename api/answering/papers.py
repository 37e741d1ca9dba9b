"""Files that were made of a run once and are kept on this machine for the next reader: workbooks, pages, tables. They can be made again at any time."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from allocator.files import write_whole
from api.folders import own_folder
from api.problems import ProblemError

EDITION = f"{version('ojt-allocator')}-2"
"""Papers of another version of the program are not shown: it may write them otherwise. The number counts changes within a version."""
PATIENCE = 5.0
"""Seconds to wait for a paper that somebody else has asked for."""


class Papers:
    """Files by run and name, as long as there is room; those that nobody has read for longest go first."""

    def __init__(self, place: Path, most_bytes: int) -> None:
        self._place, self._most = place / EDITION, most_bytes
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._locking = threading.Lock()

    def get(self, run_id: str, name: str, make: Callable[[], bytes]) -> Path:
        """The file, made if it is not there; of several who ask at once one makes it. ProblemError where that takes the others too long."""
        path = self._place / run_id / name
        if self._there(path):
            return path
        lock = self._lock(run_id, name)
        if not lock.acquire(timeout=PATIENCE):
            raise ProblemError("busy", "It is being made; come again in a moment.", headers={"Retry-After": "2"})
        try:
            if not self._there(path):
                own_folder(self._place)
                path.parent.mkdir(exist_ok=True)
                write_whole(path, make())
                self._tidy(path)
        finally:
            lock.release()
        return path

    def forget(self, run_id: str) -> None:
        """Delete all that was made of a run."""
        shutil.rmtree(self._place / run_id, ignore_errors=True)

    def _there(self, path: Path) -> bool:
        try:
            os.utime(path)
        except OSError:
            return False
        return True

    def _lock(self, run_id: str, name: str) -> threading.Lock:
        with self._locking:
            if len(self._locks) > 1000:
                self._locks = {key: lock for key, lock in self._locks.items() if lock.locked()}
            return self._locks.setdefault((run_id, name), threading.Lock())

    def _tidy(self, newest: Path) -> None:
        """Delete what there is no room for, but not the newest, and other editions; a file that is being read stays readable."""
        for other in self._place.parent.iterdir():
            if other != self._place:
                shutil.rmtree(other, ignore_errors=True)
        found = []
        for path in self._place.glob("*/[!.]*"):
            try:
                told = path.stat()
            except OSError:
                continue  # another process tidies too
            found.append((told.st_mtime, told.st_size, path))
        room = self._most - newest.stat().st_size
        for _, size, path in sorted(found, reverse=True):
            if path == newest:
                continue
            room -= size
            if room < 0:
                path.unlink(missing_ok=True)
