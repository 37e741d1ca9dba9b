"""Looks into datasets: how columns were understood, what to mend, and what has changed since another one."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from allocator.changes import plain
from allocator.inert import inert
from allocator.snapshots import TableChanges, changed_tables
from api.datasets import dataset_of, usable_dataset_of
from api.facts import facts_of
from api.forms import MEDIA
from api.looked import looked_into, workbook_of_faults
from api.routing import Me, Router, Use
from api.service import Service
from api.solving.looking import HEADS
from api.store.tables import dataset_issues

router = Router(tags=["datasets"])
MOST_TOLD = 200


class ColumnDocument(BaseModel):
    """A column as it stands in a file, and what it was taken for."""

    header: str
    means: str | None = Field(description="The column of the table; null where there is none.")
    state: Literal["used", "unknown", "twice", "refused"] = Field(
        description="`unknown` ones are not used; `twice` where another column means the same; `refused` where it names people."
    )


class SheetDocument(BaseModel):
    """A sheet of a dataset's files: which table it was taken for, and how its columns were understood."""

    file: str
    sheet: str = Field(description="Name of the sheet of a workbook; empty for other files.")
    table: str | None = Field(description="Null where the file is not used.")
    records: int | None = Field(description="Null where the file cannot be read, or is not used.")
    columns: list[ColumnDocument] = Field(description="Without those that are not known where the file may hold demographics.")
    absent: list[str] = Field(description="Columns of the table that the sheet does not have.")


class IssueCount(BaseModel):
    """How often a kind of fault is there."""

    severity: Literal["error", "warning"]
    code: str
    count: int


class RecordChange(BaseModel):
    """A record that is in both datasets with other values."""

    id: str
    columns: dict[str, list[Any]] = Field(description="By column, the value before and the value after.")


class TableDifference(BaseModel):
    """What has become of the records of a table."""

    table: str
    before: int
    after: int
    come: int = Field(description="Records that are new.")
    gone: int
    changed: int
    same: int
    ids_come: list[str] = Field(description=f"At most {MOST_TOLD}.")
    ids_gone: list[str] = Field(description=f"At most {MOST_TOLD}.")
    records_changed: list[RecordChange] = Field(description=f"At most {MOST_TOLD}.")
    columns_changed: dict[str, int] = Field(description="By column, how many records have another value.")


class SnapshotDifference(BaseModel):
    """What has changed from one dataset to another; demographics are not compared."""

    dataset_id: str
    since_id: str
    tables: list[TableDifference]


@router.operation("GET", "/v1/datasets/{dataset_id}/sheets", "read", fails=(410, 413))
async def sheets(dataset_id: str, me: Me, service: Use) -> list[SheetDocument]:
    """How the files of a dataset were understood, column by column."""
    dataset = await run_in_threadpool(dataset_of, service.store, me.board, dataset_id)
    async with service.uploads.turn():
        told = await run_in_threadpool(looked_into, service, dataset)
    return [SheetDocument(**each) for each in told["sheets"]]


@router.operation("GET", "/v1/datasets/{dataset_id}/issue-counts", "read")
def issue_counts(dataset_id: str, me: Me, service: Use) -> list[IssueCount]:
    """How many faults of each code a dataset has, the errors first, then what is there most often."""
    faults = _faults(dataset_of(service.store, me.board, dataset_id), service)
    counts = Counter((fault["severity"], fault["code"]) for fault in faults)
    return [IssueCount(severity=of, code=code, count=n) for (of, code), n in sorted(counts.items(), key=lambda each: (each[0][0], -each[1], each[0][1]))]


CSV = {200: {"description": "The faults.", "content": {MEDIA["csv"]: {"schema": {"type": "string"}}}}}
XLSX = {200: {"description": "The workbook.", "content": {MEDIA["xlsx"]: {"schema": {"type": "string", "format": "binary"}}}}}


@router.operation("GET", "/v1/datasets/{dataset_id}/issues.csv", "read", response_class=Response, responses=CSV)
def issues_as_csv(dataset_id: str, me: Me, service: Use) -> Response:
    """Every fault of a dataset, one a line."""
    faults = _faults(dataset_of(service.store, me.board, dataset_id), service)
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(HEADS)
    writer.writerows([_cell(fault[head]) for head in HEADS] for fault in faults)
    return Response(sink.getvalue().encode("utf-8-sig"), media_type=MEDIA["csv"], headers=_attached(dataset_id, "csv"))


@router.operation("GET", "/v1/datasets/{dataset_id}/issues.xlsx", "read", fails=(410, 413), response_class=Response, responses=XLSX)
async def issues_as_workbook(dataset_id: str, me: Me, service: Use) -> Response:
    """The tables of a dataset as they were sent, with a comment in each faulty cell: mend it there and upload it again. A list of all faults stands first.

    Left out are tables without faults, those with demographics, and those of more than 50,000 records.
    """
    dataset = await run_in_threadpool(dataset_of, service.store, me.board, dataset_id)
    faults = await run_in_threadpool(_faults, dataset, service)
    async with service.uploads.turn():
        content = await run_in_threadpool(workbook_of_faults, service, dataset, faults)
    return Response(content, media_type=MEDIA["xlsx"], headers=_attached(dataset_id, "xlsx"))


Since = Annotated[str, Query(max_length=64, description="Another dataset of the board, most often an earlier one.", examples=["dataset_0"])]


@router.operation("GET", "/v1/datasets/{dataset_id}/changes", "read", fails=(409, 410))
def changes(dataset_id: str, since_id: Since, me: Me, service: Use) -> SnapshotDifference:
    """What has changed in the facts since another dataset: who and what has come, gone and become otherwise."""
    after, before = (facts_of(service, usable_dataset_of(service.store, me.board, each)).scenario for each in (dataset_id, since_id))
    tables = [_told(each) for each in changed_tables(before, after)]
    return SnapshotDifference(dataset_id=dataset_id, since_id=since_id, tables=tables)


def _told(changes: TableChanges) -> TableDifference:
    changed = [RecordChange(id=key, columns={name: list(map(plain, both)) for name, both in cells.items()}) for key, cells in changes.changed(MOST_TOLD)]
    return TableDifference(
        table=changes.table,
        before=changes.before,
        after=changes.after,
        come=len(changes.come),
        gone=len(changes.gone),
        changed=changes.changed_count,
        same=changes.after - len(changes.come) - changes.changed_count,
        ids_come=changes.come[:MOST_TOLD],
        ids_gone=changes.gone[:MOST_TOLD],
        records_changed=changed,
        columns_changed=changes.by_column,
    )


def _faults(dataset: Mapping[str, Any], service: Service) -> list[dict[str, Any]]:
    query = sa.select(dataset_issues.c.fault).where(dataset_issues.c.dataset_id == dataset["id"]).order_by(dataset_issues.c.number)
    with service.store.read() as connection:
        return list(connection.execute(query).scalars())


def _cell(value: Any) -> Any:
    return "" if value is None else inert(value) if isinstance(value, str) else value


def _attached(dataset_id: str, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{dataset_id}-faults.{ending}"'}
