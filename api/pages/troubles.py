"""Problems as pages, also those that end a request before any page is asked: a body that is too large, a wrong name, what broke, a store that is away.

Whoever opens the service in a browser so never reads a problem document. The API and the twins of pages answer with the document, whoever asks.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.access.headers import PAGE, PROBES
from api.access.origin import local
from api.pages.frame import JSON, framed
from api.pages.render import render
from api.tracebacks import frames

log = structlog.get_logger("ojt.web")
UNASKED = frozenset({"broken", "unavailable", "bad-request"})
"""Problems whose pages ask the store for nothing, not even who is there: it may be what is in trouble, or the request is not one to be answered."""


class ProblemPages:
    """Turns problem documents into pages where a browser asks for one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; hold its answer back where that is a problem, and show it."""
        if scope["type"] != "http" or not for_people(scope):
            await self._app(scope, receive, send)
            return
        begun: Message | None = None
        body = b""

        async def shown(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start" and Headers(raw=message["headers"]).get("content-type", "") == problems.MEDIA:
                begun = message
            elif begun is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await _send_page(scope, begun, body, send)

        await self._app(scope, receive, shown)


def for_people(scope: Scope) -> bool:
    """Whether a person waits for the answer, in a browser, and for a page."""
    path: str = scope["path"]
    outside = path.startswith("/v1") or path in PROBES or path.endswith(JSON)
    return not outside and scope["method"] != "HEAD" and "text/html" in Headers(scope=scope).get("accept", "")


async def _send_page(scope: Scope, begun: Message, body: bytes, send: Send) -> None:
    """Send a problem document as a page, with the headers that it came with."""
    headers = MutableHeaders(raw=list(begun["headers"]))
    try:
        body = (await run_in_threadpool(_page, Request(scope), json.loads(body))).encode()
        headers["content-type"], headers["content-security-policy"] = "text/html; charset=utf-8", PAGE
        headers["content-length"] = str(len(body))
    except Exception as error:  # whatever keeps the page from being made, the problem itself must be told
        log.exception("a problem cannot be shown as a page", trace=frames(error)[-3:])
    await send({**begun, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})


def _page(request: Request, problem: dict[str, Any]) -> str:
    frame = framed(request, request.scope["path"], asks=problem["code"] not in UNASKED)
    return render("problem.html", {**frame, "problem": problem, "given": {}, "back": _back(request)})


def _back(request: Request) -> str:
    """The page of ours that a form was sent from; nothing where that is not known."""
    try:
        sender = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if request.method != "POST" or sender.netloc != request.headers.get("host"):
        return ""
    place = sender.path + (f"?{sender.query}" if sender.query else "")
    return place if local(place) == place else ""
