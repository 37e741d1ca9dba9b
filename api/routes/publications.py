"""Publications: which plan holds, since when, and what it changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.answering.subject import stored_result
from api.forms import UNCHANGED, ZIP, download, lasting
from api.night import occurrences as nights
from api.night import publications as life
from api.night.figures import ask_figures
from api.night.schedule import Said
from api.once import OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, piece
from api.problems import ProblemError
from api.results import PAPER_SECONDS, result_folder, subject_of, tag_of_result
from api.routing import Me, Router, Use
from api.runs import find_run
from api.service import Service
from api.sheets import packed_sheets
from api.store.tables import publications
from api.tags import fresh

router = Router(tags=["publications"])


class NewPublication(BaseModel):
    """A plan to be published by hand: that of a run, or that of a night which is held or was refused by a gate."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"run_id": "run_0", "occurrence_id": "occurrence_0", "note": "Looked at by the team."}]}
    )

    run_id: Annotated[Said, Field(max_length=64)]
    occurrence_id: Annotated[Said, Field(max_length=64)] | None = Field(None, description="The night whose plan it is; it is published for its due time then.")
    note: Annotated[Said, Field(max_length=2000)] = ""


class PublicationDocument(BaseModel):
    """A publication: whose plan, when, by whom, in figures."""

    id: str
    schedule_id: str | None
    scheduled_for: datetime | None
    occurrence_id: str | None
    run_id: str
    previous_id: str | None = Field(description="The publication that held before.")
    summary: dict[str, Any] = Field(description="People placed, records, promises and people flow in figures.")
    note: str
    created_by: str
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    links: dict[str, str]


class Difference(BaseModel):
    """What a publication changed for people, against the one before it."""

    previous_id: str | None
    flow: dict[str, int] = Field(description="People newly placed, lost, moved, the same, arrived and left.")
    people: list[dict[str, Any]] = Field(description="Each person whose lot changed: from which slot to which.")
    goals: list[dict[str, Any]]
    rules: list[dict[str, Any]]


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A publication's row as its document."""
    me = f"/v1/publications/{row['id']}"
    links = {"self": me, "run": f"/v1/runs/{row['run_id']}", "changes": f"{me}/changes", "sheets": f"{me}/sheets.zip"}
    for name, kind in (("schedule_id", "schedule"), ("occurrence_id", "occurrence"), ("previous_id", "publication")):
        links |= {name.removesuffix("_id"): f"/v1/{kind}s/{row[name]}"} if row[name] else {}
    return PublicationDocument(**{name: row[name] for name in PublicationDocument.model_fields if name in row}, links=links).model_dump(mode="json")


@router.operation("POST", "/v1/publications", "publish", fails=(404, 409, 410), status=201, response_model=PublicationDocument)
def publish(new: NewPublication, me: Me, service: Use, once: OnceOnly) -> Response:
    """Publish a plan by hand. Each due time of a schedule is published once, by its night or by hand, never by both."""
    once.start(new.model_dump(mode="json"))
    summary = _summary(service, me.board, new)
    with service.store.begin() as connection:
        run = find_run(connection, me.board, new.run_id)
        if new.occurrence_id is None:
            life.hold_chain(connection, None)
            publication_id: str | None = life.publish_run(connection, service, run, me.actor, new.note, summary)
        else:
            row = nights.locked(connection, nights.find(connection, me.board, new.occurrence_id)["id"])
            _require_publishable(row, new)
            last = life.current(connection, me.board, row["schedule_id"])
            if last is not None and last["scheduled_for"] > row["scheduled_for"]:
                raise ProblemError("conflict", f"A later night is published already, as {last['id']!r}; withdraw it first.")
            publication_id = life.publish_night(connection, service, row, me.actor, new.note, summary)
        assert publication_id is not None, "a later publication was looked for before"
        told = document(life.find(connection, me.board, publication_id))
        return once.keep(connection, answered(told, 201, location=f"/v1/publications/{publication_id}"))


def _summary(service: Service, board: str, new: NewPublication) -> dict[str, Any]:
    """The plan in figures. ProblemError where the run has none that may be published, whoever asks."""
    with service.store.read() as connection:
        run = find_run(connection, board, new.run_id)
        schedule_id = None if new.occurrence_id is None else nights.find(connection, board, new.occurrence_id)["schedule_id"]
        last = life.current(connection, board, schedule_id)
        last_run = None if last is None else find_run(connection, board, last["run_id"])
    if run["purged_at"] is None and (run["status"] != "succeeded" or not run["verified"]):
        raise ProblemError("conflict", f"Run {run['id']!r} has no plan that could be published.")
    figures = ask_figures(service, run, last_run if last_run is not None and last_run["purged_at"] is None else None)
    if figures.violations:
        raise ProblemError("conflict", f"The plan of run {run['id']!r} breaks a hard rule; it cannot be published.")
    return asdict(figures)


def _require_publishable(row: Mapping[str, Any], new: NewPublication) -> None:
    if row["run_id"] != new.run_id:
        raise ProblemError("conflict", f"The plan of the night is that of run {row['run_id']!r}.")
    refused = row["status"] == "finished" and row["result"] == "failed" and row["reason"]["code"] == "gates"
    if row["status"] != "held" and not refused:
        said = row["result"] or row["status"]
        raise ProblemError("conflict", f"The night is {said}; only one that is held, or was refused by its gates, can be published by hand.")


@router.operation("GET", "/v1/publications", "read", fails=(400,))
def list_publications(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    schedule: Annotated[str | None, Query(max_length=64, description="Id of a schedule.")] = None,
    withdrawn: Annotated[bool, Query(description="Withdrawn ones too.")] = True,
) -> Page[PublicationDocument]:
    """Publications, newest first."""
    query = sa.select(publications).where(publications.c.board == me.board)
    query = query if schedule is None else query.where(publications.c.schedule_id == schedule)
    query = query if withdrawn else query.where(publications.c.withdrawn_at.is_(None))
    with service.store.read() as connection:
        rows, following = piece(connection, query, publications.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[PublicationDocument(**document(row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/publications/current", "read", fails=(404,), response_model=PublicationDocument, responses={304: {"description": "Unchanged."}})
def read_current(
    request: Request,
    me: Me,
    service: Use,
    schedule: Annotated[str | None, Query(max_length=64, description="Id of a schedule; the last one made by hand where absent.")] = None,
) -> Response:
    """The publication that holds: the last good one, whatever became of the nights after it."""
    with service.store.read() as connection:
        row = life.current(connection, me.board, schedule)
    if row is None:
        raise ProblemError("not-found", "Nothing is published.")
    return fresh(request, document(row))


@router.operation("GET", "/v1/publications/{publication_id}", "read", response_model=PublicationDocument, responses={304: {"description": "Unchanged."}})
def read_publication(publication_id: str, request: Request, me: Me, service: Use) -> Response:
    """A publication."""
    with service.store.read() as connection:
        return fresh(request, document(life.find(connection, me.board, publication_id)))


@router.operation("DELETE", "/v1/publications/{publication_id}", "publish", response_model=PublicationDocument)
def withdraw(publication_id: str, me: Me, service: Use) -> Response:
    """Take a publication back: it stays in the history, and the one before it holds again. Harmless where it is withdrawn already."""
    with service.store.begin() as connection:
        life.hold_chain(connection, life.find(connection, me.board, publication_id)["schedule_id"])
        life.withdraw(connection, service, publication_id, me.actor)
        return JSONResponse(document(life.find(connection, me.board, publication_id)))


@router.operation("GET", "/v1/publications/{publication_id}/changes", "read", fails=(409, 410))
def changes(publication_id: str, me: Me, service: Use) -> Difference:
    """What changed for people, goals and rules against the publication before."""
    with service.store.read() as connection:
        row = life.find(connection, me.board, publication_id)
        run = find_run(connection, me.board, row["run_id"])
        previous = None if row["previous_id"] is None else life.find(connection, me.board, row["previous_id"])
        before = None if previous is None else find_run(connection, me.board, previous["run_id"])
    if before is None:
        plan = stored_result(result_folder(service, run)).plan()
        people = [{"seeker_id": seeker, "change": "arrived", "from": None, "to": slot} for seeker, slot in plan]
        return Difference(previous_id=None, flow={"arrived": len(people)}, people=people, goals=[], rules=[])
    subjects, arguments = [subject_of(service, each) for each in (before, run)], {"names": ["before", "now"], "abouts": ["", ""], "only_differences": True}
    (told,) = json.loads(service.answerers.ask("comparison", subjects, arguments, kind="paper", seconds=PAPER_SECONDS))["comparisons"]
    return Difference(previous_id=row["previous_id"], flow=told["flow"], people=told["people"], goals=told["goals"], rules=told["rules"])


@router.operation(
    "GET",
    "/v1/publications/{publication_id}/sheets.zip",
    "read",
    fails=(409, 410),
    response_class=Response,
    responses={200: {"description": "An archive.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}, **UNCHANGED},
)
def sheets(publication_id: str, request: Request, me: Me, service: Use) -> Response:
    """The sheets of a publication as one archive, as they lie in its folder."""
    with service.store.read() as connection:
        row = life.find(connection, me.board, publication_id)
        run = find_run(connection, me.board, row["run_id"])
    headers, known = lasting(request, tag_of_result(service, run, "sheets"))
    return known or download(packed_sheets(service, run), ZIP, f"{publication_id}.zip", headers)
