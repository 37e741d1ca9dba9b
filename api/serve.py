"""`ojt serve`: web server and worker as two processes under one that watches them. Either is started again when it dies; both end with their parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import structlog

from api.settings import Settings
from api.store import migrate
from api.store.engine import Store

log = structlog.get_logger("ojt.serve")
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a process that died is started again, longer each time; a minute of life starts over."""


class Watched:
    """A process that is kept alive."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self._command, self._deaths = name, command, 0
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, ended: threading.Event) -> None:
        """Keep it alive until told to end, then let it end in order."""
        while not ended.is_set():
            started = time.monotonic()
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
            while self._process.poll() is None and not ended.wait(0.1):
                pass
            if ended.is_set():
                break
            self._deaths = 0 if time.monotonic() - started > 60 else self._deaths + 1
            log.warning("a process died and is started again", process=self.name, exit_code=self._process.returncode)
            ended.wait(PATIENCE[min(self._deaths, len(PATIENCE)) - 1])
        self._stop()

    def _stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()


def end_with_parent() -> None:
    """End this process when the one that holds the other end of its input does."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(20)
        os._exit(70)

    threading.Thread(target=watch, daemon=True).start()


def main(settings: Settings) -> None:
    """Serve until told to end."""
    store = Store(settings.url)
    migrate.upgrade(store)
    store.close()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    places = [Watched(name, command(name)) for name in ("web", "worker")]
    threads = [threading.Thread(target=place.run, args=(ended,)) for place in places]
    for thread in threads:
        thread.start()
    while not ended.wait(1):
        pass
    for thread in threads:
        thread.join()


def web(settings: Settings) -> None:
    """The web server alone; as many as wanted may run beside each other on one PostgreSQL."""
    import uvicorn

    from api.app import create_app
    from api.solving import process

    process.prepare()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning", access_log=False, timeout_graceful_shutdown=5)


def command(name: str) -> list[str]:
    """How a process of the service is started. Not as a module: solver processes would load the main module again, each of them."""
    return [sys.executable, "-c", f"from api.serve import run; run({name!r})"]


def stand_alone(name: str) -> None:
    """Become a process of the service that ends when it is told to, not with its input."""
    os.execv(sys.executable, [sys.executable, "-c", f"from api.serve import run; run({name!r}, alone=True)"])


def run(name: str, *, alone: bool = False) -> None:
    """Be the web server or a worker; unless alone, end with the process that holds the other end of the input."""
    from api.jobs import worker
    from api.settings import settings

    if not alone:
        end_with_parent()
    {"web": web, "worker": worker.main}[name](settings())
