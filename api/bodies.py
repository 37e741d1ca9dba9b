"""Bodies of requests: not larger than they may be, of the form that is asked for, and JSON that any database and any reader can take."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.problems import PointedFault, ProblemError, pointer_of
from api.texts import fit

DEEPEST = 60
"""Levels that JSON may be nested."""
LARGE = 200_000
"""Bytes from which JSON is taken apart beside the event loop."""


class BodyLimit:
    """Refuses bodies above a size, also those that do not say how large they are."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise ProblemError("too-large", f"A body may hold {self._most / 1e6:g} MB.")
            return message

        if told.isdigit() and int(told) > self._most:
            detail = f"A body may hold {self._most / 1e6:g} MB; this one says {int(told) / 1e6:,.1f} MB."
            await problems.problem(Request(scope), "too-large", detail)(scope, receive, send)
            return
        await self._app(scope, counted, send)


class CarefulRequest(Request):
    """A request whose JSON is looked at before anything is made of it."""

    async def json(self) -> Any:
        """The body's JSON; ProblemError where it is none, or holds what cannot be kept."""
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = parsed(body) if len(body) < LARGE else await run_in_threadpool(parsed, body)
        return self._json


class CarefulRoute(APIRoute):
    """A route whose bodies are JSON, and are said to be."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Look at the request first."""
        handler, wants_body = super().get_route_handler(), self.body_field is not None

        async def careful(request: Request) -> Response:
            if wants_body and _has_body(request) and kind_of(request) != "application/json":
                raise ProblemError("unsupported", "Send JSON, and say so: Content-Type: application/json.", headers={"Accept": "application/json"})
            return await handler(CarefulRequest(request.scope, request.receive))

        return careful


def kind_of(request: Request) -> str:
    """The form of a body as the request says it, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def parsed(body: bytes) -> Any:
    """A body's JSON; ProblemError where it is none, or holds what cannot be kept."""
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ProblemError("bad-request", f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except UnicodeDecodeError as error:
        raise ProblemError("bad-request", f"The body is not UTF-8 text: byte {error.start:,}.") from None
    except RecursionError:
        raise ProblemError("bad-request", f"The body is nested more than {DEEPEST} levels deep.") from None
    except ValueError as error:
        raise ProblemError("bad-request", f"The body is not JSON: {str(error)[:100]}.") from None
    if faults := list(_unfit(found)):
        raise ProblemError("faulty-input", f"{len(faults):,} fault{'' if len(faults) == 1 else 's'} in the request.", faults=faults)
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _unfit(document: Any) -> Iterator[PointedFault]:
    """What of a document cannot be kept: texts with NUL or half characters. ProblemError where it is nested too deeply."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(document, ())]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str):
            if not fit(value):
                yield _unfit_text(path)
        elif isinstance(value, dict | list):
            if len(path) >= DEEPEST:
                raise ProblemError("bad-request", f"The body is nested more than {DEEPEST} levels deep.")
            if isinstance(value, dict):
                if not all(map(fit, value)):
                    yield _unfit_text(path)
                    continue
                waiting.extend((part, (*path, key)) for key, part in value.items() if isinstance(part, str | dict | list))
            else:
                waiting.extend((part, (*path, str(number))) for number, part in enumerate(value) if isinstance(part, str | dict | list))


def _unfit_text(path: tuple[str, ...]) -> PointedFault:
    message = "The text holds a NUL character or half of a character."
    return PointedFault("control_character", message, "Take it out.", column=path[-1] if path else "", pointer=pointer_of(*path))
