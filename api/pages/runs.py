"""The list of runs; two of them can be ticked to be set side by side."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from api.pages.ask import Ask
from api.pages.frame import Pages
from api.routes.runs import Status

pages = Pages()
PIECE = 50
MOST_COMPARED = 6
Id = Annotated[str, Query(max_length=64)]


@pages.page("/runs", "read", "runs.html")
async def runs(
    api: Ask,
    status: Status | Annotated[str, Query(max_length=0)] | None = None,
    scenario: Id = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
    run: Annotated[list[Id], Query(max_length=50)] = [],  # noqa: B006  # what an address without them says; nobody changes it
) -> dict[str, Any]:
    """Runs, newest first; `run` are those that are ticked, and two or more of them lead to their comparison."""
    ticked = sorted(dict.fromkeys(run))
    found = await api.get("/v1/runs", limit=PIECE, status=status, scenario_id=scenario, cursor=cursor)
    versions = sorted({(each["scenario_id"], each["scenario_version"]) for each in found["items"]})
    named = await asyncio.gather(*(api.get("/v1/scenarios/{scenario_id}", scenario_id=name, version=version) for name, version in versions))
    names = {f"{name} {version}": told["name"] for (name, version), told in zip(versions, named, strict=True)}
    for each in found["items"]:
        each["scenario_name"] = names[f"{each['scenario_id']} {each['scenario_version']}"]
    told = {"runs": found["items"], "next_cursor": found["next_cursor"], "status": status, "scenario": scenario, "ticked": ticked}
    return {**told, "elsewhere": side_by_side(ticked) if 2 <= len(ticked) <= MOST_COMPARED else ""}


def side_by_side(ticked: list[str]) -> str:
    """Where runs are compared; the oldest is what the others are seen from."""
    return f"/compare?{urlencode([('base', ticked[0]), *(('with', each) for each in ticked[1:])])}"
