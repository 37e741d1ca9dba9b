"""A run while it waits and works, and its result once it has ended: one address, so that a link that was sent about stays right."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query

from allocator.records import table_path
from allocator.trace import Moment
from api.pages import run_drawers as drawers
from api.pages import run_tabs as tabs
from api.pages.ask import Ask, RefusedError
from api.pages.frame import Form, Pages
from api.pages.pictures import Picture, picture
from api.pages.planned import PLANNED
from api.pages.words import say

pages = Pages()
OPEN = ("queued", "running", "cancelling")
Id = Annotated[str, Query(max_length=200)]
Text = Annotated[str, Query(max_length=100)]
NOTHING = {"log": "", "kpis": None, "against": None, "trace": None, "listing": None, "reservations": None, "rules": None, "equity": None, "checks": None}
"""What a run has that has no plan."""
MOST_SCENARIOS = 100
"""Scenarios that a decision may be added to."""


def draw(document: dict[str, Any]) -> dict[str, Picture]:
    """Value and bound, as far as they were told."""
    from allocator.charts.closing import closing

    told = document["trace"]
    chart = closing([Moment(**moment) for moment in told["items"]]) if told else None
    return {"closing": picture(chart)} if chart else {}


@pages.page("/runs/{run_id}", "read", "run.html", draw)
async def run(
    api: Ask,
    run_id: str,
    tab: tabs.Tab = "people",
    show: Literal["placed", "unplaced"] = "placed",
    reason: Text = "",
    left: Literal["", "yes", "no"] = "",
    q: Text = "",
    sort: Text = "",
    cursor: Id = "",
    person: Id = "",
    slot: Id = "",
    rule: Id = "",
    to: Id = "",
    reasons: Literal["", "now"] = "",
) -> dict[str, Any]:
    """A run; `person`, `slot` and `rule` open the drawer, `to` is a slot that is tried for the person; `reasons=now` waits for what has to be found out."""
    told = await api.get("/v1/runs/{run_id}", run_id=run_id)
    where = stage(told)
    scenario, trace = await asyncio.gather(
        api.get("/v1/scenarios/{scenario_id}", scenario_id=told["scenario_id"], version=told["scenario_version"]),
        _trace(api, told, where, tab),
    )
    about = {"run": told, "stage": where, "scenario": {name: scenario[name] for name in ("id", "name", "version", "base")}}
    asked = {"tab": tab, "show": show, "reason": reason, "left": left, "q": q, "sort": sort}
    if where != "plan":
        log = await api.get("/v1/runs/{run_id}/log", run_id=run_id)
        return {**about, **asked, **NOTHING, "trace": trace, "log": log, "person": None, "slot": None, "rule": None, "scenarios": []}
    kpis, against, listed, opened, scenarios, _ = await asyncio.gather(
        api.get("/v1/runs/{run_id}/kpis", run_id=run_id),
        _against(api, told, scenario),
        tabs.asked(api, run_id, tab=tab, show=show, reason=reason, left=left, q=q, sort=sort, cursor=cursor),
        drawers.opened(api, run_id, person=person, slot=slot, rule=rule, to=to, now=reasons == "now"),
        _scenarios(api, told) if person or slot else _none(),
        api.post("/v1/runs/{run_id}/open", run_id=run_id),  # whoever looks at a result will ask why
    )
    return {**about, **asked, **NOTHING, "kpis": kpis, "against": against, "trace": trace, **listed, **opened, "scenarios": scenarios}


def stage(told: Mapping[str, Any]) -> str:
    """Where a run stands, as its page is made: open, plan, infeasible, no_solution, failed, cancelled, purged, part."""
    if told["kind"] != "solve":
        return "part"
    if told["status"] in OPEN:
        return "open"
    if told["outcome"] in PLANNED:
        return "plan" if "kpis" in told["links"] else "purged"
    if told["outcome"] == "infeasible":
        return "infeasible" if "infeasibility" in told["links"] else "purged"
    return "no_solution" if told["outcome"] == "no_solution" else str(told["status"])


async def _none() -> list[Any]:
    return []


async def _trace(api: Ask, told: Mapping[str, Any], where: str, tab: str) -> dict[str, Any] | None:
    """How it closed in: while it works, and beside the checks."""
    if told["status"] != "queued" and (where == "open" or (where == "plan" and tab == "checks")):
        found: dict[str, Any] = await api.get("/v1/runs/{run_id}/trace", run_id=told["id"])
        return found
    return None


async def _against(api: Ask, told: Mapping[str, Any], scenario: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the figures are set beside: the run's reference, else the newest plan of the scenario that its own is built on."""
    run_id, how = told["reference_run"], "reference"
    if run_id is None and scenario["base"]["scenario_id"] is not None:
        found = await api.get("/v1/runs", scenario_id=scenario["base"]["scenario_id"], status="succeeded", limit=10)
        run_id, how = next((each["id"] for each in found["items"] if each["verified"] and "kpis" in each["links"]), None), "base"
    if run_id is None:
        return None
    try:
        return {"run_id": run_id, "how": how, "kpis": await api.get("/v1/runs/{run_id}/kpis", run_id=run_id)}
    except RefusedError as error:
        if error.code not in ("gone", "not-found", "conflict"):
            raise
        return None


async def _scenarios(api: Ask, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Scenarios on the run's facts that a decision may be added to."""
    found = await api.get("/v1/scenarios", dataset_id=told["dataset_id"], limit=MOST_SCENARIOS)
    return [{"id": each["id"], "name": each["name"]} for each in found["items"]]


# -- what can be done ------------------------------------------------------------------------------------------------


@pages.action("/runs/{run_id}/stop", "runs", shows=run)
async def stop(api: Ask, run_id: str) -> str:
    """End a run, with the best so far."""
    await api.post("/v1/runs/{run_id}/cancel", run_id=run_id)
    return f"/runs/{run_id}"


@pages.action("/runs/{run_id}/again", "runs", shows=run)
async def again(api: Ask, run_id: str, form: Form) -> str:
    """The same question once more."""
    told = await api.get("/v1/runs/{run_id}", run_id=run_id)
    same = {name: told[name] for name in ("scenario_id", "scenario_version", "seed", "limits", "reference_run", "tags", "note")}
    return f"/runs/{(await api.post('/v1/runs', same, once=str(form.get('once') or ''))).made}"


@pages.action("/runs/{run_id}/scenario", "scenarios", shows=run)
async def make_scenario(api: Ask, run_id: str, form: Form) -> str:
    """A scenario on the run's own, to go on from it."""
    told = await api.get("/v1/runs/{run_id}", run_id=run_id)
    made = await api.post("/v1/scenarios", _built_on(told, str(form.get("name") or ""), []), once=str(form.get("once") or ""))
    return f"/scenarios/{made.made}"


@pages.action("/runs/{run_id}/decide", "scenarios", shows=run)
async def decide(api: Ask, run_id: str, form: Form) -> str:
    """Put a decision about a person and a slot into a scenario: that they have it, or that they do not."""
    seeker, slot, why, target = (str(form.get(name) or "").strip() for name in ("seeker", "for_slot", "why", "scenario"))
    told = await api.get("/v1/runs/{run_id}", run_id=run_id)
    value = {"reason": why} if why else {}
    change = {"op": "pin" if form.get("do") == "pin" else "forbid", "path": table_path("pins", (seeker, slot)), "value": value}
    if not target:
        words = say(f"run.decide.name_{change['op']}", person=seeker, slot=slot)[:200]
        return f"/scenarios/{(await api.post('/v1/scenarios', _built_on(told, words, [change]), once=str(form.get('once') or ''))).made}"
    before = await api.ask("GET", "/v1/scenarios/{scenario_id}", scenario_id=target)
    changes = [*(each for each in before.document["changes"] if each["path"] != change["path"]), change]
    await api.ask("PATCH", "/v1/scenarios/{scenario_id}", {"changes": changes}, headers={"If-Match": before.etag}, scenario_id=target)
    return f"/scenarios/{target}"


def _built_on(told: Mapping[str, Any], name: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name.strip(), "base": {"scenario_id": told["scenario_id"], "version": told["scenario_version"]}, "changes": changes}
