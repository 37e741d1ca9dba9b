"""Ctrl-C while solving: the first ends the run with the best so far, the second leaves at once."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def interruptible(console: Console) -> Iterator[Callable[[], bool]]:
    """Yields what tells whether Ctrl-C was pressed, for as long as the block runs. Only for the main thread.

    A solver may keep the main thread busy, where Python would handle the signal; a socket that the signal writes to can be read from any thread.
    """
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    pressed = False

    def told() -> bool:
        nonlocal pressed
        with suppress(BlockingIOError):
            if not pressed and reader.recv(64):
                pressed = True
                console.print("Ending with the best so far; press Ctrl-C again to leave at once.", style="dim")
        return pressed

    presses = 0

    def press(_number: int, _frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt

    before, wakeup = signal.signal(signal.SIGINT, press), signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield told
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGINT, before)
        reader.close()
        writer.close()
