"""The board's API keys: made, replaced, ended. A key is shown in the answer to the form that makes it, and never again."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, get_args

from fastapi import Query

from api import clock
from api.access.roles import ROLES, Role, within
from api.pages.ask import Ask
from api.pages.frame import Form, Pages

pages = Pages()
PIECE = 100
OVERLAPS = (0, 1, 24, 168)
"""Hours for which a replaced key may stay valid."""


@pages.page("/keys", "keys", "keys.html")
async def keys(
    api: Ask,
    key: Annotated[str, Query(max_length=64)] = "",
    ask: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """The keys, and one of them in a drawer."""
    found = await api.get("/v1/api-keys", limit=PIECE, cursor=cursor)
    me = await api.get("/v1/me")
    return {
        "keys": found["items"],
        "next_cursor": found["next_cursor"],
        "key": await api.get("/v1/api-keys/{key_id}", key_id=key) if key else None,
        "ask": ask,
        "roles": {role: sorted(ROLES[role]) for role in get_args(Role) if within(role, me["role"])},
        "overlaps": list(OVERLAPS),
        "mine": me["id"],
        "tomorrow": (clock.now().date() + timedelta(days=1)).isoformat(),
        "made": None,
    }


@pages.action("/keys", "keys", shows=keys)
async def change_keys(api: Ask, form: Form) -> str | dict[str, Any]:
    """Make a key, replace one, or end one."""
    do, key_id, once = (str(form.get(name, "")) for name in ("do", "key", "once"))
    if do == "revoke":
        await api.ask("DELETE", "/v1/api-keys/{key_id}", key_id=key_id or "-")
        return "/keys"
    end = _end(str(form.get("ends", "")).strip())
    if do == "rotate":
        asked: dict[str, Any] = {"overlap": f"PT{str(form.get('overlap', '')) or '24'}H"}
        made = await api.post("/v1/api-keys/{key_id}/rotate", asked | ({"expires_at": end} if end else {}), once=once, key_id=key_id or "-")
    else:
        asked = {"name": str(form.get("name", "")).strip(), "role": str(form.get("role", ""))}
        made = await api.post("/v1/api-keys", asked | ({"expires_at": end} if end else {}), once=once)
    return {"made": made.document, "key": None}


def _end(told: str) -> str:
    """The end of a day, as the API takes it; what is no day is sent as it is, so that the API says so."""
    try:
        return f"{datetime.combine(date.fromisoformat(told), time(23, 59, 59)).isoformat()}Z" if told else ""
    except ValueError:
        return told
