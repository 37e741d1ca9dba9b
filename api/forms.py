"""In which form an answer is wanted: what the request says with `format`, else with Accept."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.problems import ProblemError
from api.tags import has

Form = Literal["json", "csv", "xlsx", "html"]
MEDIA: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
}
LASTING = "private, max-age=86400"
"""How long a reader may keep what never changes. Not for ever: results are deleted after their time, and keys are revoked."""
JsonOrCsv = Annotated[Literal["json", "csv"] | None, Query(alias="format", description="Form of the answer; in its absence, what Accept asks for.")]
AnyForm = Annotated[Form | None, Query(alias="format", description="Form of the answer; in its absence, what Accept asks for.")]
ZIP = "application/zip"
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged since the ETag in If-None-Match."}}


def form_of(request: Request, asked: Form | None, offered: tuple[Form, ...]) -> Form:
    """The form to answer in, the first of those offered where the request does not mind; ProblemError where none suits."""
    if asked in offered:
        return asked
    best, quality = offered[0], 0.0
    for form in offered:
        here = _quality(request.headers.get("accept", "*/*"), MEDIA[form])
        if here > quality:
            best, quality = form, here
    if quality == 0:
        raise ProblemError("not-acceptable", f"Offered are {', '.join(MEDIA[form] for form in offered)}.")
    return best


def _quality(accept: str, media: str) -> float:
    """How much a media type is wanted (RFC 9110): the most exact range that fits it tells."""
    found = (-1, 0.0)
    for part in accept.split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        exact = 2 if name == media else 1 if name == f"{media.partition('/')[0]}/*" else 0 if name in ("*/*", "*") else -1
        if exact > found[0]:
            found = (exact, _weight(parameters))
    return found[1]


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return max(0.0, min(1.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def offers(*forms: Form) -> dict[int | str, dict[str, Any]]:
    """What an operation answers in beside JSON, for `responses=`."""
    content = {MEDIA[form]: {"schema": {"type": "string", **({"format": "binary"} if form == "xlsx" else {})}} for form in forms if form != "json"}
    return {200: {"description": "The answer.", "content": content}, **UNCHANGED}


def lasting(request: Request, tag: str) -> tuple[dict[str, str], Response | None]:
    """Headers of an answer that never changes; and the answer itself where the reader has it already.

    It is kept for who asked, by key or by login: who logs in next in the same browser may perhaps not see it.
    """
    headers = {"ETag": tag, "Cache-Control": LASTING, "Vary": "Accept, Authorization, Cookie"}
    return headers, Response(status_code=304, headers=headers) if has(request, tag) else None


_SPAN = r"(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
_RANGE = re.compile(rf"bytes={_SPAN}(?: *, *{_SPAN})*", re.IGNORECASE)


class Download(FileResponse):
    """A file, or the part of it that is asked for; the whole file where what is asked for is no part of it, as RFC 9110, 14.2 allows."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass over a Range that means nothing."""
        asked = Headers(scope=scope).get("range")
        if asked is not None and not _is_part(asked, os.stat(self.path).st_size):
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.lower() != b"range"]}
        await super().__call__(scope, receive, send)


def _is_part(asked: str, size: int) -> bool:
    """Whether every span that a Range names lies in a file of that size."""
    if not _RANGE.fullmatch(asked.strip()):
        return False
    for span in asked.partition("=")[2].split(","):
        first, _, last = span.strip().partition("-")
        if first and (int(first) >= size or (last and int(last) < int(first))):
            return False
        if not first and (int(last) == 0 or size == 0):
            return False
    return True


def download(path: Any, media: str, name: str, headers: dict[str, str]) -> Response:
    """A file for the reader to keep."""
    return Download(path, headers=headers, media_type=media, filename=name)
