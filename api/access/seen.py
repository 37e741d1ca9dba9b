"""When a key was last used, to the minute.

A read must not wait for a write, and on SQLite there is one writer at a time. So a request only leaves a note in memory, and a thread writes the notes
of a minute at once, each key's once. A process that is killed loses a minute of notes, which nothing depends on; nothing a reader can see of data
changes by reading it.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from api.clock import now
from api.store.engine import Store
from api.store.tables import api_keys

log = structlog.get_logger("ojt.web")
EVERY = timedelta(minutes=1)


class Seen:
    """Notes of which keys were used."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock, self._stopping = store, threading.Lock(), threading.Event()
        self._notes: dict[str, datetime] = {}
        self._thread: threading.Thread | None = None

    def note(self, key_id: str) -> None:
        """A key was used now."""
        moment = now().replace(second=0, microsecond=0)
        with self._lock:
            self._notes[key_id] = moment
            if self._thread is None:
                self._thread = threading.Thread(target=self._again, daemon=True, name="keys seen")
                self._thread.start()

    def write(self) -> None:
        """Write down what was noted; a later moment is never overwritten by an earlier one of another process."""
        with self._lock:
            notes, self._notes = self._notes, {}
        if not notes:
            return
        with self._store.begin() as connection:
            for key_id, moment in sorted(notes.items()):
                older = sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < moment)
                connection.execute(api_keys.update().where(api_keys.c.id == key_id, older).values(last_used_at=moment))

    def close(self) -> None:
        """Write down the rest."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._try_to_write()

    def _again(self) -> None:
        while not self._stopping.wait(EVERY.total_seconds()):
            self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self.write()
        except sa.exc.SQLAlchemyError:
            log.exception("the last use of keys could not be written")
