"""Is it up, and can it work?"""

from __future__ import annotations

from importlib.metadata import version
from typing import Literal

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, Field

from api import canary
from api.jobs.living import count_alive
from api.problems import ProblemError
from api.routing import Use, problems
from api.store import migrate

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Ready(BaseModel):
    """The service can work."""

    status: Literal["ready", "degraded"] = Field(description="Degraded: it works, but something is to be looked at.")
    revision: str = Field(description="Revision of the store.")
    workers: int = Field(description="Workers that live.")
    detail: str = Field("", description="What is to be looked at.")


@router.get("/healthz", openapi_extra={"x-scope": None})
def health() -> Health:
    """Whether the process answers; looks at nothing else."""
    return Health(status="ok", version=version("ojt-allocator"))


@router.get("/readyz", responses=problems(503), openapi_extra={"x-scope": None})
def ready(service: Use) -> Ready:
    """Whether the store can be reached, has the shape this version needs, and a worker lives."""
    try:
        revision = migrate.revision(service.store)
        with service.store.read() as connection:
            alive = count_alive(connection, service.settings.lost_after)
            complaint = canary.complaint(connection, service.settings.canary) if revision == migrate.head() else None
    except sa.exc.SQLAlchemyError:
        raise ProblemError("unavailable", "The store cannot be reached.") from None
    if revision != migrate.head():
        raise ProblemError("unavailable", f"The store is at revision {revision}; this version needs {migrate.head()}.")
    if not alive:
        raise ProblemError("unavailable", "No worker lives; start one with `ojt worker`.")
    return Ready(status="degraded" if complaint else "ready", revision=str(revision), workers=alive, detail=complaint or "")
