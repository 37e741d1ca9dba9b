"""HEAD, OPTIONS, and methods that are not offered: answered alike for every resource, from the routes there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from fastapi import FastAPI, Request, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems


def install(app: FastAPI) -> None:
    """Answer them."""
    app.add_middleware(Methods, routes=app)


class Methods:
    """HEAD is GET without its body; OPTIONS says what there is, as does the refusal of anything else."""

    def __init__(self, app: ASGIApp, routes: FastAPI) -> None:
        self._app, self._routes = app, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is answered here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            code = "not-found" if "\x00" in scope["path"] else "faulty-input"
            await problems.problem(Request(scope), code, "There is a NUL character in the address.")(scope, receive, send)
        elif scope["method"] == "HEAD" and "GET" in self._offered(scope):
            await self._app({**scope, "method": "GET"}, receive, _Headers(send))
        elif not (offered := self._offered(scope)) or scope["method"] in offered:
            await self._app(scope, receive, send)
        else:
            told = {"Allow": ", ".join(sorted({*offered, "OPTIONS", *(("HEAD",) if "GET" in offered else ())}))}
            answer = Response(status_code=204, headers=told)
            if scope["method"] != "OPTIONS":
                answer = problems.problem(Request(scope), "no-such-method", f"Offered here: {told['Allow']}.", headers=told)
            await answer(scope, receive, send)

    def _offered(self, scope: Scope) -> set[str]:
        """The methods of the routes that a path has; none where it has no route. A path that is written out is not an id of its neighbours."""
        found = [(getattr(route, "path", ""), getattr(route, "methods", None) or ()) for route in self._known if route.matches(scope)[0] is not Match.NONE]
        plainest = min((path.count("{") for path, _ in found), default=0)
        return {method for path, methods in found if path.count("{") == plainest for method in methods}

    @cached_property
    def _known(self) -> list[BaseRoute]:
        return list(_single(self._routes.routes))


def _single(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """Each route, those of included routers too; none of ours is included under a prefix."""
    for route in routes:
        inside = getattr(route, "original_router", None)
        if inside is None:
            yield route
        else:
            yield from _single(inside.routes)


class _Headers:
    """Lets the head of an answer through, and as little of its body as there can be."""

    def __init__(self, send: Send) -> None:
        self._send, self._ended = send, False

    async def __call__(self, message: Message) -> None:
        """Pass on what may be."""
        if message["type"] == "http.response.start":
            await self._send(message)
        elif message["type"] == "http.response.body" and not self._ended:
            self._ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
