"""Entity tags: has it changed since, and which version does a change mean?"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from api.problems import ProblemError


def tag_of(document: Any) -> str:
    """A strong tag of a document."""
    return f'"{hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()[:24]}"'


def has(request: Request, tag: str) -> bool:
    """Whether the reader has what the tag stands for, as If-None-Match says."""
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return tag in known or "*" in known


def fresh(request: Request, document: Any, tag: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """The document with its tag; 304 without it where the reader has it already."""
    tag = tag or tag_of(document)
    told = {"ETag": tag, **(headers or {})}
    return Response(status_code=304, headers=told) if has(request, tag) else JSONResponse(document, headers=told)


def require_match(request: Request, version: int) -> None:
    """ProblemError where the request does not say which version it changes, or says another than there is."""
    told = request.headers.get("if-match")
    if told is None:
        raise ProblemError("if-match-required", "Send If-Match with the ETag that you have read.")
    if told.strip() not in (f'"{version}"', "*"):
        raise ProblemError("stale", f'You have changed {told}, it is at "{version}" now: read it again.', headers={"ETag": f'"{version}"'})
