"""A run that found promises which cannot all be kept: what conflicts, the cheapest ways out, and a repaired scenario to go on from."""

from __future__ import annotations

import asyncio
from typing import Any

from api.pages.ask import Ask, RefusedError
from api.pages.frame import Form, Pages

pages = Pages()


@pages.page("/runs/{run_id}/conflict", "read", "conflict.html")
async def conflict(api: Ask, run_id: str) -> dict[str, Any]:
    """What conflicts in a run; nothing where the run is not one of those."""
    run = await api.get("/v1/runs/{run_id}", run_id=run_id)
    told, scenario = await asyncio.gather(
        _told(api, run_id), api.get("/v1/scenarios/{scenario_id}", scenario_id=run["scenario_id"], version=run["scenario_version"])
    )
    says = {party["name"]: party["says"] for each in (told or {"conflicts": []})["conflicts"] for party in each["rules"]}
    bends = (
        [] if told is None else sorted(({**bend, "says": says.get(bend["name"], "")} for bend in told["bends"]), key=lambda bend: (bend["price"], bend["name"]))
    )
    return {
        "run": {name: run[name] for name in ("id", "status", "outcome", "created_at", "scenario_version")},
        "scenario": {"id": scenario["id"], "name": scenario["name"]},
        "told": told,
        "bends": bends,
    }


async def _told(api: Ask, run_id: str) -> Any:
    try:
        return await api.get("/v1/runs/{run_id}/infeasibility", run_id=run_id)
    except RefusedError as refused:
        if refused.code in ("conflict", "gone"):
            return None
        raise


@pages.action("/runs/{run_id}/conflict", "scenarios", shows=conflict)
async def repair(api: Ask, form: Form, run_id: str) -> str:
    """Make a scenario of the repair."""
    body: dict[str, Any] = {name: text for name in ("name", "note") if (text := str(form.get(name) or "").strip())}
    made = await api.post("/v1/runs/{run_id}/repair", body, once=str(form.get("once") or ""), run_id=run_id)
    return f"/scenarios/{made.made}"
