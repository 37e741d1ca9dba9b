"""What a run has answered: the result whole, its parts, and the files that are made of it. Results never change, so every answer has a lasting ETag."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

import pyarrow.compute as pc
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pyarrow import csv

from api.documents.result import Kpis, Reservations, ResultDocument, Standings, Trace
from api.forms import MEDIA, UNCHANGED, ZIP, AnyForm, download, form_of, lasting, offers
from api.jobs.turns import OPEN
from api.results import paper, result_file, tag_of_result
from api.routing import Me, Router, Use
from api.runs import run_of, told_so_far
from api.service import Service
from api.tags import fresh

router = Router(tags=["results"])
FAILS = (409, 410, 429, 503)
"""No result, none any more, nobody free to make the paper, or made for too long."""
NO_RESULT = (409, 410)
People = Annotated[bool, Query(description="Also who holds which slot, by id; without it the page names nobody.")]


@router.operation("GET", "/v1/runs/{run_id}/result", "read", fails=(406, *FAILS), response_model=ResultDocument, responses=offers("csv", "xlsx", "html"))
def read_result(run_id: str, request: Request, me: Me, service: Use, form: AnyForm = None) -> Response:
    """The result: as a document, or its assignments as CSV, or the workbook, or the page. Format or Accept says which."""
    run, wanted = run_of(service, me.board, run_id), form_of(request, form, ("json", "csv", "xlsx", "html"))
    if wanted == "xlsx":
        return _workbook(request, service, run, by_demographics=me.may("equity"))
    if wanted == "html":
        return _page(request, service, run, by_demographics=me.may("equity"), people=False)
    headers, known = lasting(request, tag_of_result(service, run, wanted))
    name = "result.json" if wanted == "json" else "assignments.csv"
    return known or Response(result_file(service, run, name), headers=headers, media_type=MEDIA[wanted])


@router.operation("GET", "/v1/runs/{run_id}/report.xlsx", "read", fails=FAILS, response_class=Response, responses=offers("xlsx"))
def read_workbook(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """The workbook of the business services team. Its equity sheet is only for roles that may read the equity report."""
    return _workbook(request, service, run_of(service, me.board, run_id), by_demographics=me.may("equity"))


@router.operation("GET", "/v1/runs/{run_id}/report.html", "read", fails=FAILS, response_class=Response, responses=offers("html"))
def read_page(run_id: str, request: Request, me: Me, service: Use, people: People = False) -> Response:
    """The report as one page with charts that needs no network. Its section on equity is only for roles that may read the equity report."""
    return _page(request, service, run_of(service, me.board, run_id), by_demographics=me.may("equity"), people=people)


@router.operation(
    "GET",
    "/v1/runs/{run_id}/bundle",
    "read",
    fails=FAILS,
    response_class=Response,
    responses={200: {"description": "An archive.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}, **UNCHANGED},
)
def read_bundle(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """Facts and result as an archive of `scenario/` and `result/`, on which `ojt explain result` and the other commands work.

    Demographics are in it only for roles that may read the equity report.
    """
    run, whole = run_of(service, me.board, run_id), me.may("equity")
    headers, known = lasting(request, tag_of_result(service, run, "bundle", whole))
    if known:
        return known
    path = paper(service, run, f"bundle-{whole}.zip", "as_bundle", by_demographics=whole)
    return download(path, ZIP, f"{run_id}.zip", headers)


def _workbook(request: Request, service: Service, run: Mapping[str, Any], *, by_demographics: bool) -> Response:
    headers, known = lasting(request, tag_of_result(service, run, "xlsx", by_demographics))
    if known:
        return known
    path = paper(service, run, f"report-{by_demographics}.xlsx", "as_workbook", by_demographics=by_demographics)
    return download(path, MEDIA["xlsx"], f"{run['id']}.xlsx", headers)


def _page(request: Request, service: Service, run: Mapping[str, Any], *, by_demographics: bool, people: bool) -> Response:
    headers, known = lasting(request, tag_of_result(service, run, "html", by_demographics, people))
    if known:
        return known
    path = paper(service, run, f"report-{by_demographics}-{people}.html", "as_page", by_demographics=by_demographics, people=people)
    return Response(path.read_bytes(), headers=headers, media_type=MEDIA["html"])


# -- parts ----------------------------------------------------------------------------------------------------------


def _part(request: Request, service: Service, run: Mapping[str, Any], name: str, of: Any) -> Response:
    """A document made of the result, unless the reader has it."""
    headers, known = lasting(request, tag_of_result(service, run, name))
    return known or JSONResponse(of(json.loads(result_file(service, run, "result.json"))), headers=headers)


@router.operation("GET", "/v1/runs/{run_id}/rules", "read", fails=NO_RESULT, response_model=Standings, responses=UNCHANGED)
def read_rules(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """Where every promise and limit stands."""
    return _part(request, service, run_of(service, me.board, run_id), "rules", lambda result: {"items": result["rules"]})


@router.operation("GET", "/v1/runs/{run_id}/reservations", "read", fails=NO_RESULT, response_model=Reservations, responses=UNCHANGED)
def read_reservations(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """What became of every reservation: promised, filled, released, short, and why."""
    return _part(request, service, run_of(service, me.board, run_id), "reservations", lambda result: {"items": result["reservations"]})


@router.operation("GET", "/v1/runs/{run_id}/trace", "read", fails=NO_RESULT, response_model=Trace, responses=UNCHANGED)
def read_trace(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """How value and bound of each goal closed in on each other; of a run that waits or works, what it has told so far, with `goals` empty."""
    run = run_of(service, me.board, run_id)
    if run["status"] in OPEN:
        return fresh(request, {"items": told_so_far(service, run), "goals": []})
    return _part(request, service, run, "trace", lambda result: {"items": result["trace"], "goals": result["goals"]})


@router.operation("GET", "/v1/runs/{run_id}/kpis", "read", fails=NO_RESULT, response_model=Kpis, responses=UNCHANGED)
def read_kpis(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """The run in a few numbers."""
    run = run_of(service, me.board, run_id)
    return _part(request, service, run, "kpis", lambda result: _kpis(service, run, result))


def _kpis(service: Service, run: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    promises, standings = result["reservations"], result["rules"]
    return {
        "run_id": run["id"],
        **{name: result[name] for name in ("status", "verified", "as_of", "seekers", "openings", "placed", "reverse_referrals", "goals")},
        "placements": result["placed"] - result["reverse_referrals"],
        "openings_filled": result["placed"] / result["openings"] if result["openings"] else None,
        "without_slot": _reasons(result_file(service, run, "unplaced.csv")),
        "promises": len(promises),
        "promises_kept": sum(not line["short"] for line in promises),
        "people_short": sum(line["short"] for line in promises),
        "rules_missed": sum((line["slack"] or 0) < 0 for line in standings),
        "goals_proved": sum(goal["gap"] == 0 for goal in result["goals"]),
        "seconds": result["timings"].get("solve", 0.0),
    }


def _reasons(unplaced: bytes) -> dict[str, int]:
    """People by the reason that they have no slot."""
    column = csv.read_csv(io.BytesIO(unplaced), convert_options=csv.ConvertOptions(include_columns=["reason"])).column("reason")
    return dict(Counter({each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()}).most_common())
