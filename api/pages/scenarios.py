"""The list of scenarios, and making one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query

from api.pages.ask import Api, Ask, RefusedError
from api.pages.frame import Form, Pages

pages = Pages()
PIECE = 25
MOST_BASES = 100
Text = Annotated[str, Query(max_length=200)]


@pages.page("/scenarios", "read", "scenarios.html")
async def scenarios(api: Ask, new: Text = "", archived: bool = False, cursor: Text = "") -> dict[str, Any]:
    """Scenarios, newest first, each with its last run and how that differs from its base; with `new`, the form for another, on what it names."""
    found, datasets = await asyncio.gather(
        api.get("/v1/scenarios", limit=PIECE, cursor=cursor, archived="true" if archived else ""), api.get("/v1/datasets", limit=MOST_BASES)
    )
    names = {each["id"]: each["name"] for each in datasets["items"]}
    lines = await asyncio.gather(*(_line(api, each, names) for each in found["items"]))
    return {
        "lines": lines,
        "next_cursor": found["next_cursor"],
        "archived": archived,
        "new": new,
        "datasets": [
            {"id": each["id"], "name": each["name"], "as_of": each["as_of"]} for each in datasets["items"] if each["usable"] and not each["purged_at"]
        ],
        "bases": [{"id": each["id"], "name": each["name"]} for each in found["items"] if each["archived_at"] is None],
    }


async def _line(api: Api, document: Mapping[str, Any], datasets: Mapping[str, str]) -> dict[str, Any]:
    """A scenario with its last run and its base's."""
    base = document["base"]
    last, under, before = await asyncio.gather(_last(api, document["id"]), _named(api, base["scenario_id"]), _last(api, base["scenario_id"]))
    placed, was = ((run or {}).get("placed") for run in (last, before))
    return {
        **{name: document[name] for name in ("id", "name", "version", "tags", "created_at", "archived_at")},
        "changes": len(document["changes"]),
        "run": last,
        "base": {"scenario": under, "dataset": {"id": base["dataset_id"], "name": datasets.get(base["dataset_id"], base["dataset_id"])}},
        "difference": None if placed is None or was is None else placed - was,
    }


async def _named(api: Api, scenario_id: str | None) -> dict[str, Any] | None:
    if scenario_id is None:
        return None
    found = await api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id)
    return {"id": found["id"], "name": found["name"]}


async def _last(api: Api, scenario_id: str | None) -> dict[str, Any] | None:
    """The last run of a scenario, and how many the last one with a plan placed: what runs now has none yet."""
    if scenario_id is None:
        return None
    runs, ended = await asyncio.gather(
        api.get("/v1/runs", scenario_id=scenario_id, limit=1), api.get("/v1/runs", scenario_id=scenario_id, status="succeeded", limit=10)
    )
    if not runs["items"]:
        return None
    (run,) = runs["items"]
    told = {name: run[name] for name in ("id", "status", "outcome", "created_at", "scenario_version")}
    return {**told, "placed": next((each["summary"]["placed"] for each in ended["items"] if each["verified"] and each["summary"]), None)}


@pages.action("/scenarios", "scenarios", shows=scenarios)
async def make(api: Ask, form: Form) -> str:
    """Make a scenario on a dataset or on another scenario."""
    base = str(form.get("base") or "")
    body = {"name": str(form.get("name") or "").strip(), "note": str(form.get("note") or ""), "base": {_what(base): base}}
    if not body["name"]:
        body["name"] = await _suggested(api, base)
    made = await api.post("/v1/scenarios", body, once=str(form.get("once") or ""))
    return f"/scenarios/{made.made}"


def _what(base: str) -> str:
    return "scenario_id" if base.startswith("scenario_") else "dataset_id"


async def _suggested(api: Api, base: str) -> str:
    """A name for a scenario that was given none: its base's. The form asks for one; a script need not."""
    path, given = (
        ("/v1/scenarios/{scenario_id}", {"scenario_id": base}) if _what(base) == "scenario_id" else ("/v1/datasets/{dataset_id}", {"dataset_id": base})
    )
    try:
        return str((await api.get(path, **given))["name"])
    except RefusedError:
        return ""
