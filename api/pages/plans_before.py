"""Plans that a run of a scenario can be compared with: those that hold, then what runs of it, and of the scenario under it, have found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from api.pages.ask import Api
from api.pages.planned import has_plan

MOST = 20


async def plans_before(api: Api, document: Mapping[str, Any], ended: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Plans to choose from, the one that is usually meant first; `ended` are runs of the scenario that have come to an end."""
    published, schedules, under = await asyncio.gather(
        api.get("/v1/publications", withdrawn="false", limit=100), api.get("/v1/schedules", limit=1000, archived="true"), _under(api, document)
    )
    names = {each["id"]: each["name"] for each in schedules["items"]}
    found = [*_holding(published["items"], names), *_of_runs(ended, "run"), *_of_runs(under, "base_run")]
    return list({each["run"]: each for each in reversed(found)}.values())[::-1]


async def _under(api: Api, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Runs of the scenario that this one is built on."""
    base = document["base"]["scenario_id"]
    return [] if base is None else (await api.get("/v1/runs", scenario_id=base, status="succeeded", limit=MOST))["items"]


def _holding(publications: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The publication that holds for each schedule, and the one made by hand, newest first."""
    seen = set()
    for each in publications:
        if each["schedule_id"] not in seen:
            seen.add(each["schedule_id"])
            yield {
                "run": each["run_id"],
                "what": "publication",
                "of": names.get(each["schedule_id"], ""),
                "at": each["created_at"],
                "placed": each["summary"]["placed"],
            }


def _of_runs(runs: Iterable[Mapping[str, Any]], what: str) -> Iterator[dict[str, Any]]:
    for run in runs:
        if has_plan(run) and run["verified"]:
            yield {"run": run["id"], "what": what, "of": "", "at": run["created_at"], "placed": run["summary"]["placed"]}
