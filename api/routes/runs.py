"""Runs: submit, follow, end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.access.asking import still_may
from api.documents.log import log_lines
from api.jobs import runs as life
from api.jobs.turns import positions
from api.once import OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, piece
from api.routing import Me, Router, Use
from api.runs import Limits, find_run, require_compared, require_reference, require_room
from api.scenarios import find_version, own_layer
from api.service import Service
from api.store import audit
from api.store.tables import run_events, runs
from api.tags import fresh

router = Router(tags=["runs"])
POLL_AFTER = 2
"""Seconds after which a reader may look again."""
OF_A_PLAN = {
    "report": "report.html",
    "workbook": "report.xlsx",
    "assignments": "assignments",
    "unplaced": "unplaced",
    "kpis": "kpis",
    "explain_seeker": "explain/seekers/{seeker_id}",
    "explain_slot": "explain/slots/{slot_id}",
    "explain_rule": "explain/rules/{label}",
}
"""Links of a run that has a plan; what is in braces is to be filled in."""
HEARTBEAT = 10.0
LOOK = 0.3
Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
Outcome = Literal["optimal", "feasible", "infeasible", "no_solution"]


class NewRun(BaseModel):
    """A run to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"scenario_id": "scenario_0", "seed": 7, "limits": {"time_limit": 60}, "note": "before the board meets"}]},
    )

    scenario_id: str = Field(max_length=64)
    scenario_version: int | None = Field(None, ge=1, le=2**31 - 1, description="The latest where absent.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the lottery; the same facts, wishes and seed give the same answer.")
    limits: Limits = Limits()
    reference_run: str | None = Field(
        None,
        max_length=64,
        description="A run whose plan is what rules of stability compare with; needed where the data brings no reference and a rule compares.",
    )
    tags: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field([], max_length=20)
    note: str = Field("", max_length=2000)


class RunDocument(BaseModel):
    """A run: where it stands, and what came of it in short."""

    id: str
    kind: str
    status: Status
    outcome: Outcome | None = Field(description="What the answer is worth; an infeasible run has succeeded.")
    stop_reason: str | None
    verified: bool = Field(description="Whether the plan was checked against every rule by the independent checker.")
    scenario_id: str
    scenario_version: int
    dataset_id: str
    sweep_id: str | None
    occurrence_id: str | None
    reference_run: str | None
    seed: int
    limits: dict[str, Any]
    queue_position: int | None = Field(description="Runs that wait before it, and itself; null where it does not wait.")
    progress: dict[str, Any] | None = Field(description="Phase, and each goal's value and bound so far.")
    summary: dict[str, Any] | None = Field(description="People placed, goals, digests, versions.")
    error: dict[str, Any] | None
    attempts: int
    tags: list[str]
    note: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    last_improvement_at: datetime | None
    cancel_requested_at: datetime | None
    finished_at: datetime | None
    purged_at: datetime | None = Field(description="When its result was deleted after its time.")
    links: dict[str, str] = Field(description="Where to go on; what is in braces is to be filled in.")


def document(connection: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """A run's row as its document."""
    return documents(connection, [row])[0].model_dump(mode="json")


def documents(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> list[RunDocument]:
    """Rows of runs as their documents."""
    waiting = [row["id"] for row in rows if row["status"] == "queued"]
    places = positions(connection, waiting) if waiting else {}
    return [_described(row, places.get(row["id"])) for row in rows]


def _described(row: Mapping[str, Any], place: int | None) -> RunDocument:
    told = {name: row[name] for name in RunDocument.model_fields if name in row}
    job = row["job"]
    told["limits"] = {name: job[name] for name in Limits.model_fields if job.get(name) is not None}
    told["seed"] = job["seed"]
    told["queue_position"] = place
    me = f"/v1/runs/{row['id']}"
    told["links"] = {"self": me, "events": f"{me}/events", "log": f"{me}/log", "scenario": f"/v1/scenarios/{row['scenario_id']}", **_onward(row, me)}
    return RunDocument(**told)


def _onward(row: Mapping[str, Any], me: str) -> dict[str, str]:
    """Links that only some runs have: to what they belong to, and to what came of them while it is kept."""
    told = {name: f"/v1/{name}s/{row[f'{name}_id']}" for name in ("dataset", "sweep", "occurrence") if row[f"{name}_id"]}
    if row["reference_run"]:
        told["reference"] = f"/v1/runs/{row['reference_run']}"
    if row["kind"] == "solve" and row["purged_at"] is None:
        if row["outcome"] in {"optimal", "feasible", "infeasible"}:
            told["result"] = f"{me}/result"
        if row["outcome"] in {"optimal", "feasible"}:
            told |= {name: f"{me}/{place}" for name, place in OF_A_PLAN.items()}
        if row["outcome"] == "infeasible":
            told["infeasibility"] = f"{me}/infeasibility"
    return told


@router.operation("POST", "/v1/runs", "runs", fails=(404, 409, 410, 429), status=202, response_model=RunDocument, responses={200: {"model": RunDocument}})
async def submit(
    new: NewRun,
    request: Request,
    me: Me,
    service: Use,
    once: OnceOnly,
    prefer: Annotated[str | None, Header(description="`wait=10` waits up to so many seconds for the end, and then answers with 200.")] = None,
) -> Response:
    """Put a run into the queue; the answer comes when it is safe there."""
    response = await run_in_threadpool(_submit, new, me, service, once)
    wait = _wait(prefer)
    if wait:
        run_id = response.headers["location"].rsplit("/", 1)[1]
        until = time.monotonic() + wait
        while time.monotonic() < until and not await request.is_disconnected():
            told = await run_in_threadpool(_document, service, me.board, run_id)
            if told["status"] in life.ENDED:
                return JSONResponse(told, 200, {"Location": response.headers["location"], "Preference-Applied": f"wait={wait:g}"})
            await asyncio.sleep(LOOK)
    return response


def _submit(new: NewRun, me: Me, service: Service, once: OnceOnly) -> JSONResponse:
    once.start(new.model_dump(mode="json"))
    with service.store.read() as connection:
        version = find_version(connection, me.board, new.scenario_id, new.scenario_version)
    require_compared(service, me.board, version, new.reference_run)
    with service.store.begin() as connection:
        require_room(connection, service, me.board)
        if new.reference_run is not None:
            require_reference(connection, me.board, new.reference_run)
        values = {
            "board": me.board,
            "scenario_id": new.scenario_id,
            "scenario_version": version["version"],
            "dataset_id": version["dataset_id"],
            "reference_run": new.reference_run,
            "job": {"seed": new.seed, **new.limits.model_dump(exclude_none=True), "layers": [*version["layers"], *own_layer(version)]},
            "tags": new.tags,
            "note": new.note,
            "created_by": me.id,
        }
        run_id = life.submit(connection, service.queue, values)
        audit.record(connection, me.board, me.actor, "run.submit", run_id, {"scenario": new.scenario_id, "version": version["version"]})
        told = document(connection, find_run(connection, me.board, run_id))
        return once.keep(connection, answered(told, 202, location=f"/v1/runs/{run_id}", retry_after=POLL_AFTER))


def _wait(prefer: str | None) -> float:
    """Seconds that a Prefer header asks to wait (RFC 7240), at most 60."""
    for part in (prefer or "").replace(",", ";").split(";"):
        name, _, value = part.strip().partition("=")
        if name.lower() == "wait" and value.isascii() and value.isdigit():
            return min(60.0, float(value))
    return 0.0


def _document(service: Service, board: str, run_id: str) -> dict[str, Any]:
    with service.store.read() as connection:
        return document(connection, find_run(connection, board, run_id))


@router.operation("GET", "/v1/runs", "read", fails=(400,))
def list_runs(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    status: Status | None = None,
    scenario_id: Annotated[str | None, Query(max_length=64)] = None,
    sweep_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[RunDocument]:
    """Runs, newest first; those that are parts of a sweep only where the sweep is named."""
    query = sa.select(runs).where(runs.c.board == me.board)
    query = query.where(runs.c.sweep_id.is_(None)) if sweep_id is None else query
    for column, value in ((runs.c.status, status), (runs.c.scenario_id, scenario_id), (runs.c.sweep_id, sweep_id)):
        query = query if value is None else query.where(column == value)
    with service.store.read() as connection:
        rows, following = piece(connection, query, runs.c.id, limit, cursor)
        linked(request, response, following)
        return Page(items=documents(connection, rows), next_cursor=following)


@router.operation("GET", "/v1/runs/{run_id}", "read", response_model=RunDocument, responses={304: {"description": "Unchanged."}})
def read_run(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """A run; with If-None-Match, nothing where it has not changed."""
    told = _document(service, me.board, run_id)
    return fresh(request, told, headers={} if told["status"] in life.ENDED else {"Retry-After": str(POLL_AFTER)})


@router.operation("POST", "/v1/runs/{run_id}/cancel", "runs", status=202, response_model=RunDocument)
def cancel(run_id: str, me: Me, service: Use) -> Response:
    """End a run: at once where it waits; where it runs, with the best so far, within seconds that its solver needs to stop. Harmless where it has ended."""
    with service.store.begin() as connection:
        before = find_run(connection, me.board, run_id)["status"]
        after = life.cancel(connection, run_id)
        if after != before:
            audit.record(connection, me.board, me.actor, "run.cancel", run_id)
        return JSONResponse(document(connection, find_run(connection, me.board, run_id)), 202)


def _there(run_id: str, me: Me, service: Use) -> None:
    """ProblemError before the stream begins where there is no such run."""
    with service.store.read() as connection:
        find_run(connection, me.board, run_id)


@router.operation("GET", "/v1/runs/{run_id}/events", "read", response_class=EventSourceResponse, dependencies=[Depends(_there)])
async def events(
    run_id: str,
    request: Request,
    service: Use,
    last_event_id: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**31 - 1, description="Go on after this event.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens to a run, as server-sent events: `status`, `phase`, `incumbent`, and `heartbeat` when there is nothing to say.

    Events have numbers; a reader that was cut off sends the last one it has seen. The stream ends with the run; a reader who comes late gets everything. It
    ends as well when the reader's key does.
    """
    seen, said, known = last_event_id or 0, time.monotonic(), time.monotonic()
    while not await request.is_disconnected():
        rows, ended = await run_in_threadpool(_events_after, service, run_id, seen)
        for row in rows:
            seen, said = row["seq"], time.monotonic()
            yield ServerSentEvent(event=row["type"], id=str(seen), data={**row["data"], "at": row["at"].isoformat()})
        if ended:
            return
        if time.monotonic() - known >= HEARTBEAT:
            known = time.monotonic()
            if not await run_in_threadpool(still_may, request, service, "read"):
                return
        if time.monotonic() - said >= HEARTBEAT:
            said = time.monotonic()
            yield ServerSentEvent(event="heartbeat", data={})
        await asyncio.sleep(LOOK)


def _events_after(service: Service, run_id: str, seen: int) -> tuple[list[Mapping[str, Any]], bool]:
    with service.store.read() as connection:
        status = connection.execute(sa.select(runs.c.status).where(runs.c.id == run_id)).scalar()
        query = sa.select(run_events).where(run_events.c.run_id == run_id, run_events.c.seq > seen).order_by(run_events.c.seq)
        return [dict(row) for row in connection.execute(query).mappings()], status not in life.OPEN


@router.operation(
    "GET",
    "/v1/runs/{run_id}/log",
    "read",
    response_class=PlainTextResponse,
    responses={200: {"description": "Lines of text: a moment, a kind, and what happened.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_log(run_id: str, me: Me, service: Use) -> PlainTextResponse:
    """What happened to a run so far, as text for people: attempts, phases, better solutions and bounds, the end and its reason."""
    with service.store.read() as connection:
        run = find_run(connection, me.board, run_id)
        query = sa.select(run_events).where(run_events.c.run_id == run_id).order_by(run_events.c.seq)
        happened = [dict(row) for row in connection.execute(query).mappings()]
    return PlainTextResponse("".join(log_lines(run, happened)))
