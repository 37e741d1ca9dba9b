"""The web application, made from its settings. Every route is in `routes`, one resource a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request, Response

from api import methods, observed, openapi, problems, telemetry
from api.access.headers import Careful, KnownHost
from api.bodies import BodyLimit
from api.metrics import Meters
from api.once import ReplayedError
from api.pages import frame, warm
from api.pages.troubles import ProblemPages
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
        warm.begin()
        yield
        service.close()

    app = FastAPI(
        title="OJT Allocator",
        version=version("ojt-allocator"),
        description="Decide who gets which on-the-job-training slot: proven best, checked independently, explained to each person.",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        telemetry=telemetry.of_requests(),
    )
    app.state.meters = meters
    problems.install(app)
    openapi.install(app)
    frame.install(app)
    app.add_exception_handler(ReplayedError, _replayed)
    for router in every_router():
        app.include_router(router)
    methods.install(app)
    app.add_middleware(BodyLimit, most=int(chosen.upload_mb * 1e6))
    app.add_middleware(KnownHost, settings=chosen)
    observed.install(app, meters.requests)
    app.add_middleware(ProblemPages)
    app.add_middleware(Careful, settings=chosen)
    return app


def _replayed(_: Request, error: Exception) -> Response:
    assert isinstance(error, ReplayedError)
    return error.response
