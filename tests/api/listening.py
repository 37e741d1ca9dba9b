"""A web server in this process, for tests that look at the same application from inside; `served` has real processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from tests.api.served import free_port

READY = 60.0
"""Seconds that a busy machine may take to start."""


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """The address of an application that listens on a free port, until after use."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + READY
    while not server.started:
        assert thread.is_alive(), "the web server ended"
        assert time.monotonic() < until, "the web server did not start"
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
