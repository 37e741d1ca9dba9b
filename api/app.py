"""The web application, made from its settings. Every route is in `routes`, one resource a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import observed, problems, telemetry
from api.access.headers import Careful, KnownHost
from api.metrics import Meters
from api.once import ReplayedError
from api.routes import every_router
from api.service import Service
from api.settings import Settings, settings
from api.store import migrate


def create_app(chosen: Settings | None = None) -> FastAPI:
    """The application; it brings the store up to date when it starts."""
    chosen = chosen or settings()
    telemetry.start(chosen, "web")
    meters = Meters()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        service = Service(chosen)
        migrate.upgrade(service.store)
        app.state.service = service
        assert service.session_secret  # made now, so that no read ever has to
        meters.watch(service)
        yield
        service.close()

    app = FastAPI(
        title="OJT Allocator",
        version=version("ojt-allocator"),
        description="Decide who gets which on-the-job-training slot: proven best, checked independently, explained to each person.",
        lifespan=life,
        docs_url="/docs",
        redoc_url=None,
        telemetry=telemetry.of_requests(),
    )
    app.state.meters = meters
    problems.install(app)
    app.add_exception_handler(ReplayedError, _replayed)
    for router in every_router():
        app.include_router(router)
    app.add_middleware(BodyLimit, most=int(chosen.upload_mb * 1e6))
    app.add_middleware(KnownHost, settings=chosen)
    observed.install(app, meters.requests)
    app.add_middleware(Careful, settings=chosen)
    return app


def _replayed(_: Request, error: Exception) -> Response:
    assert isinstance(error, ReplayedError)
    return error.response


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
                raise problems.ProblemError("too-large", f"A body may hold {self._most / 1e6:g} MB.")
            return message

        if told.isdigit() and int(told) > self._most:
            request = Request(scope)
            await problems.problem(request, "too-large", f"A body may hold {self._most / 1e6:g} MB; this one says {int(told) / 1e6:,.1f} MB.")(
                scope, receive, send
            )
            return
        await self._app(scope, counted, send)
