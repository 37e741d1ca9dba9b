"""Runs side by side: what differs and why, which groups gain, who moved."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Request, Response

from allocator.inert import inert
from api.documents.compared import ComparisonDocument, EquityDocument, StabilityDocument
from api.forms import MEDIA, UNCHANGED, JsonOrCsv, form_of, lasting, offers
from api.paging import Cursor, decoded_number, encoded
from api.problems import ProblemError
from api.results import PAPER_SECONDS, subject_of, tag_of_result
from api.routes.explanations import FAILS
from api.routing import Me, Router, Use
from api.runs import planned, run_of
from api.scenarios import find_version

router = Router(tags=["comparisons"])
Change = Literal["newly_placed", "lost", "moved", "same", "arrived", "left"]
Changes = Annotated[list[Change], Query(alias="change", max_length=6, description="Only people to whom one of these happens; everybody where absent.")]
PERSON = ("seeker_id", "change", "from", "to", "score_from", "score_to", "score_change", "tier")
"""What a line of the CSV tells of a person."""
Run = Annotated[str, Query(max_length=64)]
Others = Annotated[list[Annotated[str, Query(max_length=64)]], Query(alias="with", min_length=1, max_length=5, description="Runs to compare with it.")]


@router.operation("GET", "/v1/comparisons", "read", fails=(400, 404, 406, *FAILS), response_model=ComparisonDocument, responses=offers("csv"))
def compare(
    request: Request,
    me: Me,
    service: Use,
    base: Annotated[str, Query(max_length=64, description="The run that the others are seen from.")],
    others: Others,
    only_differences: Annotated[bool, Query(description="Leave out what is the same.")] = False,
    changes: Changes = [],  # noqa: B006  # what an address without them says; nobody changes it
    limit: Annotated[int | None, Query(ge=0, le=1000, description="Most people that are told of each run; everybody where absent.")] = None,
    cursor: Cursor = None,
    form: JsonOrCsv = None,
) -> Response:
    """Two to six runs: what went in and differs, goals and rules side by side, what becomes of each person, who is served, and staff load.

    People come whole, or a piece at a time by their ids. As CSV, what becomes of each person in each run, all of them.
    """
    wanted, start = form_of(request, form, ("json", "csv")), decoded_number(cursor)
    names = [base, *others]
    if len(set(names)) != len(names):
        raise ProblemError("faulty-input", "Each run can be named once.")
    runs = [run_of(service, me.board, name) for name in names]
    tags = [tag_of_result(service, run) for run in runs]
    part = [int(only_differences), *changes, limit, start] if wanted == "json" else [int(only_differences), *changes]
    headers, known = lasting(request, f'"{"-".join(map(str, [*(tag.strip(chr(34))[:12] for tag in tags), *part, wanted]))}"')
    if known:
        return known
    subjects = [subject_of(service, run) for run in runs]
    with service.store.read() as connection:
        abouts = [_about(connection, me.board, run) for run in runs]
    arguments = {"names": names, "abouts": abouts, "only_differences": only_differences, "changes": changes}
    if wanted == "json":
        arguments |= {"start": start, "limit": limit, "following": encoded(str(start + limit)) if limit else None}
    answer = service.answerers.ask("comparison", subjects, arguments, kind="paper", seconds=PAPER_SECONDS)
    return Response(_csv(answer) if wanted == "csv" else answer, headers=headers, media_type=MEDIA[wanted])


def _csv(answer: bytes) -> bytes:
    """A line for each person in each run beside the base."""
    told = json.loads(answer)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("base", "run", *PERSON))
    for each in told["comparisons"]:
        for person in each["people"]:
            cells = (told["base"]["name"], each["other"]["name"], *(person.get(name) for name in PERSON))
            lines.writerow([inert(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue().encode()


def _about(connection: sa.Connection, board: str, run: Mapping[str, Any]) -> str:
    """What tells a run from others in words."""
    version = find_version(connection, board, run["scenario_id"], run["scenario_version"])
    return f"{version['name']}, version {version['version']}" + (f": {run['note']}" if run["note"] else "")


@router.operation("GET", "/v1/runs/{run_id}/equity", "equity", fails=FAILS, response_model=EquityDocument, responses=UNCHANGED)
def read_equity(
    run_id: str,
    request: Request,
    me: Me,
    service: Use,
    before: Annotated[str | None, Query(alias="with", max_length=64, description="Another run, to be set before this one.")] = None,
) -> Response:
    """Who is selected at which rate, by protected group, step by step, against the group with the highest rate, with an exact test.

    Small numbers are hidden, and what would give them away. Where two runs are set side by side, they are hidden for both together.
    """
    runs = [planned(run_of(service, me.board, name)) for name in (before, run_id) if name is not None]
    headers, known = lasting(request, tag_of_result(service, runs[-1], "equity", *(tag_of_result(service, run) for run in runs[:-1])))
    if known:
        return known
    answer = service.answerers.ask("equity_report", [subject_of(service, run) for run in runs], {}, seconds=PAPER_SECONDS)
    return Response(answer, headers=headers, media_type="application/json")


@router.operation("GET", "/v1/runs/{run_id}/stability", "read", fails=FAILS, response_model=StabilityDocument)
def read_stability(
    run_id: str,
    me: Me,
    service: Use,
    seconds: Annotated[float, Query(ge=0, le=120, allow_inf_nan=False, description="Seconds for looking into why people moved.")] = 30.0,
    each: Annotated[float, Query(gt=0, le=30, allow_inf_nan=False, description="Seconds for one person, and for one point of the curve.")] = 5.0,
    curve: Annotated[bool, Query(description="Also what it would cost to move at most 0, 1, 2, 5, 10, ... people.")] = False,
) -> Response:
    """Who moved against the run's reference, and why: what is gone, what is refused, what a promise needed, what is better in total."""
    run = planned(run_of(service, me.board, run_id))
    arguments = {"seconds": seconds, "each": each, "curve": curve}
    answer = service.answerers.ask("stability_report", [subject_of(service, run)], arguments, kind="paper", seconds=PAPER_SECONDS)
    return Response(answer, media_type="application/json")
