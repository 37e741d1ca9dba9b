"""Publications: which plan holds, what it changed, what goes to staff and employers, and how it is taken back."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query

from api.pages.ask import Ask, RefusedError
from api.pages.changed import SHOWN, Change, changed_between, current_of, told_changes
from api.pages.frame import Form, Pages

pages = Pages()
PIECE = 50
Cursor = Annotated[str, Query(max_length=200)]
Start = Annotated[int, Query(ge=0, le=10**7)]
Word = Annotated[str, Query(max_length=20)]
Id = Annotated[str, Query(max_length=200)]
EVERYBODY = "all"
NOBODY = "nobody"
"""What stands in an address for tasks that are nobody's."""


@pages.page("/publications", "read", "publications.html")
async def publications(api: Ask, schedule: Annotated[str, Query(max_length=64)] = "", cursor: Cursor = "") -> dict[str, Any]:
    """What was published, newest first."""
    found, names = await asyncio.gather(api.get("/v1/publications", limit=PIECE, schedule=schedule, cursor=cursor), _names(api))
    holds = await asyncio.gather(*(current_of(api, each) for each in {line["schedule_id"] for line in found["items"]}))
    standing = {each["id"] for each in holds if each is not None}
    return {
        "publications": [{**line, "schedule": names.get(line["schedule_id"], ""), "state": _state(line, standing)} for line in found["items"]],
        "next_cursor": found["next_cursor"],
    }


@pages.page("/publications/new", "publish", "publish.html")
async def publish(api: Ask, run: Annotated[str, Query(max_length=64)] = "", change: Change | None = None, start: Start = 0) -> dict[str, Any]:
    """What publishing a run by hand will change, before it is done."""
    if not run:
        found = await api.get("/v1/runs", status="succeeded", limit=PIECE)
        ready = [each for each in found["items"] if each["verified"]]
        return {"run": None, "runs": ready, "holds": None, "changes": None, "change": None, "start": 0, "piece": SHOWN}
    told, holds = await asyncio.gather(api.get("/v1/runs/{run_id}", run_id=run), current_of(api, None))
    ready = told["status"] == "succeeded" and told["verified"]
    changes = await changed_between(api, None if holds is None else holds["run_id"], run, change, start) if ready else None
    return {"run": {**told, "ready": ready}, "runs": [], "holds": holds, "changes": changes, "change": change, "start": start, "piece": SHOWN}


@pages.action("/publications/new", "publish", shows=publish)
async def publish_by_hand(api: Ask, form: Form) -> str:
    """Publish a run."""
    asked = {"run_id": str(form.get("run", "")), "note": str(form.get("note", "")).strip()}
    made = await api.post("/v1/publications", asked, once=str(form.get("once", "")))
    return f"/publications/{made.made}?done=published"


@pages.page("/publications/{publication_id}", "read", "publication.html")
async def publication(publication_id: str, api: Ask, change: Change | None = None, start: Start = 0, ask: Word = "", done: Word = "") -> dict[str, Any]:
    """A publication: where it stands, what it changed, and what goes out with it."""
    told = await api.get("/v1/publications/{publication_id}", publication_id=publication_id)
    holds, names, found, standing, deliveries, run = await asyncio.gather(
        current_of(api, told["schedule_id"]), _names(api), _changes(api, publication_id), _standing(api, told["schedule_id"]), _deliveries(api, publication_id),
        api.get("/v1/runs/{run_id}", run_id=told["run_id"]),
    )  # fmt: skip
    state = _state(told, set() if holds is None else {holds["id"]})
    return {
        "publication": {**told, "state": state, "schedule": names.get(told["schedule_id"], "")},
        "holds": holds,
        "then": next((each for each in standing if each["id"] != publication_id), None),
        "changes": None if told["previous_id"] is None else found if "gone" in found else told_changes(found, change, start),
        "run": {name: run[name] for name in ("id", "status", "outcome")},
        "change": change, "start": start, "piece": SHOWN, "ask": ask, "done": done, "deliveries": deliveries,
    }  # fmt: skip


@pages.action("/publications/{publication_id}", "publish", shows=publication)
async def take_back(publication_id: str, api: Ask, form: Form) -> str:
    """Take a publication back, so that what was published before it holds again; or send a message about it once more."""
    if form.get("do") == "resend":
        place = "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend"
        await api.post(place, webhook_id=str(form.get("webhook", "")) or "-", delivery_id=str(form.get("delivery", "")) or "-")
        return f"/publications/{publication_id}?done=resent"
    await api.ask("DELETE", "/v1/publications/{publication_id}", publication_id=publication_id)
    return f"/publications/{publication_id}?done=withdrawn"


@pages.page("/publications/{publication_id}/worklists", "read", "worklists.html")
async def worklists(publication_id: str, api: Ask, staff: Id = "") -> dict[str, Any]:
    """What each staff member does in the morning: one's list, everybody's, or whose there are."""
    told = await api.get("/v1/publications/{publication_id}", publication_id=publication_id)
    sheet = await _sheet(api, told["run_id"], "worklist")
    lists: dict[str, list[dict[str, Any]]] = {}
    for line in sheet["items"]:
        lists.setdefault(line["staff_id"] or NOBODY, []).append(line)
    shown = lists if staff == EVERYBODY else {name: lines for name, lines in lists.items() if name == staff}
    return {
        "publication": told,
        "about": sheet["about"],
        "columns": [column for column in sheet["columns"] if column["name"] not in ("staff_id", "role")],
        "people": [{"id": name, "role": lines[0]["role"], "tasks": len(lines)} for name, lines in lists.items()],
        "lists": [{"id": name, "role": lines[0]["role"], "lines": lines} for name, lines in shown.items()],
        "staff": staff,
    }


@pages.page("/publications/{publication_id}/employers", "read", "employers.html")
async def employers(publication_id: str, api: Ask, employer: Id = "", q: Annotated[str, Query(max_length=100)] = "") -> dict[str, Any]:
    """What an employer is sent: its own lines and no other's."""
    told = await api.get("/v1/publications/{publication_id}", publication_id=publication_id)
    counts: dict[str, int] = {}
    if employer:
        sheet = await _sheet(api, told["run_id"], "employer_sheet", employer=employer)
    else:
        sheet = await _sheet(api, told["run_id"], "employer_sheet")
        for line in sheet["items"]:
            counts[line["employer_id"] or ""] = counts.get(line["employer_id"] or "", 0) + 1
    return {
        "publication": told,
        "columns": sheet["columns"],
        "lines": sheet["items"] if employer else [],
        "employer": employer,
        "employers": [{"id": name, "people": people} for name, people in counts.items() if name and q.lower() in name.lower()],
        "q": q,
    }


async def _sheet(api: Ask, run_id: str, name: str, **query: Any) -> dict[str, Any]:
    """A sheet of a run, whole."""
    place = "/v1/runs/{run_id}/sheets/{name}"
    sheet: dict[str, Any] = await api.get(place, run_id=run_id, name=name, limit=1000, **query)
    following = sheet["next_cursor"]
    while following:
        more = await api.get(place, run_id=run_id, name=name, limit=1000, cursor=following, **query)
        sheet["items"] += more["items"]
        following = more["next_cursor"]
    return sheet


def _state(told: dict[str, Any], standing: set[str]) -> str:
    return "withdrawn" if told["withdrawn_at"] else "holds" if told["id"] in standing else "earlier"


async def _names(api: Ask) -> dict[str | None, str]:
    """Names of schedules, ended ones too."""
    return {each["id"]: each["name"] for each in (await api.get("/v1/schedules", limit=1000, archived="true"))["items"]}


async def _standing(api: Ask, schedule_id: str | None) -> list[dict[str, Any]]:
    """Publications of a schedule, or by hand, that are not withdrawn, the one that holds first."""
    found = await api.get("/v1/publications", schedule=schedule_id, withdrawn="false", limit=100)
    mine = [each for each in found["items"] if each["schedule_id"] == schedule_id]
    return sorted(mine, key=lambda each: (each["scheduled_for"] or "", each["id"]), reverse=True)


async def _changes(api: Ask, publication_id: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = await api.get("/v1/publications/{publication_id}/changes", publication_id=publication_id)
    except RefusedError as error:
        if error.code not in ("gone", "conflict"):
            raise
        return {"gone": error.problem["detail"]}
    return found


async def _deliveries(api: Ask, publication_id: str) -> list[dict[str, Any]] | None:
    """Messages to webhooks about a publication; None for whom they are not."""
    try:
        hooks = (await api.get("/v1/webhooks", limit=100))["items"]
    except RefusedError as error:
        if error.code != "forbidden":
            raise
        return None
    sent = await asyncio.gather(*(api.get("/v1/webhooks/{webhook_id}/deliveries", webhook_id=each["id"], limit=200) for each in hooks))
    return [
        {**{name: line[name] for name in ("id", "webhook_id", "event", "status", "attempts", "answered", "error", "created_at")}, "url": hook["url"]}
        for hook, found in zip(hooks, sent, strict=True)
        for line in found["items"]
        if line["body"].get("data", {}).get("ids", {}).get("publication") == publication_id
    ]
