"""Finding a person or a slot by its number, in the plan that holds."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from api.pages.ask import Api, Ask, RefusedError
from api.pages.frame import Pages

pages = Pages()
MOST = 50
"""Matches of a kind that are listed."""
LOOKED_AT = 1000


@pages.page("/search", "read", "search.html")
async def search(api: Ask, q: Annotated[str, Query(max_length=100)] = "") -> dict[str, Any]:
    """People and slots whose number holds the text; where there is one, or one has just this number, straight to it."""
    text = q.strip()
    plan = await plan_in_force(api)
    people: list[dict[str, Any]] = []
    slots: list[dict[str, Any]] = []
    if text and plan:
        placed, waiting, found = await asyncio.gather(*(_found(api, plan["run_id"], name, text) for name in ("assignments", "unplaced", "slots")))
        people = sorted((line for line in [*placed, *waiting] if _holds(line["seeker_id"], text)), key=lambda line: line["seeker_id"])
        slots = [line for line in found if _holds(line["slot_id"], text)]
    told = {"q": text, "plan": plan, "people": people[:MOST], "slots": slots[:MOST], "people_found": len(people), "slots_found": len(slots)}
    return {**told, "elsewhere": _straight(plan, people, slots, text) if plan else ""}


async def plan_in_force(api: Api) -> dict[str, Any] | None:
    """The run whose plan is published last, else the newest that found one, as far as it is kept."""
    published = await api.get("/v1/publications", limit=20)
    for each in published["items"]:
        if each["withdrawn_at"] is None and await _kept(api, each["run_id"]):
            return {"run_id": each["run_id"], "published_at": each["created_at"]}
    finished = await api.get("/v1/runs", limit=100, status="succeeded")
    newest = next((each["id"] for each in finished["items"] if "kpis" in each["links"]), None)
    return None if newest is None else {"run_id": newest, "published_at": None}


async def _kept(api: Api, run_id: str) -> bool:
    try:
        return "kpis" in (await api.get("/v1/runs/{run_id}", run_id=run_id))["links"]
    except RefusedError as error:
        if error.code != "not-found":
            raise
        return False


async def _found(api: Api, run_id: str, name: str, text: str) -> list[dict[str, Any]]:
    found = await api.get(f"/v1/runs/{{run_id}}/{name}", run_id=run_id, q=text, limit=LOOKED_AT)
    lines: list[dict[str, Any]] = found["items"]
    return lines


def _holds(name: str, text: str) -> bool:
    return text.casefold() in name.casefold()


def _straight(plan: dict[str, Any], people: list[dict[str, Any]], slots: list[dict[str, Any]], text: str) -> str:
    """The address of the one that is meant; none where it could be several."""
    every = [*(("person", line["seeker_id"]) for line in people), *(("slot", line["slot_id"]) for line in slots)]
    exact = [each for each in every if each[1].casefold() == text.casefold()]
    meant = exact if len(exact) == 1 else every
    if len(meant) != 1:
        return ""
    tab = {"tab": "slots"} if meant[0][0] == "slot" else {}
    return f"/runs/{plan['run_id']}?{urlencode({**tab, meant[0][0]: meant[0][1]})}"
