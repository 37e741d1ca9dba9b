"""Why everybody and everything stands where it stands, and what would have to change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from allocator import Fault, InputError
from api.documents.explanations import Inversions, PairExplanation, Readiness, RuleExplanation, SeekerExplanation, SlotExplanation
from api.documents.semantics import Semantics
from api.forms import UNCHANGED, lasting
from api.problems import not_found
from api.results import files_of_result, paper, subject_of, tag_of_result
from api.routing import Me, Router, Use
from api.runs import planned, run_of
from api.service import Service

router = Router(tags=["explanations"])
FAILS = (409, 410, 429, 503)
SLACK = 60.0
"""Seconds after a question's own limit at which its process is ended: the first question about a run finds out what serves all later ones."""
ABSENT = {"unknown_seeker": "seeker", "unknown_slot": "slot", "unknown_rule": "rule", "unknown_id": "record"}
"""Faults that say that what the path names is not there."""
Seconds = Annotated[float, Query(ge=0, le=30, allow_inf_nan=False, description="Seconds that the question may solve; what is not settled by then is said so.")]
Register = Annotated[
    Literal["internal", "seeker"],
    Query(description="`internal` for staff; `seeker` for the person: it names nobody else, no group, and no score but their own."),
]
Language = Annotated[Literal["en", "es"], Query(description="Language of what is said to a seeker.")]


@router.operation("GET", "/v1/runs/{run_id}/explain/seekers/{seeker_id}", "read", fails=FAILS, response_model=SeekerExplanation)
def explain_seeker(
    run_id: str,
    seeker_id: str,
    me: Me,
    service: Use,
    register: Register = "internal",
    language: Language = "en",
    spoken: Annotated[bool, Query(description="Also what may be said to the person, in every language.")] = False,
    seconds: Seconds = 10.0,
) -> Response:
    """Why this person is where they are: why this slot, or why none, and what would help."""
    _require_spoken(register, language)
    more = {"seeker_id": seeker_id, "register": register, "language": language, "spoken": spoken}
    return explained(service, run_of(service, me.board, run_id), "explain_seeker", seconds, **more)


@router.operation("GET", "/v1/runs/{run_id}/explain/slots/{slot_id}", "read", fails=FAILS, response_model=SlotExplanation)
def explain_slot(run_id: str, slot_id: str, me: Me, service: Use, seconds: Seconds = 10.0) -> Response:
    """Why this slot is full, or has openings left."""
    return explained(service, run_of(service, me.board, run_id), "explain_slot", seconds, slot_id=slot_id)


@router.operation("GET", "/v1/runs/{run_id}/explain/rules/{label:path}", "read", fails=FAILS, response_model=RuleExplanation)
def explain_rule(run_id: str, label: str, me: Me, service: Use, seconds: Seconds = 10.0) -> Response:
    """What a rule asks and reaches, line by line, and what one more or one less would change: a label, a kind, `kind[label]` or a line's full name."""
    return explained(service, run_of(service, me.board, run_id), "explain_rule", seconds, label=label)


@router.operation("GET", "/v1/runs/{run_id}/semantics/{label:path}", "read", fails=FAILS, response_model=Semantics, responses=UNCHANGED)
def read_semantics(run_id: str, label: str, request: Request, me: Me, service: Use) -> Response:
    """What a reservation did in this run, what one seat more or less would cost, and what every other reading of the same words would have done, solved.

    The first to ask waits until all readings are solved, up to some minutes on a large run; it is kept for the next.
    """
    run = planned(run_of(service, me.board, run_id))
    headers, known = lasting(request, tag_of_result(service, run, "semantics", label))
    if known is None:
        name = f"semantics-{hashlib.sha256(label.encode()).hexdigest()[:24]}.json"
        try:
            told = paper(service, run, name, "semantics", label=label).read_bytes()
        except InputError as error:
            if any(fault.code == "no_such_reservation" for fault in error.faults):
                raise not_found("reservation", label) from None
            raise
        return Response(told, headers=headers, media_type="application/json")
    return known


@router.operation("GET", "/v1/runs/{run_id}/explain/pairs", "read", fails=FAILS, response_model=PairExplanation)
def explain_pair(
    run_id: str,
    seeker: Annotated[str, Query(max_length=200)],
    slot: Annotated[str, Query(max_length=200)],
    me: Me,
    service: Use,
    register: Register = "internal",
    language: Language = "en",
    seconds: Seconds = 10.0,
) -> Response:
    """Why this person does not hold this slot: impossible because of what, at what cost and who would move, or just as good."""
    _require_spoken(register, language)
    more = {"seeker_id": seeker, "slot_id": slot, "register": register, "language": language}
    return explained(service, run_of(service, me.board, run_id), "explain_pair", seconds, **more)


@router.operation("GET", "/v1/runs/{run_id}/explain/inversions", "read", fails=FAILS, response_model=Inversions, responses=UNCHANGED)
def explain_inversions(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """Who of a higher tier waits while somebody of a lower one holds a slot that they could take, and why."""
    run = planned(run_of(service, me.board, run_id))
    headers, known = lasting(request, tag_of_result(service, run, "inversions"))
    return known or Response(paper(service, run, "inversions.json", "inversions").read_bytes(), headers=headers, media_type="application/json")


@router.operation("POST", "/v1/runs/{run_id}/open", "read", fails=(409, 410), response_model=Readiness)
def open_run(run_id: str, me: Me, service: Use) -> Readiness:
    """Get ready for questions about a run, in the background and where somebody is free to: on a large run what the first question needs takes half a minute.

    Harmless however often; nothing is kept."""
    run = planned(run_of(service, me.board, run_id))
    files_of_result(service, run)
    return Readiness(state=service.answerers.open_ahead(run["id"], lambda: subject_of(service, run)))


def explained(service: Service, run: Mapping[str, Any], question: str, seconds: float, **arguments: Any) -> Response:
    """The answer to a question about a run with a plan; what is not there is 404."""
    return Response(asked(service, planned(run), question, seconds=seconds + SLACK, arguments={**arguments, "seconds": seconds}), media_type="application/json")


def asked(service: Service, run: Mapping[str, Any], question: str, *, seconds: float, arguments: Mapping[str, Any]) -> bytes:
    """The answer of whoever has the run open."""
    try:
        return service.answerers.ask(question, [subject_of(service, run)], arguments, kind="warm", seconds=seconds)
    except InputError as error:
        fault = error.faults[0]
        if fault.code in ABSENT:
            raise not_found(ABSENT[fault.code], fault.value or str(arguments.get("label", ""))) from None
        raise


def _require_spoken(register: str, language: str) -> None:
    if language != "en" and register != "seeker":
        raise InputError([Fault("no_translation", f"There is no {language} for staff yet.", "Add register=seeker.", column="language", value=language)])
