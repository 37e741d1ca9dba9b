"""The lists of a run: who goes where, who does not, the slots, and every sheet of the workbook; searched, sorted, a piece at a time, or whole as CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from api.answering.tables import Listing
from api.answering.tables import Query as Wanted
from api.documents.lists import AssignmentLine, Listed, SheetPage, SlotLine, UnplacedLine
from api.forms import MEDIA, JsonOrCsv, form_of, lasting, offers
from api.paging import Cursor, Limit, decoded, encoded
from api.problems import ProblemError
from api.results import paper, tag_of_result
from api.routing import Me, Router, Use
from api.runs import run_of
from api.service import Service

router = Router(tags=["results"])
FAILS = (400, 406, 409, 410, 429, 503)
Text = Annotated[str, Query(max_length=100, description="Text that stands in one of the ids of a line, whatever its case.")]
Id = Annotated[str | None, Query(max_length=200)]
Sort = Annotated[str, Query(max_length=40, description="A column; `-column` for downwards. What is missing comes last.")]
Sheet = Literal[
    "summary", "assignments", "employer_sheet", "worklist", "unplaced", "reservations", "targets", "staff_load", "budget", "changes", "program_report",
    "development_leads", "checks",
]  # fmt: skip
"""Sheets of the workbook but for the one on equity, which is a report of its own."""


@router.operation("GET", "/v1/runs/{run_id}/assignments", "read", fails=FAILS, response_model=Listed[AssignmentLine], responses=offers("csv"))
def list_assignments(
    run_id: str,
    request: Request,
    me: Me,
    service: Use,
    form: JsonOrCsv = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    q: Text = "",
    seeker: Id = None,
    slot: Id = None,
    employer: Id = None,
    partner: Id = None,
    center: Id = None,
    tier: Id = None,
    sort: Sort = "",
) -> Response:
    """Who goes where: by the seekers' ids unless sorted otherwise. CSV has every line that matches."""
    equal = {"seeker_id": seeker, "slot_id": slot, "employer_id": employer, "partner_id": partner, "center_id": center, "tier": tier}
    texts = ("seeker_id", "slot_id", "employer_id", "partner_id")
    wanted = Wanted(equal, q, texts, _column(sort, AssignmentLine.model_fields))
    return _listed(request, service, run_of(service, me.board, run_id), "assignments", wanted, form, limit, cursor)


@router.operation("GET", "/v1/runs/{run_id}/unplaced", "read", fails=FAILS, response_model=Listed[UnplacedLine], responses=offers("csv"))
def list_unplaced(
    run_id: str,
    request: Request,
    me: Me,
    service: Use,
    form: JsonOrCsv = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    q: Text = "",
    seeker: Id = None,
    reason: Id = None,
    partner: Id = None,
    center: Id = None,
    tier: Id = None,
    sort: Sort = "",
) -> Response:
    """Who holds no slot, and why: by tier, then by who has waited longest, unless sorted otherwise."""
    equal = {"seeker_id": seeker, "reason": reason, "partner_id": partner, "center_id": center, "tier": tier}
    wanted = Wanted(equal, q, ("seeker_id", "partner_id", "coach_id"), _column(sort, UnplacedLine.model_fields))
    return _listed(request, service, run_of(service, me.board, run_id), "unplaced", wanted, form, limit, cursor)


@router.operation("GET", "/v1/runs/{run_id}/slots", "read", fails=FAILS, response_model=Listed[SlotLine], responses=offers("csv"))
def list_slots(
    run_id: str,
    request: Request,
    me: Me,
    service: Use,
    form: JsonOrCsv = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    q: Text = "",
    slot: Id = None,
    employer: Id = None,
    center: Id = None,
    open: Annotated[bool | None, Query(description="Only slots with openings left, or only those without.")] = None,
    sort: Sort = "",
) -> Response:
    """Every slot with its openings, those that are taken and those that are left."""
    equal = {"slot_id": slot, "employer_id": employer, "center_id": center}
    wanted = Wanted(equal, q, ("slot_id", "employer_id", "onet_soc"), _column(sort, SlotLine.model_fields), {"left": open})
    return _listed(request, service, run_of(service, me.board, run_id), "slots", wanted, form, limit, cursor)


@router.operation("GET", "/v1/runs/{run_id}/sheets/{name}", "read", fails=FAILS, response_model=SheetPage, responses=offers("csv"))
def read_sheet(
    run_id: str,
    name: Sheet,
    request: Request,
    me: Me,
    service: Use,
    form: JsonOrCsv = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    employer: Annotated[str | None, Query(max_length=200, description="On sheets with employers: the lines of this one, as they may be sent to it.")] = None,
) -> Response:
    """A sheet of the workbook. `employer_sheet` is safe to send to employers, one employer's lines at a time; the others are for the team only."""
    return _listed(request, service, run_of(service, me.board, run_id), name, Wanted({"employer_id": employer}), form, limit, cursor, whole=True)


def _listed(
    request: Request,
    service: Service,
    run: Mapping[str, Any],
    name: str,
    wanted: Wanted,
    form: Literal["json", "csv"] | None,
    limit: int,
    cursor: str | None,
    *,
    whole: bool = False,
) -> Response:
    """A list in the form asked for; `whole` where the answer also says what kind of list it is."""
    answer, mark = form_of(request, form, ("json", "csv")), _mark(wanted)
    start = _place(cursor, mark)
    headers, known = lasting(request, tag_of_result(service, run, name, answer, mark, *((start, limit) if answer == "json" else ())))
    if known:
        return known
    path = paper(service, run, f"{name}.arrow", "as_table", table=name)
    try:
        listing = Listing(path, wanted)
    except KeyError as error:
        raise ProblemError("bad-request", f"The list {name} has no column {error.args[0]}.") from None
    if answer == "csv":
        headers["Content-Disposition"] = f'attachment; filename="{run["id"]}-{name}.csv"'
        return StreamingResponse(listing.csv(), headers=headers, media_type=MEDIA["csv"])
    following = encoded(f"{start + limit} {mark}") if start + limit < len(listing) else None
    if following is not None:
        headers["Link"] = f'<{request.url.include_query_params(cursor=following)}>; rel="next"'
    document = {"items": listing.piece(start, limit), "next_cursor": following, "total": len(listing)}
    return JSONResponse({**listing.said, **document} if whole else document, headers=headers)


def _column(sort: str, columns: Mapping[str, object]) -> str:
    """A column to sort by; ProblemError where the list has none of that name."""
    if sort and sort.removeprefix("-") not in columns:
        raise ProblemError("bad-request", f"A list cannot be sorted by {sort!r}; it has {', '.join(columns)}.")
    return sort


def _mark(wanted: Wanted) -> str:
    """What ties a cursor to its list."""
    return hashlib.sha256(repr(wanted).encode()).hexdigest()[:8]


def _place(cursor: str | None, mark: str) -> int:
    """Where a cursor goes on; ProblemError where it is of another list."""
    if cursor is None:
        return 0
    place, _, of = decoded(cursor).partition(" ")
    if of != mark or not place.isascii() or not place.isdigit() or len(place) > 12:
        raise ProblemError("bad-request", "The cursor is of another list: start again without it.")
    return int(place)
