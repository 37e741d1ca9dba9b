"""So many at once, and no more: for heavy work beside the event loop. Who comes while it is full waits a moment, then is told to come again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.problems import ProblemError

LOOK = 0.03
AGAIN = "3"
"""Seconds after which to come again."""


class Gate:
    """Lets so many through at once; safe for several event loops and threads."""

    def __init__(self, at_once: int, what: str, patience: float = 10.0, waiting: int = 50) -> None:
        self._free, self._room = threading.BoundedSemaphore(at_once), threading.BoundedSemaphore(waiting)
        self._what, self._patience = f"{at_once} {what}", patience

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn. ProblemError where none comes soon, or where too many wait already."""
        if not self._room.acquire(blocking=False):
            raise self._busy()
        try:
            until = time.monotonic() + self._patience
            while not self._free.acquire(blocking=False):
                if time.monotonic() > until:
                    raise self._busy()
                await asyncio.sleep(LOOK)
        finally:
            self._room.release()
        try:
            yield
        finally:
            self._free.release()

    def _busy(self) -> ProblemError:
        return ProblemError("busy", f"{self._what} now, and others wait.", headers={"Retry-After": AGAIN})
