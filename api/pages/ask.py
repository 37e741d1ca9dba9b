"""What a page asks of the service: the API itself, in this process, as whoever has the page open.

A page can so do nothing that its reader could not do with a key, and what the API refuses, hides or leaves out is refused, hidden and left out on pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import Annotated, Any
from urllib.parse import quote

import httpx2 as httpx
from fastapi import Depends, FastAPI, Request
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.concurrency import run_in_threadpool
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.bodies import LARGE
from api.problems import MEDIA

WITH_SLASHES = frozenset({"label"})
"""Names in paths that may hold a slash; any other with one would ask for something else than the page means."""


class RefusedError(Exception):
    """The API answered with a problem."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["detail"])
        self.problem = problem

    @property
    def code(self) -> str:
        """Which problem it is."""
        return str(self.problem["code"])


@dataclass(frozen=True)
class Answer:
    """What the API answered."""

    status: int
    document: Any
    headers: httpx.Headers

    @property
    def etag(self) -> str:
        """The version that a change of it must name."""
        return self.headers["etag"]

    @property
    def made(self) -> str:
        """The id of what was made: the last part of its Location."""
        return self.headers["location"].rsplit("/", 1)[1]


class Api:
    """The API, asked by a page. Paths are templates as OpenAPI has them; `given` fills what is in braces, the rest of it is the query."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._state = {name: getattr(request.state, name) for name in ("caller", "trace_id") if hasattr(request.state, name)}
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(_as(request.app, self._state)), base_url=str(request.base_url), trust_env=False)

    async def get(self, path: str, **given: Any) -> Any:
        """A document. Raises RefusedError where there is a problem."""
        return (await self.ask("GET", path, **given)).document

    async def post(self, path: str, body: Any = None, *, once: str = "", **given: Any) -> Answer:
        """Make something; `once` is the Idempotency-Key of the form that was sent. Raises RefusedError where there is a problem."""
        return await self.ask("POST", path, body, headers={"Idempotency-Key": once} if once else {}, **given)

    async def ask(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, files: Any = None, **given: Any) -> Answer:
        """Send a request. Raises RefusedError where there is a problem."""
        inside = {name for _, name, _, _ in Formatter().parse(path) if name}
        if wrong := [name for name in inside if not given[name] or ("/" in str(given[name]) and name not in WITH_SLASHES)]:
            raise self._none_such(str(given[wrong[0]]))
        # Dots too: `..` would lead a step up.
        place = path.format(**{name: quote(str(given[name]), safe="").replace(".", "%2E") for name in inside})
        query = {name: value for name, value in given.items() if name not in inside and value not in (None, "")}
        more = {} if body is None else {"json": body}
        # As bytes: what a form holds in the place of a key or a version may be any text.
        told = {name.encode(): value.encode() for name, value in {"Accept": f"application/json, {MEDIA}", **(headers or {})}.items()}
        response = await self._client.request(method, place, params=query, headers=told, files=files, **more)
        is_json = response.content and "json" in response.headers.get("content-type", "")
        document: Any = response.text if not is_json else response.json() if len(response.content) < LARGE else await run_in_threadpool(response.json)
        if response.status_code >= 400:
            raise RefusedError(document)
        return Answer(response.status_code, document, response.headers)

    def _none_such(self, name: str) -> RefusedError:
        """What the API says of an id that it cannot have."""
        return RefusedError(problems.document(self._request, "not-found", f"There is no {name!r}."))


def api_of(request: Request) -> Api:
    """The API for the asker of a request."""
    return Api(request)


Ask = Annotated[Api, Depends(api_of)]


@lru_cache(maxsize=4)
def _inside(app: FastAPI) -> ASGIApp:
    """The application without what looks at requests from outside: they have been looked at, counted and let in as requests for pages."""
    handlers: Any = {kind: handler for kind, handler in app.exception_handlers.items() if kind not in (500, Exception)}
    return ExceptionMiddleware(AsyncExitStackMiddleware(app.router), handlers=handlers)


def _as(app: FastAPI, state: dict[str, Any]) -> ASGIApp:
    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        await _inside(app)({**scope, "app": app, "state": dict(state)}, receive, send)

    return asked
