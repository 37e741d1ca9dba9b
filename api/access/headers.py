"""Headers of every answer that tell browsers to be careful with it, and the names under which the service may be addressed.

Nothing allows other sites to read answers: there are no CORS headers. A page brings its own policy for contents; anything else may load and run nothing.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.access import origin
from api.settings import Settings

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
REPORT = f"{NOTHING}; style-src 'unsafe-inline'; img-src data:; font-src data:"
"""For documents that hold everything they show and run nothing, such as the report of a run."""
PAGE = f"{NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'".replace("form-action 'none'", "form-action 'self'")
"""For our pages, which load and run our own files and nothing else."""
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Answers may hold what concerns a person, so that none is kept anywhere on its way; a route may say otherwise of one that does not.

`same-origin` and not `no-referrer`, with which browsers would not say where a form was sent from.
"""
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines that may know the service by its address alone."""


class Careful:
    """Puts the headers on every answer that does not have them."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def careful(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", REPORT if page else NOTHING)
                if origin.secure(Request(scope), self._settings):
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, careful)


class KnownHost:
    """Refuses requests that address the service by a name it does not have, so that no link is made from it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the scheme that its sender used where the settings tell it."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            if not origin.known_host(Headers(scope=scope).get("host", ""), self._settings):
                await problems.problem(Request(scope), "bad-request", "The service is not addressed by this name.")(scope, receive, send)
                return
            if self._settings.public_url:
                scope["scheme"] = self._settings.public_url.partition(":")[0]
        await self._app(scope, receive, send)
