"""The parent's half of a solve: starts the solver process, passes on what it tells, stops it when asked, and ends it when it overstays.

Processes are forked from a server that has loaded the library, so that one starts in milliseconds, not in the seconds that loading takes.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal

import psutil

from api.settings import Settings

CONTEXT: Any = multiprocessing.get_context("forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn")
LOOK = 0.25
"""Seconds between two looks at whether to stop."""
WEIGH = 1.0
"""Seconds between two looks at how much memory is held."""
GRACE = 20.0
"""Seconds that a solver may take to hand over its best so far after it was asked to end."""
LAST = ("done", "faulty", "broken")


@dataclass(frozen=True)
class Ended:
    """How a solver process ended: `done` with what it said, `faulty` input, `broken` by a mistake of ours, `killed` by somebody, or ended by us."""

    how: Literal["done", "faulty", "broken", "killed", "memory", "wall", "abandoned"]
    said: Mapping[str, Any] = field(default_factory=dict)


def prepare() -> None:
    """Let the server that processes are forked from load the library now rather than with the first run."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a fork does not take threads along
    if CONTEXT.get_start_method() == "forkserver":
        CONTEXT.set_forkserver_preload(["api.solving.child", "api.solving.part", "api.solving.reading", "api.answering.child"])
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
    try:
        process.start()
    except (OSError, EOFError):  # the server that processes are forked from was killed at this very moment; the next start makes a new one
        ours.close()
        return Ended("killed")
    finally:
        theirs.close()
    try:
        ended = _Watch(ours, process.pid, settings, wanted, heard).until_the_end()
    finally:
        end_of(process)
        ours.close()
        process.join(5)
    return Ended("killed", {"exit_code": process.exitcode}) if ended.how == "killed" else ended


class _Watch:
    """Looks after one solver process."""

    def __init__(self, pipe: Connection, pid: int, settings: Settings, wanted: Callable[[], str], heard: Callable[[Mapping[str, Any]], None]) -> None:
        self._pipe, self._pid, self._settings, self._wanted, self._heard = pipe, pid, settings, wanted, heard
        self._began = time.monotonic()
        self._asked: float | None = None
        self._weighed = self._began

    def until_the_end(self) -> Ended:
        """How it ended."""
        while True:
            try:
                if (last := self._listened(until=time.monotonic() + LOOK)) is not None:
                    return last
            except (EOFError, OSError):
                return Ended("killed")
            moment, wish = time.monotonic(), self._wanted()
            if wish == "abandon":
                return Ended("abandoned")
            if self._asked is None and (wish == "stop" or moment - self._began > self._settings.wall_limit.total_seconds()):
                self._asked = moment
                with contextlib.suppress(OSError):
                    self._pipe.send_bytes(b"cancel")
            if self._asked is not None and moment - self._asked > GRACE:
                return Ended("wall")
            if moment - self._weighed >= WEIGH:
                self._weighed = moment
                if held_bytes(self._pid) > self._settings.memory_gb * 1e9:
                    return Ended("memory")

    def _listened(self, until: float) -> Ended | None:
        """Hear the process for a while; its last words where they come."""
        while self._pipe.poll(max(0.0, until - time.monotonic())):
            message = json.loads(self._pipe.recv_bytes())
            if message["type"] in LAST:
                return Ended(message.pop("type"), message)
            self._heard(message)
            if time.monotonic() > until:
                break
        return None


def _main(job: Mapping[str, Any], pipe: Any) -> None:
    from api.solving.child import main

    main(job, pipe)


def held_bytes(pid: int, *, alone: bool = False) -> int:
    """Bytes that the process and what it has started hold; `alone` for one that starts nothing, which is quicker to ask."""
    try:
        process = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (process, *(() if alone else process.children(recursive=True))))
    except psutil.Error:
        return 0


def end_of(process: BaseProcess) -> None:
    """End the process and whatever it has started, also where it is dead itself: it leads a group of its own."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    if process.is_alive():  # in its first moments it leads no group yet
        process.kill()
