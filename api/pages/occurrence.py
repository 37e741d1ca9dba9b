"""A night: what happened step by step, what its gates said, what would change; and to publish it, or to keep the last good plan."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query

from api.pages.ask import Ask, RefusedError
from api.pages.changed import SHOWN, Change, changed_between, current_of
from api.pages.frame import Form, Pages
from api.pages.night_words import state_of
from api.pages.words import say

pages = Pages()


@pages.page("/nights/occurrences/{occurrence_id}", "read", "occurrence.html")
async def occurrence(
    occurrence_id: str, api: Ask, change: Change | None = None, start: Annotated[int, Query(ge=0, le=10**7)] = 0, ask: Annotated[str, Query(max_length=20)] = ""
) -> dict[str, Any]:
    """A night, with everything that whoever decides on it must know."""
    told = await api.get("/v1/occurrences/{occurrence_id}", occurrence_id=occurrence_id)
    state = state_of(told)
    schedule, run, holds, dataset = await asyncio.gather(
        api.get("/v1/schedules/{schedule_id}", schedule_id=told["schedule_id"]),
        _run(api, told["run_id"]),
        current_of(api, told["schedule_id"]),
        _dataset(api, told["dataset_id"]),
    )
    decidable = state == "held" or (state == "failed" and (told["reason"] or {}).get("code") == "gates")
    planned = run is not None and run["status"] == "succeeded" and run["verified"]
    before = holds["run_id"] if holds is not None and holds["occurrence_id"] != told["id"] else None
    if not decidable and holds is not None and planned and state == "published":
        before = await _published_before(api, told)
    changes = await changed_between(api, before, told["run_id"], change, start) if planned else None
    lines = [_step(line) for line in told["log"]]
    return {
        "night": {**told, "state": state, "log": lines},
        "schedule": {name: schedule[name] for name in ("id", "name", "time_zone", "review", "archived_at")},
        "run": None if run is None else {name: run[name] for name in ("id", "status", "outcome", "summary", "phase") if name in run},
        "dataset": dataset,
        "holds": holds,
        "decidable": decidable and planned,
        "under_way": state in ("waiting", "running"),
        "changes": changes,
        "change": change,
        "start": start,
        "piece": SHOWN,
        "ask": ask,
        "publication": told["links"].get("publication", "").rpartition("/")[2] or None,
        "headline": next((line["facts"]["figures"]["headline"] for line in reversed(told["log"]) if "figures" in line["facts"]), None),
        "figures": next((line["facts"]["figures"] for line in reversed(told["log"]) if "figures" in line["facts"]), None),
    }


@pages.action("/nights/occurrences/{occurrence_id}", "publish", shows=occurrence)
async def decide(occurrence_id: str, api: Ask, form: Form) -> str:
    """Publish the plan, or keep the last good one and say why."""
    told = await api.get("/v1/occurrences/{occurrence_id}", occurrence_id=occurrence_id)
    if form.get("do") == "publish":
        asked = {"run_id": str(form.get("run", "")) or told["run_id"], "occurrence_id": occurrence_id, "note": str(form.get("note", "")).strip()}
        made = await api.post("/v1/publications", asked, once=str(form.get("once", "")))
        return f"/publications/{made.made}?done=published"
    reason = str(form.get("reason", "")).strip() or say("occurrence.kept")
    await api.post("/v1/occurrences/{occurrence_id}/reject", {"reason": reason}, occurrence_id=occurrence_id)
    return f"/nights/occurrences/{occurrence_id}"


def _step(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("at", "step", "sentence")}


async def _run(api: Ask, run_id: str | None) -> dict[str, Any] | None:
    if run_id is None:
        return None
    told: dict[str, Any] = await api.get("/v1/runs/{run_id}", run_id=run_id)
    return told


async def _dataset(api: Ask, dataset_id: str | None) -> dict[str, Any] | None:
    if dataset_id is None:
        return None
    try:
        told = await api.get("/v1/datasets/{dataset_id}", dataset_id=dataset_id)
    except RefusedError as error:
        if error.code not in ("not-found", "gone"):
            raise
        return None
    return {name: told[name] for name in ("id", "name", "as_of", "tables", "errors", "warnings", "created_at")}


async def _published_before(api: Ask, told: dict[str, Any]) -> str | None:
    """The run that was published before a night's own publication."""
    mine = told["links"]["publication"].rpartition("/")[2]
    previous = (await api.get("/v1/publications/{publication_id}", publication_id=mine))["previous_id"]
    if previous is None:
        return None
    return str((await api.get("/v1/publications/{publication_id}", publication_id=previous))["run_id"])
