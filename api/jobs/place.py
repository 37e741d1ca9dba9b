"""A worker's folder on its machine: what its solvers write, and a lock that is held as long as the process lives, however it ends.

The lock tells at once whether a worker of this machine is dead, where its silence would tell only after a while. And what a dead one has left, folders and
processes, is removed by the next.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import structlog

from api.folders import own_folder

try:
    import fcntl
except ImportError:  # pragma: no cover  Windows: nobody is known to be dead before they have been silent for long
    fcntl = None  # type: ignore[assignment]  # Windows has none; then a dead worker is noticed by its silence

log = structlog.get_logger("ojt.worker")
LOCK = "lives"
OLD = 86_400.0
MARK = "OJT_WORKER_ID"
"""Variable in the environment of every process that a worker starts, and of those that they start, that names the worker."""


class Place:
    """The folder of one worker."""

    def __init__(self, work: Path, worker_id: str) -> None:
        self._work, self._worker_id = work, worker_id
        self.folder = work / worker_id
        self._lock: IO[str] | None = None

    def take(self) -> None:
        """Make the folder and hold its lock from now on; nobody ever sees the one without the other."""
        beside = self._work / f".{self._worker_id}"
        own_folder(self._work)
        beside.mkdir(mode=0o700)
        self._lock = (beside / LOCK).open("w")
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        beside.rename(self.folder)
        os.environ[MARK] = self._worker_id

    def leave(self) -> None:
        """Remove the folder, and let go of its lock."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    def dead(self) -> list[str]:
        """Workers of this machine that live no more, whose folders are still there."""
        others = (path for path in sorted(self._work.glob("worker_*")) if path.name != self._worker_id)
        return [path.name for path in others if path.is_dir() and not _locked(path / LOCK)]

    def sweep(self, worker_id: str) -> None:
        """End the processes of a dead worker and remove its folder."""
        for process in _processes_of(worker_id):
            log.warning("a process outlived its worker and is ended", worker_id=worker_id, pid=process.pid)
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self._work / worker_id, ignore_errors=True)

    def sweep_old(self) -> None:
        """Remove what others than workers began to write here long ago and never finished, because they were killed."""
        for path in self._work.iterdir():
            with contextlib.suppress(OSError):
                if not path.name.startswith("worker_") and path.stat().st_mtime < time.time() - OLD:
                    shutil.rmtree(path, ignore_errors=True)


def _locked(lock: Path) -> bool:
    """Whether somebody holds the lock; where that cannot be known, somebody does."""
    if fcntl is None:
        return True
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    return False


def _processes_of(worker_id: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == worker_id:
                yield process
