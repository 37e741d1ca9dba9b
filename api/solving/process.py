"""The parent's half of a solve: starts the solver process, passes on what it tells, stops it when asked, and ends it when it overstays.

Processes are forked from a server that has loaded the library, so that one starts in milliseconds, not in the seconds that loading takes.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import psutil

from api.settings import Settings

CONTEXT: Any = multiprocessing.get_context("forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn")
LOOK = 0.25
"""Seconds between two looks at whether to stop."""
GRACE = 20.0
"""Seconds that a solver may take to hand over its best so far after it was asked to end."""


@dataclass(frozen=True)
class Ended:
    """How a solver process ended: `done` with what it said, `faulty` input, `broken` by a mistake of ours, `killed` by somebody, or ended by us."""

    how: Literal["done", "faulty", "broken", "killed", "memory", "wall", "abandoned"]
    said: Mapping[str, Any] = field(default_factory=dict)


def prepare() -> None:
    """Let the server that processes are forked from load the library now rather than with the first run."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a fork does not take threads along
    if CONTEXT.get_start_method() == "forkserver":
        CONTEXT.set_forkserver_preload(["api.solving.child", "api.solving.reading", "api.answering.child"])
        from multiprocessing import forkserver

        forkserver.ensure_running()


def carry_out(
    job: Mapping[str, Any], settings: Settings, wanted: Callable[[], Literal["go on", "stop", "abandon"]], heard: Callable[[Mapping[str, Any]], None]
) -> Ended:
    """Solve in a process of its own, until it ends or has to.

    `wanted` is asked several times a second: `stop` asks for the best so far, `abandon` ends at once. `heard` gets what the process tells.
    """
    ours, theirs = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_main, args=(dict(job), theirs), daemon=True)
    process.start()
    theirs.close()
    started, asked, killed = time.monotonic(), None, None
    try:
        while True:
            if ours.poll(LOOK):
                try:
                    message = json.loads(ours.recv_bytes())
                except (EOFError, OSError):
                    break
                if message["type"] in ("done", "faulty", "broken"):
                    return Ended(message.pop("type"), message)
                heard(message)
            wish, late = wanted(), time.monotonic() - started > settings.wall_limit.total_seconds()
            if wish == "abandon":
                return Ended("abandoned")
            if (wish == "stop" or late) and asked is None:
                asked = time.monotonic()
                with contextlib.suppress(OSError):
                    ours.send_bytes(b"cancel")
            if asked is not None and time.monotonic() - asked > GRACE:
                killed = "wall"
                break
            if _held(process.pid) > settings.memory_gb * 1e9:
                killed = "memory"
                break
    finally:
        _end(process.pid)
        ours.close()
        process.join(5)
    return Ended(killed or "killed", {"exit_code": process.exitcode})  # type: ignore[arg-type]


def _main(job: Mapping[str, Any], pipe: Any) -> None:
    from api.solving.child import main

    main(job, pipe)


def _held(pid: int | None) -> int:
    """Bytes that the process and what it has started hold."""
    try:
        process = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    except psutil.Error:
        return 0


def _end(pid: int | None) -> None:
    """End the process and whatever it has started."""
    if pid is None:
        return
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
