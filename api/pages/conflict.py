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
    """Make a scenario of the repair, and run it where that is asked for: what comes of it is the best plan with these steps, against the same plan before."""
    body: dict[str, Any] = {name: text for name in ("name", "note") if (text := str(form.get(name) or "").strip())}
    once = str(form.get("once") or "")
    made = await api.post("/v1/runs/{run_id}/repair", body, once=once, run_id=run_id)
    if form.get("then") != "run":
        return f"/scenarios/{made.made}"
    before = await api.get("/v1/runs/{run_id}", run_id=run_id)
    asked = {"scenario_id": made.made, "seed": before["seed"], "limits": before["limits"], "reference_run": before["reference_run"]}
    ran = await api.post("/v1/runs", asked, once=once and f"{once}-run")
    return f"/runs/{ran.made}"
