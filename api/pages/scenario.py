"""A scenario: what it changes, in words; controls for every rule, drawn from the rule's own schema; what is known before it is solved; and its runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Query

from api.pages import scenario_pins as pinned
from api.pages import scenario_rules as ruled
from api.pages.ask import Api, Ask, RefusedError
from api.pages.controls import word_of
from api.pages.frame import Pages
from api.pages.planned import with_plan
from api.pages.plans_before import plans_before
from api.pages.readings import readings_of
from api.pages.rule_names import rule_name

pages = Pages()
NO_REFERENCE = "no_reference"
"""Code of the warning that a run must name a plan to compare with; the page says so where runs are begun."""
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Text = Annotated[str, Query(max_length=400)]


@pages.page("/scenarios/{scenario_id}", "read", "scenario.html")
async def scenario(
    api: Ask, scenario_id: str, tab: ruled.Tab = "promises", rule: Text = "", add: Text = "", pin: bool = False, readings: bool = False, version: Version = None
) -> dict[str, Any]:
    """A scenario with one of its tabs, perhaps with the controls of a rule open."""
    document = await api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id, version=version)
    told, outlook, names, kinds, runs, ended, latest = await asyncio.gather(
        _if_usable(api, "/v1/scenarios/{scenario_id}/resolved", scenario_id, version),
        _if_usable(api, "/v1/scenarios/{scenario_id}/outlook", scenario_id, version),
        _names(api, scenario_id, version),
        api.get("/v1/rules"),
        api.get("/v1/runs", scenario_id=scenario_id, limit=10),
        api.get("/v1/runs", scenario_id=scenario_id, status="succeeded", limit=20),
        api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id),
    )
    by_kind = {(each["section"], each["kind"]): each for each in kinds}
    rules = [] if outlook is None else [ruled.listed(each, by_kind, outlook, names) for each in outlook["rules"]]
    opened = next((each for each in rules if each["place"] == rule), None)
    new = by_kind.get((add.partition(".")[0], add.partition(".")[2]))
    planned = with_plan(ended["items"])
    return {
        "scenario": document,
        "base": await _base(api, document),
        "usable": outlook is not None,
        "editable": outlook is not None and document["archived_at"] is None and latest["version"] == document["version"],
        "latest": latest["version"],
        "sentences": _sentences(document, told),
        "outlook": outlook,
        "warnings": [] if told is None else [each for each in told["warnings"] if each["code"] != NO_REFERENCE],
        "plans_before": [] if outlook is None else await plans_before(api, document, ended["items"]),
        "tab": tab,
        "rules": rules,
        "opened": None if opened is None else ruled.opened(opened, by_kind),
        "new": None
        if new is None
        else {"section": new["section"], "kind": new["kind"], "title": new["title"], "name": rule_name(new["kind"])}
        | {"law": new["law"].splitlines(), "controls": ruled.blank(new)},
        "kinds": ruled.addable(kinds, rules, tab),
        "names": names if opened or new else {},
        "pin": pin,
        "offered": await pinned.offered(api, document) if pin else {},
        "runs": runs["items"],
        "readings": await readings_of(api, planned, opened["label"]) if readings and opened else None,
        "planned": None if planned is None else {name: planned[name] for name in ("id", "scenario_version")},
        "numbers": [
            each
            for tab_ in ("promises", "limits", "matching", "goals")
            for one in rules
            if one["tab"] == tab_ and one["by"] == "policy"
            for each in one["numbers"]
        ],
        "checked": None,
        "stability": next((each for each in rules if each["kind"] == ruled.STABILITY), None),
    }


async def _if_usable(api: Api, path: str, scenario_id: str, version: int | None) -> Any:
    """What the facts under a scenario tell; None where they are no longer there."""
    try:
        return await api.get(path, scenario_id=scenario_id, version=version)
    except RefusedError as refused:
        if refused.code in ("conflict", "gone", "faulty-input"):
            return None
        raise


async def _base(api: Api, document: Mapping[str, Any]) -> dict[str, Any]:
    """What a scenario is built on, by name."""
    base = document["base"]
    dataset = await api.get("/v1/datasets/{dataset_id}", dataset_id=base["dataset_id"])
    told: dict[str, Any] = {"dataset": {"id": dataset["id"], "name": dataset["name"], "as_of": dataset["as_of"]}, "scenario": None}
    if base["scenario_id"]:
        under = await api.get("/v1/scenarios/{scenario_id}", scenario_id=base["scenario_id"], version=base["version"])
        told["scenario"] = {"id": under["id"], "name": under["name"], "version": under["version"]}
    return told


async def _names(api: Api, scenario_id: str, version: int | None) -> dict[str, list[dict[str, Any]]]:
    """The names that rules can use, each with the word for it."""
    found = await _if_usable(api, "/v1/scenarios/{scenario_id}/names", scenario_id, version) or {}
    return {what: [{**each, "word": each["name"] or word_of(what, each["code"])} for each in listed] for what, listed in found.items()}


def _sentences(document: Mapping[str, Any], told: Mapping[str, Any] | None) -> dict[str, list[dict[str, Any]]]:
    """What the changes do, in words: those of the scenarios under this one, and its own with their numbers."""
    own = document["changes"]
    if told is None:
        return {"under": [], "own": [{"number": number, "text": _bare(change)} for number, change in enumerate(own)]}
    said = told["sentences"]
    under = [{"layer": layer["name"], "text": text} for layer, text in zip(_repeated(document["layers"]), said, strict=False)]
    return {"under": under, "own": [{"number": number, "text": text} for number, text in enumerate(said[len(said) - len(own) :])]}


def _repeated(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [layer for layer in layers for _ in layer["changes"]]


def _bare(change: Mapping[str, Any]) -> str:
    return f"{change['op']} {change['path']}"


def here(scenario_id: str, anchor: str = "", **query: Any) -> str:
    """The page's own address."""
    told = urlencode({name: value for name, value in query.items() if value})
    return f"/scenarios/{quote(scenario_id)}" + (f"?{told}" if told else "") + (f"#{quote(anchor)}" if anchor else "")
