"""`ojt serve`: web server and worker as two processes under one that watches them. Either is started again when it dies; both end with their parent."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import structlog

from allocator import Fault, InputError
from api import first_key, logs, telemetry
from api.settings import Settings
from api.store import migrate
from api.store.engine import Store

log = structlog.get_logger("ojt.serve")
PATIENCE = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a process that died is started again, longer each time it dies young."""
SETTLED = 10.0
"""Seconds of life after which a death is the first again."""


class Watched:
    """A process that is kept alive."""

    def __init__(self, name: str, command: Sequence[str], sockets: Sequence[int] = ()) -> None:
        self.name, self._command, self._sockets, self._deaths = name, command, sockets, 0
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, ended: threading.Event) -> None:
        """Keep it alive until told to end, then let it end in order."""
        while not ended.is_set():
            began = time.monotonic()
            code = self._lived(ended)
            if ended.is_set():
                break
            self._deaths = 1 if time.monotonic() - began > SETTLED else self._deaths + 1
            log.warning("a process died and is started again", process=self.name, exit_code=code)
            ended.wait(PATIENCE[min(self._deaths, len(PATIENCE)) - 1])
        self._stop()

    def _lived(self, ended: threading.Event) -> int | None:
        """Start it and wait until it ends, or this one is to; its exit code."""
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, pass_fds=self._sockets)
        except OSError as error:  # no memory or no process left just now
            log.error("a process cannot be started", process=self.name, error=str(error))
            return None
        while self._process.poll() is None and not ended.wait(0.05):
            pass
        return self._process.returncode

    def _stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


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
    logs.configure(settings, "serve")
    listening = listen(settings)
    store = Store(settings.url)
    migrate.upgrade(store)
    if first_key.nobody_has_one(store):
        print(first_key.told(settings, address_of(settings, listening)), flush=True)
    store.close()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    places = [Watched("web", command("web", listening.fileno()), [listening.fileno()]), Watched("worker", command("worker"))]
    threads = [threading.Thread(target=place.run, args=(ended,)) for place in places]
    for thread in threads:
        thread.start()
    while not ended.wait(1):
        pass
    for thread in threads:
        thread.join()


def listen(settings: Settings) -> socket.socket:
    """The socket that requests come to. It is held here, so that they wait while a web server that died is started again, rather than being refused."""
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        message = f"Nothing can listen on {settings.host}:{settings.port}: {error.strerror or error}."
        raise InputError([Fault("port_taken", message, "End what listens there, or choose another port with --port or OJT_PORT.")]) from None
    print(f"Serving on {address_of(settings, listening)}; keep it running, end it with Ctrl-C.", flush=True)
    return listening


def address_of(settings: Settings, listening: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"


def web(settings: Settings, listening: int | None = None) -> None:
    """The web server alone; as many as wanted may run beside each other on one PostgreSQL."""
    import uvicorn

    from api.app import create_app
    from api.solving import process

    process.prepare()
    app, host, port = create_app(settings), settings.host, settings.port
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(None if listening is None else [socket.socket(fileno=listening)])


def command(name: str, *arguments: int) -> list[str]:
    """How a process of the service is started. Not as a module: solver processes would load the main module again, each of them."""
    told = "".join(f", {argument}" for argument in arguments)
    return [sys.executable, "-c", f"from api.serve import run; run({name!r}{told})"]


def stand_alone(name: str) -> None:
    """Become a process of the service that ends when it is told to, not with its input."""
    os.execv(sys.executable, [sys.executable, "-c", f"from api.serve import run; run({name!r}, alone=True)"])


def run(name: str, *arguments: int, alone: bool = False) -> None:
    """Be the web server or a worker; unless alone, end with the process that holds the other end of the input."""
    from api.jobs import worker
    from api.settings import settings

    if not alone:
        end_with_parent()
    chosen = settings()
    logs.configure(chosen, name)
    telemetry.start(chosen, name)
    {"web": web, "worker": worker.main}[name](chosen, *arguments)
