"""The operations of the API on one page, made from OpenAPI: to look things up in a browser, without anything from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access.headers import PAGE
from api.pages.render import render

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """Every operation by its tag: what it does, which scope it needs, what it takes and how it answers."""
    document: dict[str, Any] = request.app.openapi()
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method, told in item.items():
            tags.setdefault(told.get("tags", ["others"])[0], []).append({"method": method.upper(), "path": path, "example": _example(document, told), **told})
    given = {"title": document["info"]["title"], "version": document["info"]["version"], "tags": tags}
    return HTMLResponse(render("reference.html", given), headers={"Content-Security-Policy": PAGE})


def _example(document: dict[str, Any], told: dict[str, Any]) -> str:
    """The first documented body, as text; empty where there is none."""
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    named = [each.get("value") for each in content.get("examples", {}).values() if isinstance(each, dict)]
    found = next((each for each in (content.get("example"), *named, *schema.get("examples", ())) if each is not None), None)
    return "" if found is None else json.dumps(found, indent=2, ensure_ascii=False)
