"""What was sent as a dataset: files in a form, or tables as JSON. Taken apart here; read elsewhere."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from allocator import Fault
from allocator.domain import TABLES
from allocator.read import COMPULSORY
from allocator.tables.headers import normalise
from allocator.tables.sheet import cell_text
from allocator.toml_text import toml_document
from api.bodies import kind_of, parsed
from api.moments import Day
from api.problems import PointedFault, ProblemError, pointer_of
from api.settings import Settings
from api.texts import fit
from api.uploads import Part, files_of

FORM, JSON = "multipart/form-data", "application/json"
MOST_PARTS = 1000

Name = Annotated[str, Field(min_length=1, max_length=200, description="How people call it; the upload's own name where absent.")]
AsOf = Annotated[Day | None, Field(description="The day the facts are looked at; what scenario.toml says where absent, else today.")]


EXAMPLE: dict[str, JsonValue] = {
    "name": "two people",
    "as_of": "2026-11-02",
    "tables": {
        "seekers": [{"seeker_id": "S1", "partner_id": "CBO1"}, {"seeker_id": "S2"}],
        "slots": [{"slot_id": "J1", "openings": 1}],
        "pairs": [{"seeker_id": "S1", "slot_id": "J1", "score": 80}, {"seeker_id": "S2", "slot_id": "J1", "score": 90}],
    },
    "policy": {"constraints": [{"kind": "reservation", "beneficiaries": "partner:CBO1", "count": 1, "mode": "minimum_best_effort"}]},
}


class NewDataset(BaseModel):
    """A dataset as JSON: the tables as lists of records, and the policy as its TOML would be in JSON."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [EXAMPLE]},
    )

    name: Name
    as_of: AsOf = None
    tables: dict[str, list[dict[str, Any]]] = Field(description="Records by table; columns as in docs/data.md.")
    policy: dict[str, Any] = Field({}, description="The policy; built-in defaults where empty.")


class DatasetForm(BaseModel):
    """A dataset as a form: one zip archive, one workbook, or the CSV or Parquet files of the tables, perhaps with policy.toml and scenario.toml."""

    model_config = ConfigDict(extra="forbid")

    file: list[Annotated[bytes, Field(json_schema_extra={"format": "binary"})]] = Field(description="The file or files; the part may have any name.")
    name: Name | None = None
    as_of: AsOf = None


@dataclass(frozen=True)
class Sent:
    """A dataset as it was sent; `fingerprint` tells it from others."""

    name: str
    as_of: date | None
    parts: tuple[Part, ...]
    fallback: str
    fingerprint: Any

    def files(self, settings: Settings) -> dict[str, bytes]:
        """The files by their names; ProblemError where they are none that could be read."""
        return files_of(self.parts, settings)


async def sent(request: Request) -> Sent:
    """What a request sends; ProblemError or RequestValidationError where it cannot be understood."""
    kind = kind_of(request)
    if kind == JSON:
        return await run_in_threadpool(_from_json, await request.body())
    if kind != FORM:
        raise ProblemError("unsupported", f"Send {FORM} or {JSON}.", headers={"Accept": f"{FORM}, {JSON}"})
    try:
        async with request.form(max_files=MOST_PARTS, max_fields=20, max_part_size=20_000) as form:
            texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
            files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
            parts = [(name, Part(value.filename or "", await value.read())) for name, value in files if value.filename or value.size]
    except ProblemError:
        raise
    except (HTTPException, ValueError, KeyError) as error:
        detail = error.detail if isinstance(error, HTTPException) else "The form cannot be taken apart."
        raise ProblemError("bad-request", detail) from None
    return await run_in_threadpool(_from_form, texts, parts)


def _from_form(texts: list[tuple[str, str]], parts: list[tuple[str, Part]]) -> Sent:
    told: dict[str, Any] = dict(texts)
    if len(told) < len(texts):
        raise ProblemError("faulty-input", "A field of the form is there twice.")
    told = {name: value for name, value in told.items() if value or name not in ("name", "as_of")}
    if bad := [name for name, value in texts if not fit(name) or not fit(value)]:
        raise ProblemError("faulty-input", f"{ascii(bad[0])[:80]} holds a character that cannot be kept.")
    form = _validated(DatasetForm, {**told, "file": [b""] * len(parts)})
    if not parts:
        raise ProblemError(
            "faulty-input", "There is no file in the form.", faults=[Fault("nothing_here", "There is no file in the form.", "Send the file as a part.")]
        )
    prints = sorted((name, part.name, hashlib.sha256(part.content).hexdigest()) for name, part in parts)
    archives = [PurePosixPath(part.name).stem for _, part in parts if part.name.lower().endswith((".zip", ".xlsx"))]
    fallback = archives[0] if archives else "upload"
    return Sent(form.name or "", form.as_of, tuple(part for _, part in parts), fallback, {"fields": sorted(texts), "parts": prints})


def _from_json(body: bytes) -> Sent:
    said = parsed(body)
    new = _validated(NewDataset, said)
    faults = [_unknown_table(name) for name in new.tables if normalise(name) not in TABLES]
    if faults:
        raise ProblemError("faulty-input", f"{len(faults):,} fault{'' if len(faults) == 1 else 's'} in the tables.", faults=faults)
    parts = [Part(f"{normalise(name)}.csv", _csv(records)) for name, records in new.tables.items() if records or normalise(name) in COMPULSORY]
    if new.policy:
        parts.append(Part("policy.toml", _toml(new.policy)))
    return Sent(new.name, new.as_of, tuple(parts), new.name, {"json": said})


def _validated(model: Any, told: Any) -> Any:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors(include_url=False)]) from None


def _unknown_table(name: str) -> PointedFault:
    message, pointer = f"There is no table {name[:80]!r}.", pointer_of("tables", name)
    return PointedFault("unknown_table", message, f"Tables: {', '.join(TABLES)}.", value=name[:40], pointer=pointer)


def _csv(records: list[dict[str, Any]]) -> bytes:
    """Records as CSV, the columns in the order in which they first come."""
    columns = list(dict.fromkeys(name for record in records for name in record))
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    if columns:
        writer.writerow(columns)
        writer.writerows([_cell(record.get(name)) for name in columns] for record in records)
    return sink.getvalue().encode()


def _cell(value: Any) -> str:
    return "" if value is None else cell_text(value)


def _toml(policy: dict[str, Any]) -> bytes:
    try:
        return toml_document(policy).encode()
    except TypeError as error:
        raise ProblemError("faulty-input", f"The policy holds what it cannot: {str(error)[:200]}.") from None
