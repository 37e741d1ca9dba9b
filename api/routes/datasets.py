"""Datasets: upload, look at what is wrong, read what was understood, archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from allocator.domain import PROTECTED, TABLES
from allocator.toml_text import toml_document
from api.datasets import Understood, archive_dataset, dataset_of, find_dataset, keep_dataset, understand, usable_dataset_of
from api.facts import facts_of
from api.forms import MEDIA
from api.looked import looked_into
from api.once import Once, OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, numbered, piece
from api.problems import FaultDocument, ProblemError, not_found
from api.routing import Me, Router, Use
from api.rows import matching_rows
from api.sent import EXAMPLE, FORM, JSON, DatasetForm, NewDataset, Sent, sent
from api.service import Service
from api.store.blobs import load
from api.store.tables import dataset_issues, datasets
from api.tags import fresh

router = Router(tags=["datasets"])
Severity = Literal["error", "warning"]
TOML = "application/toml"
KINDS = {".csv": "text/csv; charset=utf-8", ".toml": TOML, ".parquet": "application/vnd.apache.parquet"}
WORKBOOK = MEDIA["xlsx"]
Search = Annotated[str | None, Query(min_length=1, max_length=100, description="Only records that hold this text somewhere, in capitals or not.")]


class FileDocument(BaseModel):
    """A file of a dataset."""

    name: str
    sha256: str
    given_out: bool = Field(description="Whether it can be downloaded; files with demographics, or that nobody has understood, cannot.")


class DatasetDocument(BaseModel):
    """A dataset: what was uploaded, and whether it can be used."""

    id: str
    name: str
    usable: bool = Field(description="Whether it has no errors and is not archived.")
    as_of: date = Field(description="The day the facts are looked at.")
    digest: str = Field(description="SHA-256 of the facts, whatever form they came in; of the files where they could not be read.")
    tables: dict[str, int] = Field(description="Records by table.")
    errors: int = Field(description="Faults that keep it from being used.")
    warnings: int
    files: list[FileDocument]
    created_by: str
    created_at: datetime
    purged_at: datetime | None = Field(description="When it was archived.")
    links: dict[str, str] = Field(description="Where to go on; what is in braces is to be filled in.")


class IssueDocument(FaultDocument):
    """One fault of a dataset: what, where, and what to do."""

    number: int
    row: int | None = None
    pointer: str | None = None


class CellsDocument(BaseModel):
    """The cells of a record that say where its fault is: its keys, the faulty one, and those beside it; long ones are cut short."""

    columns: list[str]
    cells: list[str]
    at: int | None = Field(description="Which of them is faulty; null where the fault is one of the whole row.")


class IssueInPlace(IssueDocument):
    """A fault with the cells around it."""

    cells: CellsDocument | None = Field(None, description="With `cells=true`; null where the row cannot be shown, or holds demographics.")


class PolicyDocument(BaseModel):
    """A policy, and which layer has set each of its values."""

    policy: dict[str, Any]
    origins: dict[str, str] = Field(description="By place, such as `constraints.reservation[partner].share`: a file, a scenario, or `default`.")
    digest: str


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset's row as its document."""
    me, withheld = f"/v1/datasets/{row['id']}", row["withheld"]
    files = [
        {"name": name, "sha256": digest, "given_out": withheld is not None and name not in withheld and row["purged_at"] is None}
        for name, digest in sorted(row["files"].items())
    ]
    told = {name: row[name] for name in DatasetDocument.model_fields if name in row}
    told |= {"usable": not row["errors"] and row["purged_at"] is None, "tables": row["counts"], "files": files}
    links = {"self": me, **{name: f"{me}/{name}" for name in ("issues", "sheets", "policy")}, "table": f"{me}/tables/{{table}}", "file": f"{me}/files/{{name}}"}
    return DatasetDocument(**told, links=links).model_dump(mode="json")


BODY = {
    "required": True,
    "content": {
        FORM: {"schema": DatasetForm.model_json_schema()},
        JSON: {"schema": NewDataset.model_json_schema(), "examples": {"tables": {"value": EXAMPLE}}},
    },
}


@router.operation("POST", "/v1/datasets", "data", fails=(409, 429), status=201, response_model=DatasetDocument, openapi_extra={"requestBody": BODY})
async def upload(request: Request, me: Me, service: Use, once: OnceOnly) -> Response:
    """Upload a dataset: a form with one zip archive of CSV or Parquet files, one workbook, or several files; or JSON with tables.

    It is kept also where it has faults, with all of them as its issues: mend the files and upload them again. What cannot be read at all, or is larger
    than an upload may be, is refused, and nothing is kept. The same content again is another dataset with the same digest.
    """
    told = await sent(request)
    await run_in_threadpool(once.start, told.fingerprint)
    async with service.uploads.turn():
        understood = await run_in_threadpool(_read, told, service)
    return await run_in_threadpool(_keep, understood, me, service, once)


def _read(told: Sent, service: Service) -> Understood:
    return understand(service.settings, told.files(service.settings), name=told.name, as_of=told.as_of, fallback=told.fallback)


def _keep(understood: Understood, me: Me, service: Service, once: Once) -> JSONResponse:
    with service.store.begin() as connection:
        dataset_id = keep_dataset(connection, me.board, understood, me.id)
        made = document(find_dataset(connection, me.board, dataset_id))
        return once.keep(connection, answered(made, 201, location=f"/v1/datasets/{dataset_id}"))


@router.operation("GET", "/v1/datasets", "read", fails=(400,))
def list_datasets(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    usable: Annotated[bool | None, Query(description="Only those that can be used, or only those that cannot.")] = None,
    archived: Annotated[bool, Query(description="Also those that were archived.")] = False,
) -> Page[DatasetDocument]:
    """Datasets, newest first."""
    query = sa.select(datasets).where(datasets.c.board == me.board)
    if not archived:
        query = query.where(datasets.c.purged_at.is_(None))
    if usable is not None:
        query = query.where(
            (datasets.c.errors == 0) & datasets.c.purged_at.is_(None) if usable else (datasets.c.errors > 0) | datasets.c.purged_at.is_not(None)
        )
    with service.store.read() as connection:
        rows, following = piece(connection, query, datasets.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[DatasetDocument(**document(row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/datasets/{dataset_id}", "read", response_model=DatasetDocument, responses={304: {"description": "Unchanged."}})
def read_dataset(dataset_id: str, request: Request, me: Me, service: Use) -> Response:
    """A dataset."""
    return fresh(request, document(dataset_of(service.store, me.board, dataset_id)))


@router.operation("DELETE", "/v1/datasets/{dataset_id}", "data", fails=(409,), status=204)
def archive(dataset_id: str, me: Me, service: Use) -> Response:
    """Archive a dataset that nothing uses: no scenario that is not archived, and no run whose result is kept. Harmless where it is archived."""
    with service.store.begin() as connection:
        archive_dataset(connection, me.board, dataset_id, me.id)
    return Response(status_code=204)


@router.operation("GET", "/v1/datasets/{dataset_id}/issues", "read", fails=(400, 410))
async def issues(
    dataset_id: str,
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    severity: Severity | None = None,
    code: Annotated[str | None, Query(max_length=64, description="Only those of this code; `/v1/issue-types` has all codes.")] = None,
    cells: Annotated[bool, Query(description="With the cells around each fault.")] = False,
) -> Page[IssueInPlace]:
    """What is wrong or odd in a dataset, in the order of its files and rows."""
    dataset, rows, following = await run_in_threadpool(_issues, dataset_id, me, service, limit, cursor, severity, code)
    linked(request, response, following)
    around: list[Any] = [None] * len(rows)
    if cells and rows:
        async with service.uploads.turn():
            around = (await run_in_threadpool(looked_into, service, dataset, [row["fault"] for row in rows]))["cells"]
    told = [IssueInPlace(**row["fault"], number=row["number"], cells=at) for row, at in zip(rows, around, strict=True)]
    return Page(items=told, next_cursor=following)


def _issues(
    dataset_id: str, me: Me, service: Service, limit: int, cursor: str | None, severity: str | None, code: str | None
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]], str | None]:
    """A dataset, a piece of its issues, and where the next begins."""
    query = sa.select(dataset_issues).where(dataset_issues.c.dataset_id == dataset_id)
    for name, value in (("severity", severity), ("code", code)):
        query = query if value is None else query.where(dataset_issues.c.fault[name].as_string() == value)
    with service.store.read() as connection:
        dataset = find_dataset(connection, me.board, dataset_id)
        rows, following = numbered(connection, query, dataset_issues.c.number, limit, cursor)
    return dataset, list(rows), following


FILE = {
    200: {
        "description": "The file as it was uploaded.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (*KINDS.values(), WORKBOOK)},
    }
}


@router.operation("GET", "/v1/datasets/{dataset_id}/files/{name}", "read", fails=(410,), response_class=Response, responses=FILE)
def read_file(dataset_id: str, name: str, me: Me, service: Use) -> Response:
    """A file of a dataset as it was uploaded. Files with demographics are never given out: the equity report is the only way to those."""
    row = dataset_of(service.store, me.board, dataset_id)
    there = next((each for each in document(row)["files"] if each["name"] == name), None)
    if there is None:
        raise not_found("file of the dataset", name)
    if row["purged_at"] is not None:
        raise ProblemError("gone", f"Dataset {dataset_id!r} was archived.")
    if not there["given_out"]:
        raise ProblemError("forbidden", f"{name!r} is not given out: it holds demographics, or nobody has understood what it holds.")
    with service.store.read() as connection:
        content = load(connection, row["files"][name])
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}", "ETag": f'"{there["sha256"]}"'}
    return Response(content, media_type=KINDS.get(PurePosixPath(name.lower()).suffix, WORKBOOK), headers=headers)


@router.operation("GET", "/v1/datasets/{dataset_id}/tables/{table}", "read", fails=(400, 409, 410))
def read_table(
    dataset_id: str, table: str, request: Request, response: Response, me: Me, service: Use, limit: Limit = 100, cursor: Cursor = None, search: Search = None
) -> Page[dict[str, Any]]:
    """Records of a table as they were understood, in the order of their ids. Demographics are never given out."""
    row = usable_dataset_of(service.store, me.board, dataset_id)
    if table == PROTECTED:
        raise ProblemError("forbidden", "Demographics are given out by the equity report only.")
    if table not in TABLES or table not in row["counts"]:
        raise not_found("table of the dataset", table)
    rows, following = matching_rows(facts_of(service, row).scenario, table, search, limit, cursor)
    linked(request, response, following)
    return Page(items=rows, next_cursor=following)


POLICY = {200: {"description": "The policy.", "content": {TOML: {"schema": {"type": "string"}}}}}
Format = Annotated[Literal["json", "toml"], Query(alias="format", description="`toml` for a file that `POST /v1/datasets` and the command line take.")]


@router.operation("GET", "/v1/datasets/{dataset_id}/policy", "read", fails=(409, 410), response_model=PolicyDocument, responses=POLICY)
def read_policy(dataset_id: str, me: Me, service: Use, form: Format = "json") -> Response:
    """The policy of a dataset: what its policy.toml says, with what that extends."""
    return policy_response(facts_of(service, usable_dataset_of(service.store, me.board, dataset_id)).layers, form)


def policy_response(layers: Any, form: str) -> Response:
    """A policy with its origins as JSON, or alone as TOML."""
    policy = layers.policy
    if form == "toml":
        return Response(toml_document(policy.to_dict()), media_type=TOML)
    return JSONResponse({"policy": policy.to_dict(), "origins": dict(layers.origins), "digest": policy.digest})
