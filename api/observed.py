"""Every request is seen once: a trace id, one line in the log, its duration in the metrics; and what nobody has caught becomes a problem.

Routes are told by their template, never by the path, which may hold the id of a person.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

import structlog
from fastapi import FastAPI, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api import deprecation, problems, telemetry
from api.access.headers import PROBES
from api.metrics import Requests

log = structlog.get_logger("ojt.web")
TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""A traceparent header (W3C Trace Context)."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observed:
    """Looks at every request from outside everything else."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app, self._requests = app, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        trace_id = scope.setdefault("state", {})["trace_id"] = _trace_id(scope)

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Trace-Id"] = trace_id
                for name, value in deprecation.headers(getattr(scope.get("route"), "openapi_extra", None)).items():
                    headers.append(name, value)
            await send(message)

        with bound_contextvars(trace_id=trace_id):
            try:
                await self._app(scope, receive, marked)
            except Exception:  # the last place: what nobody has caught becomes a problem that tells nothing but its id
                log.exception("a request broke", method=_method(scope), route=route(scope))
                if status:
                    raise  # the answer had begun: only cutting the connection tells that it is not whole
                await problems.problem(Request(scope), "broken", "The logs say more under the trace id.")(scope, receive, marked)
            finally:
                self._told(scope, status, time.perf_counter() - started)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        method, place = _method(scope), route(scope)
        self._requests.seen(method, place, status, seconds)
        say = log.debug if place in PROBES else log.info  # machines ask every few seconds
        caller = scope["state"].get("caller")
        say("request", method=method, route=place, status=status, ms=round(seconds * 1000, 1), key=caller.id if caller else None)


def route(scope: Scope) -> str:
    """The template of the route that a request was for."""
    return str(getattr(scope.get("route"), "path", "") or "(none)")


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "(other)"


def _trace_id(scope: Scope) -> str:
    """The trace that the request belongs to: the one being recorded, the one its sender names, or a new one."""
    told: Any = TRACE.fullmatch(dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1"))
    return telemetry.trace_id() or (told[1] if told else secrets.token_hex(16))


def install(app: FastAPI, requests: Requests) -> None:
    """See every request of an application; what is installed after it only dresses its answers."""
    app.add_middleware(Observed, requests=requests)
