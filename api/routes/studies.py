"""Studies: questions that somebody has put to the pages and kept, to come back to them: runs side by side, or a frontier at one of its points."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api import sweeps as sweeping
from api.clock import now
from api.ids import new_id
from api.once import OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, piece
from api.problems import ProblemError, not_found
from api.routing import Me, Router, Use
from api.runs import find_run
from api.store import audit
from api.store.tables import runs, studies

router = Router(tags=["studies"])
MOST = 1000
"""Studies of one board."""
StudyId = Annotated[str, Path(max_length=64, pattern=r"^\w+$")]
Kind = Literal["comparison", "tradeoff"]
Name = Annotated[str, Field(max_length=64, pattern=r"^\w+$")]
Word = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[a-z_]+$")]


class NewStudy(BaseModel):
    """A study to be kept: of runs, or of a sweep."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "What seats for partners cost", "sweep_id": "sweep_0", "view": {"at": "0.24"}}]}
    )

    title: str = Field(min_length=1, max_length=200, pattern=r"\S")
    runs: list[Name] = Field([], max_length=6, description="Runs side by side, the base first: two to six. Either these or `sweep_id`.")
    sweep_id: Name | None = Field(None, description="The sweep whose frontier is looked at.")
    view: dict[Word, Annotated[str, Field(max_length=200)]] = Field({}, max_length=20, description="What else the page's address says, such as `at`.")

    @model_validator(mode="after")
    def _one_of_both(self) -> NewStudy:
        if bool(self.runs) == (self.sweep_id is not None):
            raise ValueError("give either runs or sweep_id")
        if self.runs and (len(self.runs) < 2 or len(set(self.runs)) != len(self.runs)):
            raise ValueError("give two to six runs, each once")
        if taken := {"base", "with"} & self.view.keys():
            raise ValueError(f"{', '.join(sorted(taken))} follow from runs and cannot be in view")
        return self


class StudyDocument(BaseModel):
    """A study: what it is about, and the address of the page that shows it."""

    id: str
    kind: Kind
    title: str
    runs: list[str] = Field(description="The base first; empty where it is about a sweep.")
    sweep_id: str | None
    view: dict[str, str]
    address: str = Field(description="Path and query of the page that shows it.")
    gone: bool = Field(description="Whether something that it shows was deleted after its time; a study does not keep results from that.")
    created_by: str
    created_at: datetime
    links: dict[str, str]


def documents(connection: sa.Connection, rows: list[Mapping[str, Any]]) -> list[StudyDocument]:
    """Rows as their documents."""
    named = {run_id for row in rows for run_id in row["runs"]}
    swept = {row["sweep_id"] for row in rows} - {None}
    purged = sa.select(runs.c.id, runs.c.sweep_id).where(sa.or_(runs.c.id.in_(named), runs.c.sweep_id.in_(swept)), runs.c.purged_at.is_not(None))
    gone = {name for found in connection.execute(purged) for name in found if name is not None}
    return [_document(row, gone=bool(gone & {*row["runs"], row["sweep_id"]})) for row in rows]


def _document(row: Mapping[str, Any], *, gone: bool) -> StudyDocument:
    told = {name: row[name] for name in StudyDocument.model_fields if name in row}
    shown = [*zip(["base", *["with"] * 5], row["runs"], strict=False), *row["view"].items()]
    page = "/compare" if row["sweep_id"] is None else f"/tradeoffs/{row['sweep_id']}"
    about = {} if row["sweep_id"] is None else {"sweep": f"/v1/sweeps/{row['sweep_id']}"}
    address = page + (f"?{urlencode(shown)}" if shown else "")
    return StudyDocument(**told, address=address, gone=gone, links={"self": f"/v1/studies/{row['id']}", **about})


def _find(connection: sa.Connection, board: str, study_id: str) -> Mapping[str, Any]:
    row = connection.execute(sa.select(studies).where(studies.c.id == study_id, studies.c.board == board)).mappings().first()
    if row is None:
        raise not_found("study", study_id)
    return dict(row)


@router.operation("POST", "/v1/studies", "scenarios", fails=(404, 409), status=201, response_model=StudyDocument)
def create(new: NewStudy, me: Me, service: Use, once: OnceOnly) -> Response:
    """Keep a question that was put to the pages, under a title, for everybody on the board."""
    once.start(new.model_dump(mode="json"))
    with service.store.begin() as connection:
        for run_id in new.runs:
            find_run(connection, me.board, run_id)
        if new.sweep_id is not None:
            sweeping.find(connection, me.board, new.sweep_id)
        if connection.execute(sa.select(sa.func.count()).where(studies.c.board == me.board)).scalar_one() >= MOST:
            raise ProblemError("conflict", f"A board keeps {MOST:,} studies at most; delete one first.")
        study_id, kind = new_id("study"), "comparison" if new.sweep_id is None else "tradeoff"
        row = {"id": study_id, "board": me.board, "kind": kind, "title": new.title.strip(), "runs": new.runs, "sweep_id": new.sweep_id, "view": new.view}
        connection.execute(studies.insert().values(**row, created_by=me.id, created_at=now()))
        audit.record(connection, me.board, me.actor, "study.create", study_id, {"runs": new.runs} if new.runs else {"sweep": new.sweep_id})
        told = documents(connection, [_find(connection, me.board, study_id)])[0].model_dump(mode="json")
        return once.keep(connection, answered(told, 201, location=f"/v1/studies/{study_id}"))


@router.operation("GET", "/v1/studies", "read", fails=(400,))
def list_studies(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    kind: Annotated[Kind | None, Query(description="Only those of this kind.")] = None,
) -> Page[StudyDocument]:
    """Studies, newest first."""
    query = sa.select(studies).where(studies.c.board == me.board)
    with service.store.read() as connection:
        rows, following = piece(connection, query if kind is None else query.where(studies.c.kind == kind), studies.c.id, limit, cursor)
        linked(request, response, following)
        return Page(items=documents(connection, rows), next_cursor=following)


@router.operation("GET", "/v1/studies/{study_id}", "read", response_model=StudyDocument)
def read(study_id: StudyId, me: Me, service: Use) -> Response:
    """A study."""
    with service.store.read() as connection:
        return JSONResponse(documents(connection, [_find(connection, me.board, study_id)])[0].model_dump(mode="json"))


@router.operation("DELETE", "/v1/studies/{study_id}", "scenarios", status=204, response_class=Response)
def delete(study_id: StudyId, me: Me, service: Use) -> None:
    """Keep a study no longer; what it shows stays."""
    with service.store.begin() as connection:
        _find(connection, me.board, study_id)
        connection.execute(studies.delete().where(studies.c.id == study_id, studies.c.board == me.board))
        audit.record(connection, me.board, me.actor, "study.delete", study_id)
