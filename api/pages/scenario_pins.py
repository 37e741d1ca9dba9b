"""Decisions about a person and a slot: whom and what to choose from, and what the base of a scenario has decided already."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from api.pages.ask import Api, RefusedError

MOST_OFFERED = 2_000


async def offered(api: Api, document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """People and slots to choose from, the first of them where there are very many."""
    dataset = document["base"]["dataset_id"]
    people, slots = await asyncio.gather(
        *(_records(api, dataset, table) for table in ("seekers", "slots")),
    )
    return {
        "people": [{"id": each["seeker_id"], "about": " ".join(str(each[name]) for name in ("partner_id", "center_id") if each.get(name))} for each in people],
        "slots": [{"id": each["slot_id"], "about": " ".join(str(each[name]) for name in ("employer_id", "onet_soc") if each.get(name))} for each in slots],
    }


async def in_base(api: Api, read: Mapping[str, Any], seeker: str, slot: str) -> bool:
    """Whether the base has a decision about a pair, too."""
    base = read["base"]
    if base["scenario_id"]:
        pins = (await api.get("/v1/scenarios/{scenario_id}/outlook", scenario_id=base["scenario_id"], version=base["version"]))["pins"]
    else:
        try:
            pins = await _records(api, base["dataset_id"], "pins")
        except RefusedError as refused:
            if refused.code != "not-found":
                raise
            pins = []
    return any((each["seeker_id"], each["slot_id"]) == (seeker, slot) for each in pins)


async def _records(api: Api, dataset_id: str, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while len(found) < MOST_OFFERED:
        piece = await api.get("/v1/datasets/{dataset_id}/tables/{table}", dataset_id=dataset_id, table=table, limit=500, cursor=cursor)
        found += piece["items"]
        cursor = piece["next_cursor"]
        if not cursor:
            break
    return found
