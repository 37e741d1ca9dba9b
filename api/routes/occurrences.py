"""Occurrences: what became of each night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.moments import Day
from api.night import occurrences as life
from api.night.announcing import announce
from api.night.schedule import Said
from api.night.schedules import find as find_schedule
from api.paging import Cursor, Limit, Page, linked, piece
from api.problems import ProblemError
from api.routing import Me, Router, Use
from api.service import Service
from api.store import audit
from api.store.tables import occurrences
from api.tags import fresh

router = Router(tags=["occurrences"])
Status = Literal["waiting", "running", "held", "finished"]
Result = Literal["published", "skipped", "failed"]


class Verdict(BaseModel):
    """What a gate said."""

    gate: str
    passed: bool
    sentence: str
    figures: dict[str, Any]


class Line(BaseModel):
    """What happened, in a sentence and in figures; nobody is named."""

    at: datetime
    step: str
    sentence: str
    facts: dict[str, Any]


class OccurrenceDocument(BaseModel):
    """A night: where it stands, and how it came there."""

    id: str
    schedule_id: str
    night: date = Field(description="Local day by which it is called, and as of which the facts are looked at.")
    scheduled_for: datetime
    trigger: Literal["schedule", "manual"]
    status: Status
    result: Result | None
    reason: dict[str, Any] | None = Field(description="Why it was skipped, has failed or is held: `code`, `message` and figures.")
    dataset_id: str | None = Field(description="What the source gave, as it came.")
    run_id: str | None
    gates: list[Verdict] | None
    log: list[Line]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    links: dict[str, str]


class Rejection(BaseModel):
    """Why a held plan is not to be published."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "The export of Monday is missing."}]})

    reason: Annotated[Said, Field(min_length=1, max_length=500)]


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """An occurrence's row as its document."""
    links = {"self": f"/v1/occurrences/{row['id']}", "schedule": f"/v1/schedules/{row['schedule_id']}"}
    links |= {"run": f"/v1/runs/{row['run_id']}"} if row["run_id"] else {}
    links |= {"dataset": f"/v1/datasets/{row['dataset_id']}"} if row["dataset_id"] else {}
    published = life.fact(row, "published", "publication")
    links |= {"publication": f"/v1/publications/{published}"} if published else {}
    told = {name: row[name] for name in OccurrenceDocument.model_fields if name in row}
    return OccurrenceDocument(**told, links=links).model_dump(mode="json")


@router.operation("GET", "/v1/occurrences", "read", fails=(400,))
def list_occurrences(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    schedule_id: Annotated[str | None, Query(max_length=64)] = None,
    status: Status | None = None,
    result: Result | None = None,
    since: Annotated[Day | None, Query(description="Nights from this day on.")] = None,
    until: Annotated[Day | None, Query(description="Nights up to this day.")] = None,
) -> Page[OccurrenceDocument]:
    """Nights of every schedule, newest first."""
    query = sa.select(occurrences).where(occurrences.c.board == me.board)
    for column, value in ((occurrences.c.schedule_id, schedule_id), (occurrences.c.status, status), (occurrences.c.result, result)):
        query = query if value is None else query.where(column == value)
    query = query if since is None else query.where(occurrences.c.night >= since)
    query = query if until is None else query.where(occurrences.c.night <= until)
    return _page(request, response, service, query, limit, cursor)


def _page(request: Request, response: Response, service: Service, query: sa.Select[Any], limit: int, cursor: str | None) -> Page[OccurrenceDocument]:
    with service.store.read() as connection:
        rows, following = piece(connection, query, occurrences.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[OccurrenceDocument(**document(row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/schedules/{schedule_id}/occurrences", "read", fails=(400,))
def list_of_schedule(
    schedule_id: str, request: Request, response: Response, me: Me, service: Use, limit: Limit = 100, cursor: Cursor = None
) -> Page[OccurrenceDocument]:
    """Nights of a schedule, newest first."""
    with service.store.read() as connection:
        find_schedule(connection, me.board, schedule_id)
    return _page(request, response, service, sa.select(occurrences).where(occurrences.c.schedule_id == schedule_id), limit, cursor)


@router.operation("GET", "/v1/occurrences/{occurrence_id}", "read", response_model=OccurrenceDocument, responses={304: {"description": "Unchanged."}})
def read_occurrence(occurrence_id: str, request: Request, me: Me, service: Use) -> Response:
    """A night with its log and what its gates said."""
    with service.store.read() as connection:
        told = document(life.find(connection, me.board, occurrence_id))
    return fresh(request, told, headers={} if told["status"] in ("held", "finished") else {"Retry-After": "2"})


@router.operation("POST", "/v1/occurrences/{occurrence_id}/reject", "publish", fails=(409,), response_model=OccurrenceDocument)
def reject(occurrence_id: str, asked: Rejection, me: Me, service: Use) -> Response:
    """Say that a held plan is not to be published; the night ends as skipped, and what was published before stays."""
    with service.store.begin() as connection:
        life.find(connection, me.board, occurrence_id)
        row = life.locked(connection, occurrence_id)
        if row["status"] != "held":
            raise ProblemError("conflict", f"The night is {row['result'] or row['status']}; only one that is held can be rejected.")
        row = life.end(connection, row, "skipped", f"Rejected: {asked.reason}", "rejected", by=me.actor)
        audit.record(connection, me.board, me.actor, "occurrence.reject", occurrence_id)
        announce(connection, service, me.board, "occurrence.skipped", occurrence=occurrence_id)
    return JSONResponse(document(row))
