"""The service as its users meet it: real processes on a real port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx

from api.access.roles import Role
from api.settings import Settings

OJT = Path(sys.executable).parent / "ojt"
READY = 120.0
"""Seconds that a busy machine may take to start."""


class Served:
    """A running service."""

    def __init__(self, settings: Settings, port: int, process: subprocess.Popen[bytes]) -> None:
        self.settings, self.address, self.process = settings, f"http://127.0.0.1:{port}", process
        self._clients: list[httpx.Client] = []

    def key(self, role: Role, board: str = "main") -> str:
        """A fresh key, made as its users make it."""
        made = subprocess.run(
            [OJT, "keys", "create", "--role", role, "--board", board], env=environment(self.settings), capture_output=True, text=True, check=True
        )
        return made.stdout.strip()

    def client(self, role: Role, board: str = "main") -> httpx.Client:
        """A client with a fresh key, closed with the service."""
        made = httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {self.key(role, board)}"}, timeout=120)
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Give up the connections to it."""
        for client in self._clients:
            client.close()

    def wait(self) -> None:
        """Until it can work."""
        until = time.monotonic() + READY
        while time.monotonic() < until:
            assert self.process.poll() is None, "the service ended"
            try:
                if httpx.get(f"{self.address}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("the service did not get ready")


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The environment that makes a process use these settings."""
    told = {"OJT_DATA_DIR": str(settings.data_dir), **more}
    if settings.database_url is not None:
        told["OJT_DATABASE_URL"] = settings.database_url.get_secret_value()
    return {**{name: value for name, value in os.environ.items() if not name.startswith("OJT_") or "TEST" in name or "REQUIRE" in name}, **told}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def served(settings: Settings, **more: str) -> Iterator[Served]:
    """A service on a free port, ready; ended after use."""
    port = free_port()
    process = subprocess.Popen([OJT, "serve", "--port", str(port)], env=environment(settings, **more), start_new_session=True)
    made = Served(settings, port, process)
    try:
        made.wait()
        yield made
    finally:
        made.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
