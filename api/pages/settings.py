"""Settings: what the service is set to, who is told of what, whether it works, and what is past its time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from fastapi import Query
from pydantic import TypeAdapter

from api.jobs.webhooks import Event
from api.pages.ask import Ask, RefusedError
from api.pages.frame import Form, Pages

pages = Pages()
Tab = Literal["service", "webhooks", "health", "purge"]
PIECE = 50
TIME = TypeAdapter(timedelta)


@pages.page("/settings", "keys", "settings.html")
async def settings(
    api: Ask, tab: Tab = "service", webhook: Annotated[str, Query(max_length=64)] = "", ask: Annotated[str, Query(max_length=20)] = ""
) -> dict[str, Any]:
    """One part of the settings at a time."""
    told, health = await asyncio.gather(api.get("/v1/settings"), _health(api))
    hooks = await api.get("/v1/webhooks", limit=100) if tab == "webhooks" else {"items": []}
    chosen = next((each for each in hooks["items"] if each["id"] == webhook), None)
    sent = await api.get("/v1/webhooks/{webhook_id}/deliveries", webhook_id=webhook, limit=PIECE) if chosen else {"items": []}
    values = {line["name"]: line["value"] for line in told["items"]}
    return {
        "tab": tab,
        "version": told["version"],
        "lines": told["items"] if tab == "service" else [],
        "connections": told["connections"],
        "hosts": (values["OJT_WEBHOOK_HOSTS"] or "").split(",") if values["OJT_WEBHOOK_HOSTS"] else [],
        "canary_seconds": _seconds(values["OJT_CANARY"]),
        "keep_days": round((_seconds(values["OJT_KEEP_RUNS"]) or 0) / 86_400),
        "health": health,
        "webhooks": hooks["items"],
        "webhook": chosen,
        "deliveries": sent["items"],
        "events": list(get_args(Event)),
        "ask": ask,
        "made": None,
        "purged": None,
    }


@pages.action("/settings", "keys", shows=settings)
async def change_settings(api: Ask, form: Form) -> str | dict[str, Any]:
    """Do what one of the page's forms asks; the API looks whether the reader may."""
    do, hook, once = (str(form.get(name, "")) for name in ("do", "webhook", "once"))
    here = f"/settings?tab=webhooks&webhook={hook}"
    if do == "add":
        asked = {"url": str(form.get("url", "")).strip(), "events": [str(each) for each in form.getlist("events")]}
        return {"made": (await api.post("/v1/webhooks", asked, once=once)).document}
    if do == "purge":
        dry = form.get("sure") != "yes"
        return {"purged": (await api.post("/v1/purges", {"dry_run": dry}, once=once)).document}
    if do == "rotate":
        return {"made": (await api.post("/v1/webhooks/{webhook_id}/rotate", once=once, webhook_id=hook or "-")).document}
    if do == "ping":
        await api.post("/v1/webhooks/{webhook_id}/ping", webhook_id=hook or "-")
    elif do == "resend":
        delivery = str(form.get("delivery", "")) or "-"
        await api.post("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", webhook_id=hook or "-", delivery_id=delivery)
    elif do == "delete":
        await api.ask("DELETE", "/v1/webhooks/{webhook_id}", webhook_id=hook or "-")
        return "/settings?tab=webhooks"
    else:
        await api.ask("PATCH", "/v1/webhooks/{webhook_id}", {"enabled": do == "on"}, webhook_id=hook or "-")
    return here


def _seconds(told: str | None) -> float | None:
    return None if told is None else TIME.validate_python(told).total_seconds()


async def _health(api: Ask) -> dict[str, Any]:
    """Whether the service can work, and what is to be looked at."""
    try:
        told = await api.get("/readyz")
    except RefusedError as error:
        return {"status": "unavailable", "workers": 0, "detail": error.problem["detail"]}
    return {name: told[name] for name in ("status", "workers", "detail")}
