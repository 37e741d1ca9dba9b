"""The list of runs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from api.pages.ask import Ask
from api.pages.frame import Pages
from api.routes.runs import Status

pages = Pages()
PIECE = 50


@pages.page("/runs", "read", "runs.html")
async def runs(
    api: Ask, status: Status | None = None, scenario: Annotated[str, Query(max_length=64)] = "", cursor: Annotated[str, Query(max_length=200)] = ""
) -> dict[str, Any]:
    """Runs, newest first."""
    found = await api.get("/v1/runs", limit=PIECE, status=status, scenario_id=scenario, cursor=cursor)
    return {"runs": found["items"], "next_cursor": found["next_cursor"], "status": status, "scenario": scenario}
