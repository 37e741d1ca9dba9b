"""Schedules: when the night comes, from where, under which wishes, and what must hold before anything is published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api import clock
from api.moments import Day
from api.night import schedules as life
from api.night.schedule import Schedule
from api.once import OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, piece
from api.routes.occurrences import OccurrenceDocument
from api.routes.occurrences import document as occurrence_document
from api.routing import Me, Router, Use
from api.store.tables import schedules
from api.tags import fresh, require_match

router = Router(tags=["schedules"])
EXAMPLE: dict[str, Any] = {
    "name": "Portland nightly",
    "cron": "30 2 * * 1-5",
    "time_zone": "America/Los_Angeles",
    "source": {"kind": "folder", "path": "portland/{night}"},
    "gates": {"placed": 0.95, "fresh_hours": 26, "moved": 40},
    "catch_up": {"rule": "latest", "max_age": "PT12H"},
    "review": "automatic",
}


class NewSchedule(Schedule):
    """A schedule to be made, or what one is to say from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})


class ScheduleDocument(Schedule):
    """A schedule: what it says, in the fields that it was sent in, and where it stands."""

    id: str
    version: int = Field(description="Counts its changes; the ETag.")
    paused: bool
    next_due: datetime | None = Field(description="When it is due next; null where it is archived or never due again.")
    planned_to: datetime = Field(description="Every time that it was due up to here has its occurrence.")
    created_by: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    links: dict[str, str]


class Due(BaseModel):
    """A time at which a schedule will be due."""

    scheduled_for: datetime
    local: str = Field(description="The same on the local clock, with its offset.")
    night: date
    seed: int = Field(description="Seed of that night's lottery, known before.")
    note: str = Field(description="What is unusual, because the clock is put forward or back; empty where nothing is.")


class Jump(BaseModel):
    """A day on which the clock is put forward or back."""

    night: date
    sentence: str
    due: list[str] = Field(description="When the schedule is due on that day, on the local clock.")


class Preview(BaseModel):
    """What a schedule will do."""

    upcoming: list[Due]
    clock_changes: list[Jump] = Field(description="Changes of the clock in the thirteen months to come.")


class Start(BaseModel):
    """A night to be started by hand."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"date": "2026-11-02"}]})

    date: Day
    again: bool = Field(False, description="Start it anew where it was skipped or has failed; nothing that was published is published twice.")


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule's row as its document."""
    schedule = Schedule.model_validate(row["document"])
    due = [] if row["archived_at"] is not None else life.upcoming(schedule, max(clock.now(), row["planned_to"]), 1)
    me = f"/v1/schedules/{row['id']}"
    links = {"self": me, "preview": f"{me}/preview", "occurrences": f"{me}/occurrences", "current": f"/v1/publications/current?schedule={row['id']}"}
    stands = {name: row[name] for name in ScheduleDocument.model_fields.keys() - Schedule.model_fields.keys() if name in row}
    told = {**schedule.model_dump(), **stands, "next_due": due[0]["scheduled_for"] if due else None, "links": links}
    return ScheduleDocument(**told).model_dump(mode="json")


def _tag(row: Mapping[str, Any]) -> str:
    return f'"{row["version"]}"'


@router.operation("POST", "/v1/schedules", "nights", fails=(404, 409), status=201, response_model=ScheduleDocument)
def create(new: NewSchedule, me: Me, service: Use, once: OnceOnly) -> Response:
    """Make a schedule. Its first night is the next time it is due."""
    once.start(new.model_dump(mode="json"))
    with service.store.begin() as connection:
        row = life.create(connection, service, me.board, new, me.actor)
        return once.keep(connection, answered(document(row), 201, location=f"/v1/schedules/{row['id']}", etag=_tag(row)))


@router.operation("GET", "/v1/schedules", "read", fails=(400,))
def list_schedules(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    archived: Annotated[bool, Query(description="Archived ones too.")] = False,
) -> Page[ScheduleDocument]:
    """Schedules, newest first."""
    query = sa.select(schedules).where(schedules.c.board == me.board)
    query = query if archived else query.where(schedules.c.archived_at.is_(None))
    with service.store.read() as connection:
        rows, following = piece(connection, query, schedules.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[ScheduleDocument(**document(row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/schedules/{schedule_id}", "read", response_model=ScheduleDocument, responses={304: {"description": "Unchanged."}})
def read_schedule(schedule_id: str, request: Request, me: Me, service: Use) -> Response:
    """A schedule; its ETag is the version that a change must name."""
    with service.store.read() as connection:
        row = life.find(connection, me.board, schedule_id)
    return fresh(request, document(row), _tag(row))


@router.operation("PUT", "/v1/schedules/{schedule_id}", "nights", fails=(409, 412, 428), response_model=ScheduleDocument)
def change(schedule_id: str, new: NewSchedule, request: Request, me: Me, service: Use) -> Response:
    """Say anew what a schedule does. Nights that were due before were due by what it said before."""
    with service.store.begin() as connection:
        row = life.find(connection, me.board, schedule_id, hold=True)
        require_match(request, row["version"])
        row = life.change(connection, service, row, new, me.actor)
    return JSONResponse(document(row), headers={"ETag": _tag(row)})


@router.operation("POST", "/v1/schedules/{schedule_id}/pause", "nights", fails=(409,), response_model=ScheduleDocument)
def pause(schedule_id: str, me: Me, service: Use) -> Response:
    """Let nights be skipped until it is resumed. Harmless where it is paused already."""
    return _paused(schedule_id, me, service, paused=True)


@router.operation("POST", "/v1/schedules/{schedule_id}/resume", "nights", fails=(409,), response_model=ScheduleDocument)
def resume(schedule_id: str, me: Me, service: Use) -> Response:
    """Go on with the next night that is due. Harmless where it is not paused."""
    return _paused(schedule_id, me, service, paused=False)


def _paused(schedule_id: str, me: Me, service: Use, *, paused: bool) -> Response:
    with service.store.begin() as connection:
        row = life.pause(connection, service, life.find(connection, me.board, schedule_id, hold=True), me.actor, paused=paused)
    return JSONResponse(document(row), headers={"ETag": _tag(row)})


@router.operation("DELETE", "/v1/schedules/{schedule_id}", "nights", response_model=ScheduleDocument)
def archive(schedule_id: str, me: Me, service: Use) -> Response:
    """End a schedule for good. Its nights and publications stay; its name is free again. Harmless where it has ended."""
    with service.store.begin() as connection:
        row = life.archive(connection, service, life.find(connection, me.board, schedule_id, hold=True), me.actor)
    return JSONResponse(document(row), headers={"ETag": _tag(row)})


@router.operation("GET", "/v1/schedules/{schedule_id}/preview", "read")
def preview(schedule_id: str, me: Me, service: Use, count: Annotated[int, Query(ge=1, le=100, description="Due times to tell.")] = 10) -> Preview:
    """The next times a schedule is due, and what the changes of the clock do to it."""
    with service.store.read() as connection:
        schedule = Schedule.model_validate(life.find(connection, me.board, schedule_id)["document"])
    moment = clock.now()
    return Preview(
        upcoming=[Due(**line) for line in life.upcoming(schedule, moment, count)], clock_changes=[Jump(**line) for line in life.jumps(schedule, moment)]
    )


@router.operation(
    "POST",
    "/v1/schedules/{schedule_id}/occurrences",
    "nights",
    fails=(409,),
    status=202,
    response_model=OccurrenceDocument,
    responses={200: {"model": OccurrenceDocument, "description": "The night is there already."}},
)
def start(schedule_id: str, asked: Start, me: Me, service: Use, once: OnceOnly) -> Response:
    """Start a night by hand. A night that is there already is given back as it is: asking twice is one night."""
    once.start({"schedule": schedule_id, **asked.model_dump(mode="json")})
    with service.store.begin() as connection:
        schedule = life.find(connection, me.board, schedule_id, hold=True)
        row, started = life.start_night(connection, service, schedule, asked.date, me.actor, again=asked.again)
        return once.keep(connection, answered(occurrence_document(row), 202 if started else 200, location=f"/v1/occurrences/{row['id']}"))
