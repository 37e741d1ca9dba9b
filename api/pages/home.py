"""The first page: what has changed since one was here, what waits to be done, and on an empty board where to begin."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from api.clock import now
from api.pages.ask import Ask, RefusedError
from api.pages.axes import axis_of
from api.pages.frame import Pages
from api.pages.planned import PLANNED

pages = Pages()
Document = dict[str, Any]
SHOWN = 6
"""Lines in a card."""
LOOKED_AT = 100
"""How far back things are looked for."""
ENDS = 5
"""Runs of a scenario among which one with a plan is looked for; where none is, among as many that have succeeded."""
RECENT = timedelta(days=7)
ORDERS = {"publisher": ("nights", "scenarios", "sweeps"), "analyst": ("sweeps", "scenarios", "nights")}
"""Which card stands first, by role; planners, and whoever has no card of their own, begin with their scenarios."""
SETTLED_IN = 5
"""Runs after which nobody needs first steps."""


@pages.page("/", "read", "home.html")
async def home(api: Ask) -> Document:
    """What each role looks for first."""
    who, scenarios, studies, sweeps, nights, datasets, runs, *counted = await asyncio.gather(
        api.get("/v1/me"),
        api.get("/v1/scenarios", limit=LOOKED_AT),
        api.get("/v1/studies", limit=SHOWN),
        api.get("/v1/sweeps", limit=SHOWN),
        _nights(api),
        api.get("/v1/datasets", limit=1, usable="true"),
        api.get("/v1/runs", limit=SETTLED_IN),
        *(api.get("/v1/runs", status=status, limit=LOOKED_AT) for status in ("queued", "running", "failed")),
    )
    waiting, working, failed = counted
    failed = {**failed, "items": [run for run in failed["items"] if _since(run["finished_at"]) < RECENT]}
    mine = [each for each in scenarios["items"] if each["created_by"] == who["id"]]
    shown = (mine or scenarios["items"])[:SHOWN]
    return {
        "order": ORDERS.get(who["role"], ("scenarios", "nights", "sweeps")),
        "counts": {name: _count(found) for name, found in (("queued", waiting), ("running", working), ("failed", failed))},
        "live": next((run["id"] for run in [*working["items"], *waiting["items"][::-1]]), None),
        "mine": bool(mine),
        "scenarios": await _standings(api, shown, scenarios["items"]),
        "more_scenarios": len(mine or scenarios["items"]) > SHOWN,
        "nights": nights,
        "studies": [{name: each[name] for name in ("id", "kind", "title", "address", "gone", "created_at")} for each in studies["items"]],
        "sweeps": [_named(sweep, scenarios["items"]) for sweep in sweeps["items"]],
        "steps": _steps(datasets["items"], scenarios["items"], runs["items"], nights),
    }


def _since(moment: str | None) -> timedelta:
    return now() - datetime.fromisoformat(moment) if moment else timedelta.max


def _count(found: Document) -> Document:
    """How many there are; `more` where some were not looked at."""
    return {"n": len(found["items"]), "more": len(found["items"]) == LOOKED_AT and found["next_cursor"] is not None}


# -- scenarios -------------------------------------------------------------------------------------------------------


async def _standings(api: Ask, shown: list[Document], known: list[Document]) -> list[Document]:
    """Scenarios with their last run, and with how many more their last plan places than that of the scenario they are built on.

    Several are often built on the same one: each is asked about once.
    """
    names = {each["id"]: each["name"] for each in known}
    bases = {each["base"]["scenario_id"]: None for each in shown if each["base"]["scenario_id"]}
    ids = list({each["id"]: None for each in shown} | bases)
    unnamed = [each for each in bases if each not in names]
    *found, last = await asyncio.gather(
        *(_or_none(api, "/v1/scenarios/{scenario_id}", scenario_id=each) for each in unnamed), asyncio.gather(*(_last(api, each) for each in ids))
    )
    names |= {each["id"]: each["name"] for each in found if each is not None}
    return [_standing(each, dict(zip(ids, last, strict=True)), names) for each in shown]


def _standing(scenario: Document, last: dict[str, tuple[Document | None, Document | None]], names: dict[str, str]) -> Document:
    base_id = scenario["base"]["scenario_id"]
    (run, plan), (_, base_plan) = last[scenario["id"]], last.get(base_id, (None, None))
    return {
        "id": scenario["id"],
        "name": scenario["name"],
        "version": scenario["version"],
        "created_at": scenario["created_at"],
        "run": run,
        "changed_since": run is not None and run["scenario_version"] < scenario["version"],
        "placed": None if plan is None else plan["summary"]["placed"],
        "seekers": None if plan is None else plan["summary"]["seekers"],
        "base": {"id": base_id, "name": names[base_id]} if base_id in names else None,
        "difference": plan["summary"]["placed"] - base_plan["summary"]["placed"] if plan and base_plan else None,
    }


async def _last(api: Ask, scenario_id: str) -> tuple[Document | None, Document | None]:
    """The last run of a scenario, and the last that found a plan."""
    runs = (await api.get("/v1/runs", scenario_id=scenario_id, limit=ENDS))["items"]
    plan = _first(run for run in runs if _is_told(run))
    if plan is None and len(runs) == ENDS:
        older = await api.get("/v1/runs", scenario_id=scenario_id, status="succeeded", limit=ENDS)
        plan = _first(run for run in older["items"] if _is_told(run))
    return _first(runs), plan


def _is_told(run: Document) -> bool:
    """Whether a run has found a plan and its figures are kept, as they are when the plan itself is deleted after its time."""
    return run["outcome"] in PLANNED and run["summary"] is not None


async def _or_none(api: Ask, path: str, **given: Any) -> Any:
    try:
        return await api.get(path, **given)
    except RefusedError as error:
        if error.code != "not-found":
            raise
        return None


def _first(found: Iterable[Document]) -> Document | None:
    return next(iter(found), None)


# -- nights ----------------------------------------------------------------------------------------------------------


async def _nights(api: Ask) -> Document:
    """The last night of each schedule, what of the nights waits for somebody, and what is published."""
    schedules, latest, held, current = await asyncio.gather(
        api.get("/v1/schedules", limit=LOOKED_AT),
        api.get("/v1/occurrences", limit=LOOKED_AT),
        api.get("/v1/occurrences", limit=LOOKED_AT, status="held"),
        api.get("/v1/publications", limit=1, withdrawn="false"),
    )
    names = {each["id"]: each["name"] for each in schedules["items"]}

    def named(night: Document) -> Document:
        kept = {name: night[name] for name in ("id", "night", "scheduled_for", "status", "result", "reason", "run_id", "schedule_id")}
        return {**kept, "schedule": names.get(night["schedule_id"], night["schedule_id"])}

    last = [
        {"id": each["id"], "name": each["name"], "paused": each["paused"], "next_due": each["next_due"], "last": last and named(last)}
        for each in schedules["items"]
        for last in [_latest(latest["items"], each["id"])]
    ]
    return {
        "schedules": last[:SHOWN],
        "to_handle": [named(each) for each in [*held["items"], *_unmended(latest["items"])][:SHOWN]],
        "current": _first(current["items"]),
    }


def _latest(nights: list[Document], schedule_id: str) -> Document | None:
    """The night of a schedule that was due last: nights are made late where a service was down, so not the one that was made last."""
    return max((each for each in nights if each["schedule_id"] == schedule_id), key=lambda each: each["scheduled_for"], default=None)


def _unmended(nights: list[Document]) -> list[Document]:
    """Nights that have failed and after which none of their schedule was published."""
    good: dict[str, str] = {}
    for each in nights:
        if each["result"] == "published":
            good[each["schedule_id"]] = max(each["scheduled_for"], good.get(each["schedule_id"], ""))
    return [each for each in nights if each["result"] == "failed" and each["scheduled_for"] > good.get(each["schedule_id"], "")]


# -- studies and first steps -----------------------------------------------------------------------------------------


def _named(sweep: Document, scenarios: list[Document]) -> Document:
    """A sweep with the name of its scenario."""
    kept = {name: sweep[name] for name in ("id", "status", "points", "done", "note", "created_at", "scenario_id")}
    name = next((each["name"] for each in scenarios if each["id"] == sweep["scenario_id"]), sweep["scenario_id"])
    return {**kept, "scenario": name, "over": [axis_of(axis["path"])["words"] for axis in sweep["axes"]]}


def _steps(datasets: list[Document], scenarios: list[Document], runs: list[Document], nights: Document) -> Document | None:
    """Where a new board stands on its way to its first plan; None where it has long been on its way."""
    if len(runs) >= SETTLED_IN or nights["schedules"] or nights["current"]:
        return None
    dataset, scenario = _first(datasets), _first(scenarios)
    solved = _first(run for run in runs if _is_told(run))
    return {
        "dataset": dataset and {"id": dataset["id"], "name": dataset["name"]},
        "scenario": scenario and {"id": scenario["id"], "name": scenario["name"]},
        "run": solved and {"id": solved["id"], "placed": solved["summary"]["placed"], "seekers": solved["summary"]["seekers"]},
    }
