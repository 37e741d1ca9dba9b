"""What each problem means and what to do about it: the pages that the `type` of problem documents names. Open to everybody."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field

from api.problems import ADVICE, TITLES, not_found
from api.routing import problems

router = APIRouter(tags=["problems"])
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}</style></head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""
HTML = {"text/html": {"schema": {"type": "string"}}}


class ProblemKind(BaseModel):
    """A kind of problem."""

    code: str
    status: int = Field(description="HTTP status that it comes with.")
    title: str
    advice: str = Field(description="What to do about it.")


def kind(code: str) -> ProblemKind:
    """A problem by its code."""
    status, title = TITLES[code]
    return ProblemKind(code=code, status=status, title=title, advice=ADVICE.get(code, ""))


def _for_people(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


@router.get("/problems", openapi_extra={"x-scope": None}, response_model=list[ProblemKind], responses={200: {"content": HTML}})
def problem_kinds(request: Request) -> Response:
    """Every kind of problem that an answer can have; as a page where text/html is accepted."""
    kinds = [kind(code) for code in TITLES]
    if not _for_people(request):
        return JSONResponse([each.model_dump() for each in kinds])
    lines = "".join(f'<li><a href="/problems/{each.code}">{escape(each.code)}</a> ({each.status}): {escape(each.title)}</li>' for each in kinds)
    return HTMLResponse(PAGE.format(title="Problems", body=f"<ul>{lines}</ul>"))


@router.get("/problems/{code}", openapi_extra={"x-scope": None}, response_model=ProblemKind, responses={200: {"content": HTML}, **problems(404, 422)})
def problem_kind(code: str, request: Request) -> Response:
    """What a problem means, and what to do about it; as a page where text/html is accepted."""
    if code not in TITLES:
        raise not_found("problem", code)
    found = kind(code)
    if not _for_people(request):
        return JSONResponse(found.model_dump())
    body = f'<p>Code <code>{escape(code)}</code>, status {found.status}.</p><p>{escape(found.advice)}</p><p><a href="/problems">All problems</a></p>'
    return HTMLResponse(PAGE.format(title=escape(found.title), body=body))
