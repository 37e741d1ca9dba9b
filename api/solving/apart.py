"""A function carried out in a process of its own, with a limit to its memory and its time: for reading what strangers have written.

What breaks the process, or makes it hang or swell, breaks nothing else. Processes are forked from the same server as solver processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from api.solving.process import CONTEXT, end_of, held_bytes, prepare

LOOK = 0.05
"""Seconds between two looks at the memory it holds."""
POLITE = 3
"""How much it gives way to the web server (nice)."""
ORPHANED = 70


class BrokenOffError(Exception):
    """The process did not come to its end: `memory` or `time` ran out, or it was `killed`, by itself or by somebody."""

    def __init__(self, why: Literal["memory", "time", "killed"]) -> None:
        super().__init__(why)
        self.why = why


def apart(work: Callable[..., Mapping[str, Any]], *arguments: Any, memory_gb: float, seconds: float) -> dict[str, Any]:
    """What the function returns, as plain JSON data. The function is named in a module, and its arguments are plain.

    Raises
    ------
    BrokenOffError
        It came to no end within its limits.
    """
    prepare()
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_main, args=(work, arguments, theirs), daemon=True)
    try:
        process.start()
    except (OSError, EOFError):  # the server that processes are forked from was killed at this very moment; the next start makes a new one
        ours.close()
        raise BrokenOffError("killed") from None
    finally:
        theirs.close()
    until = time.monotonic() + seconds
    try:
        while not ours.poll(LOOK):
            if time.monotonic() > until:
                raise BrokenOffError("time")
            if held_bytes(process.pid, alone=True) > memory_gb * 1e9:
                raise BrokenOffError("memory")
        try:
            said: dict[str, Any] = json.loads(ours.recv_bytes())
        except (EOFError, OSError):
            raise BrokenOffError("killed") from None
    finally:
        end_of(process)
        ours.close()
        process.join(5)
    return said


def _main(work: Callable[..., Mapping[str, Any]], arguments: tuple[Any, ...], pipe: Any) -> None:
    with contextlib.suppress(OSError):
        os.setsid()
        os.nice(POLITE)
    threading.Thread(target=_end_with_parent, args=(pipe,), daemon=True).start()
    try:
        pipe.send_bytes(json.dumps(work(*arguments)).encode())
    finally:
        os._exit(0)


def _end_with_parent(pipe: Any) -> None:
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(ORPHANED)
