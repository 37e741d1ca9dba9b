"""Purges: delete what is past its time now, rather than with the night."""

from __future__ import annotations

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from api.once import OnceOnly, answered
from api.purge import purge
from api.routing import Me, Router, Use
from api.store import audit

router = Router(tags=["purges"])


class NewPurge(BaseModel):
    """What to do."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"dry_run": True}]})

    dry_run: bool = Field(True, description="Only count what is past its time.")


class PurgeDocument(BaseModel):
    """How much of the board was past its time, and is deleted unless it was a dry run."""

    dry_run: bool
    runs: int
    datasets: int
    files: int = Field(description="Contents that nothing refers to any more; not counted in a dry run.")
    bytes: int
    idempotency_keys: int
    deliveries: int
    sessions: int


@router.operation("POST", "/v1/purges", "purge", fails=(409,), response_model=PurgeDocument)
def make(new: NewPurge, me: Me, service: Use, once: OnceOnly) -> Response:
    """Delete what is past its time on this board: files of old runs and datasets that nothing refers to, answers to old Idempotency-Keys, old deliveries."""
    once.start(new.model_dump())
    total = purge(service, me.actor, board=me.board, dry_run=new.dry_run)
    told = PurgeDocument(dry_run=new.dry_run, **{name: value for name, value in total.as_dict().items() if name in PurgeDocument.model_fields})
    with service.store.begin() as connection:
        if not new.dry_run:
            audit.record(connection, me.board, me.actor, "purge", me.board, {"runs": told.runs, "datasets": told.datasets})
        return once.keep(connection, answered(told.model_dump(), 200))
