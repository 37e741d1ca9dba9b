"""What went wrong, as problem documents (RFC 9457): what, where, what to do; every fault at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from allocator import Fault, InputError
from api.tracebacks import frames

log = structlog.get_logger("ojt.web")
MOST_FAULTS = 1000
"""Faults told in one answer; their number is told too."""
MEDIA = "application/problem+json"

TITLES = {
    "bad-request": (400, "The request cannot be understood."),
    "key-required": (400, "The request needs an Idempotency-Key."),
    "unauthenticated": (401, "The request names no key that is known."),
    "forbidden": (403, "The key's role may not do this."),
    "cross-site": (403, "The request came from another site."),
    "not-found": (404, "There is no such thing."),
    "no-such-method": (405, "The method is not offered here."),
    "not-acceptable": (406, "The form asked for is not offered."),
    "in-flight": (409, "A request with this Idempotency-Key is being worked on."),
    "conflict": (409, "The request does not fit the state of things."),
    "gone": (410, "It was deleted after its time."),
    "stale": (412, "It has changed since it was read."),
    "too-large": (413, "The request is too large."),
    "unsupported": (415, "The form of the body is not understood."),
    "other-body": (422, "The Idempotency-Key was used for another request."),
    "faulty-input": (422, "The input has faults."),
    "if-match-required": (428, "The request must say which version it changes."),
    "queue-full": (429, "Too many runs are waiting."),
    "busy": (429, "Too many requests are being worked on."),
    "too-many-failures": (429, "Too many failed attempts came from one address."),
    "broken": (500, "Something broke on our side."),
    "unavailable": (503, "The service cannot answer now."),
}
"""Every problem by its code: HTTP status and title."""

ADVICE = {
    "bad-request": "Read the detail; it says what is not understood. A body must be JSON in UTF-8, a cursor must be one that this service gave.",
    "key-required": "Send the header Idempotency-Key with a text of your own, such as a UUID, new for each new request.",
    "unauthenticated": "Send the header Authorization: Bearer KEY. `ojt keys create` makes a key. Yours may have expired or been revoked.",
    "forbidden": "Ask for a key with a role that has the scope named in the detail.",
    "cross-site": "Open the page itself and send its form from there.",
    "not-found": "Correct the id. What belongs to another board looks as if it were not there.",
    "no-such-method": "See /docs for what is offered at this path.",
    "not-acceptable": "Ask for one of the forms that the operation offers, or leave the header Accept out.",
    "in-flight": "Wait for the first request to be answered, then send this one again; the answer will be the same.",
    "conflict": "Read the detail: the thing is in a state in which this cannot be done, and it says which.",
    "gone": "It was deleted when its time was over. Run it again if it is needed.",
    "stale": "Somebody has changed it since. Read it again, look at what is new, and send your change with the new ETag.",
    "too-large": "Send less, or ask whoever runs the service to raise the limit that the detail names.",
    "unsupported": "Send JSON, or the form that the operation names.",
    "other-body": "Use a new Idempotency-Key for a new request; one key stands for one request with one body.",
    "faulty-input": "Every fault is in errors, each with its place and its mend. Mend them all and send it again.",
    "if-match-required": "Read the thing, and send the ETag that came with it as If-Match, so that you do not undo what somebody else has done.",
    "queue-full": "Wait as long as Retry-After says, or cancel runs that are not needed.",
    "busy": "Wait as long as Retry-After says, then send it again.",
    "too-many-failures": "Wait as long as Retry-After says. Somebody at your address has sent many wrong keys.",
    "broken": "It is our mistake. Tell whoever runs the service the trace_id; the logs say more under it.",
    "unavailable": "Wait as long as Retry-After says, then send it again. Where it lasts, look at /readyz.",
}
"""What to do about each problem; its page says it."""


class FaultDocument(BaseModel):
    """One fault of the input."""

    code: str
    message: str
    fix: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    severity: str = "error"
    pointer: str | None = Field(None, description="JSON pointer into the request's body.")


class ProblemDocument(BaseModel):
    """A problem (RFC 9457)."""

    type: str = Field(description="Page that explains the problem.")
    title: str
    status: int
    code: str
    detail: str
    instance: str
    trace_id: str = Field(description="Finds the lines in the logs.")
    errors: list[FaultDocument] = Field([], description=f"Every fault, at most {MOST_FAULTS} of them.")
    error_count: int = 0


@dataclass(frozen=True)
class PointedFault(Fault):
    """A fault of something in the request's body, and where it is there."""

    pointer: str | None = None


class ProblemError(HTTPException):
    """Ends a request with a problem, wherever it is raised: what reads bodies lets exceptions of HTTP through, and no others."""

    def __init__(self, code: str, detail: str, *, faults: Sequence[Fault] = (), headers: dict[str, str] | None = None) -> None:
        super().__init__(TITLES[code][0], detail, headers)
        self.code, self.faults = code, faults


def pointer_of(*steps: str) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def not_found(kind: str, name: str) -> ProblemError:
    """There is no such thing on this board, or it is another board's: both look alike."""
    return ProblemError("not-found", f"There is no {kind} {name!r}.")


def document(request: Request, code: str, detail: str, errors: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """A problem document."""
    status, title = TITLES[code]
    made = ProblemDocument(
        type=f"/problems/{code}",
        title=title,
        status=status,
        code=code,
        detail=detail,
        instance=request.url.path,
        trace_id=getattr(request.state, "trace_id", ""),
        errors=[FaultDocument(**each) for each in errors[:MOST_FAULTS]],
        error_count=len(errors),
    )
    return made.model_dump(exclude_none=True)


def problem(request: Request, code: str, detail: str, errors: Sequence[dict[str, Any]] = (), headers: dict[str, str] | None = None) -> JSONResponse:
    """The response for a problem."""
    return JSONResponse(document(request, code, detail, errors), TITLES[code][0], headers, media_type=MEDIA)


def example_of(status: int) -> dict[str, Any]:
    """A problem document as it comes with a status, for OpenAPI."""
    code, title = next((code, title) for code, (each, title) in TITLES.items() if each == status)
    faults = [FaultDocument(code="too_small", message="It is below 0.", fix="Correct the value.", column="seed", pointer="/seed")] if status == 422 else []
    code, title = ("faulty-input", TITLES["faulty-input"][1]) if status == 422 else (code, title)
    detail = "1 fault in the request." if status == 422 else ADVICE[code]
    told = {"type": f"/problems/{code}", "title": title, "status": status, "code": code, "detail": detail, "instance": "/v1/runs"}
    made = ProblemDocument(**told, trace_id="4bf92f3577b34da6a3ce929d0e0e4736", errors=faults, error_count=len(faults))
    return made.model_dump(exclude_none=True)


def install(app: FastAPI) -> None:
    """Let every error of the application end in a problem document."""

    @app.exception_handler(ProblemError)
    def _problem(request: Request, error: ProblemError) -> JSONResponse:
        return problem(request, error.code, error.detail, [fault.as_dict() for fault in error.faults], dict(error.headers or {}))

    @app.exception_handler(InputError)
    def _faulty(request: Request, error: InputError) -> JSONResponse:
        count = len(error.faults)
        return problem(request, "faulty-input", f"{count:,} fault{'' if count == 1 else 's'}.", [fault.as_dict() for fault in error.faults])

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [invalid_fault(each) for each in error.errors()]
        bad_json = any(each["type"] == "json_invalid" for each in error.errors())
        if bad_json:
            return problem(request, "bad-request", "The body is not JSON.", faults)
        return problem(request, "faulty-input", f"{len(faults):,} fault{'' if len(faults) == 1 else 's'} in the request.", faults)

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    def _unreachable(request: Request, error: Exception) -> JSONResponse:
        log.warning("the store cannot be used", trace=frames(error)[-1:])
        return problem(request, "unavailable", "The store cannot be used now; try again.", headers={"Retry-After": "2"})

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        codes = {404: "not-found", 405: "no-such-method", 406: "not-acceptable", 413: "too-large", 415: "unsupported", 401: "unauthenticated", 403: "forbidden"}
        code = codes.get(error.status_code, "bad-request")
        return problem(request, code, TITLES[code][1], headers=dict(error.headers or {}))


def invalid_fault(error: Any) -> dict[str, Any]:
    """A fault that pydantic found in a request."""
    where = [str(part) for part in error["loc"]]
    pointer = (pointer_of(*where[1:]) or "/") if where[:1] == ["body"] else None
    told = "" if where[:1] == ["body"] else " ".join(where)
    value = error.get("input")
    short = value if isinstance(value, str | int | float | bool) and len(str(value)) <= 80 else ""
    message, fix = _told(error, told or where[-1])
    fault: dict[str, Any] = {
        "code": str(error["type"]),
        "message": message,
        "fix": fix,
        "column": told or where[-1],
        "value": str(short),
    }
    return fault | ({"pointer": pointer} if pointer is not None else {})


def _told(error: Any, name: str) -> tuple[str, str]:
    """What is wrong with a request, and what to do, in words that ask for no knowledge of how it is read."""
    if error["type"] == "extra_forbidden":
        return f"There is no field '{name}' here.", "Leave it out, or correct its name: /docs and openapi.json list those that there are."
    if error["type"] == "missing":
        return "Field required.", "Send a body as JSON; `{}` where nothing is to be said." if name == "body" else "Add it."
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{message}.", "Correct the value."
