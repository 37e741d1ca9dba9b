"""The audit trail in plain words: who did what, when, to what; and whether the trail is whole."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query

from api.pages.ask import Ask
from api.pages.frame import Pages
from api.pages.words import catalogue, say

pages = Pages()
PIECE = 50
Word = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
PLACES = {
    "dataset": "/data/", "scenario": "/scenarios/", "run": "/runs/", "sweep": "/tradeoffs/", "schedule": "/nights/", "occurrence": "/nights/occurrences/",
    "publication": "/publications/", "key": "/keys?key=", "webhook": "/settings?tab=webhooks&webhook=",
}  # fmt: skip
"""Where the things that entries are about have their pages, by how their ids begin."""


@pages.page("/audit", "audit", "audit.html")
async def audit(
    api: Ask,
    actor: Word = "",
    action: Word = "",
    object: Word = "",
    since: date | None = None,
    until: date | None = None,
    without_logins: bool = False,
    cursor: Annotated[str, Query(max_length=200)] = "",
    check: Annotated[bool, Query()] = False,
    head: Annotated[str, Query(max_length=80)] = "",
) -> dict[str, Any]:
    """Entries of the trail, newest first; with `check`, whether it is whole."""
    wanted = {
        "actor": actor.strip(),
        "action": action,
        "object": object.strip(),
        "since": since and f"{since.isoformat()}T00:00:00Z",
        "until": f"{(until + timedelta(days=1)).isoformat()}T00:00:00Z" if until and until < date.max else None,
        "logins": "false" if without_logins else None,
    }
    found, keys, verified = await asyncio.gather(
        api.get("/v1/audit", limit=PIECE, cursor=cursor, **wanted), api.get("/v1/api-keys", limit=1000), _verified(api, check, head.strip())
    )
    return {
        "entries": [_line(entry) for entry in found["items"]],
        "next_cursor": found["next_cursor"],
        "actions": {name: say(f"audit.doing.{name}") for name in _actions()},
        "actors": [{"id": each["id"], "name": each["name"]} for each in keys["items"]],
        "filters": {"actor": actor, "action": action, "object": object, "since": since, "until": until, "without_logins": without_logins},
        "verified": verified,
        "head": head,
    }


async def _verified(api: Ask, check: bool, head: str) -> dict[str, Any] | None:
    if not check:
        return None
    told: dict[str, Any] = await api.get("/v1/audit/verify", head=head)
    return told


def _actions() -> list[str]:
    """Everything that is ever written in the trail, as the trail names it."""
    return sorted(name.removeprefix("audit.doing.") for name in catalogue("en") if name.startswith("audit.doing."))


def _line(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with its action in words, and where what it is about has its page."""
    told = {name: entry[name] for name in ("seq", "at", "actor", "actor_name", "action", "object", "detail", "hash")}
    known = f"audit.doing.{entry['action']}" in catalogue("en")
    place = PLACES.get(entry["object"].partition("_")[0]) if "_" in entry["object"] else None
    return {**told, "words": say(f"audit.doing.{entry['action']}") if known else entry["action"], "place": None if place is None else place + entry["object"]}
