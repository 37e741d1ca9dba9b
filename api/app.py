"""The web application, made from its settings. Every route is in `routes`, one resource a file."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI, Request, Response

from api import methods, problems
from api.access.headers import Careful, KnownHost
from api.bodies import BodyLimit
from api.once import ReplayedError
from api.routes import every_router
from api.service import Service
from api.settings import Settings, settings
from api.store import migrate

log = structlog.get_logger("ojt.web")
TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
"""A traceparent header (W3C Trace Context)."""


def create_app(chosen: Settings | None = None) -> FastAPI:
    """The application; it brings the store up to date when it starts."""
    chosen = chosen or settings()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        service = Service(chosen)
        migrate.upgrade(service.store)
        app.state.service = service
        assert service.session_secret  # made now, so that no read ever has to
        yield
        service.close()

    app = FastAPI(
        title="OJT Allocator",
        version=version("ojt-allocator"),
        description="Decide who gets which on-the-job-training slot: proven best, checked independently, explained to each person.",
        lifespan=life,
        docs_url="/docs",
        redoc_url=None,
    )
    problems.install(app)
    app.add_exception_handler(ReplayedError, _replayed)
    for router in every_router():
        app.include_router(router)
    methods.install(app)
    app.add_middleware(BodyLimit, most=int(chosen.upload_mb * 1e6))
    app.add_middleware(KnownHost, settings=chosen)
    app.middleware("http")(_traced)
    app.add_middleware(Careful, settings=chosen)
    return app


def _replayed(_: Request, error: Exception) -> Response:
    assert isinstance(error, ReplayedError)
    return error.response


async def _traced(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Give the request a trace id, and turn what nobody has caught into a problem that tells nothing but the id."""
    told = TRACE.fullmatch(request.headers.get("traceparent", ""))
    request.state.trace_id = told[1] if told else secrets.token_hex(16)
    try:
        response = await go_on(request)
    except Exception:
        log.exception("a request broke", trace_id=request.state.trace_id, method=request.method, path=request.url.path)
        response = problems.problem(request, "broken", "The logs say more under the trace id.")
    response.headers["X-Trace-Id"] = request.state.trace_id
    return response
