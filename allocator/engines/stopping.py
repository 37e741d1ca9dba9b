"""Ending a solver that looks at no clock but its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from allocator.engines.base import Clock

LOOK = 0.05
"""Seconds between two looks at the clock."""


@contextmanager
def stopping(clock: Clock, stop: Callable[[], object]) -> Iterator[None]:
    """While the block runs, look at the clock from another thread and call `stop` once it is over.

    A time limit alone needs no such thread: solvers keep it themselves.
    """
    if clock.memory is None and clock.cancelled is None:
        yield
        return
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK):
            if clock.over:
                stop()
                return

    thread = threading.Thread(target=look, name="stopping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
