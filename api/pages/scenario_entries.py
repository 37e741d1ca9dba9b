"""What was entered in a form of a scenario's page, as changes to it; nothing is saved here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from allocator.records import table_path
from api.pages import edits
from api.pages.ask import Api
from api.pages.controls import controls, entered
from api.pages.frame import Form
from api.pages.scenario_rules import STABILITY

Entered = tuple[str, list[edits.Change]]
"""The place that a form is about, and the scenario's changes with what was entered there."""


async def changed(api: Api, form: Form, read: Mapping[str, Any], rule: str) -> Entered | None:
    """The place of a rule, and the changes with the values that were entered for it; None where it is not there any more."""
    outlook, kinds = await asyncio.gather(api.get("/v1/scenarios/{scenario_id}/outlook", scenario_id=read["id"], version=read["version"]), api.get("/v1/rules"))
    told = next((each for each in outlook["rules"] if f"{each['section']}.{each['name']}" == rule), None)
    if told is None:
        return None
    page = next(each for each in kinds if (each["section"], each["kind"]) == (told["section"], told["kind"]))
    now = {**told["entry"], "enabled": told["enabled"]}
    return rule, edits.with_values(read["changes"], rule, _wanted(page, form), now, await base_entry(api, read, told))


async def added(api: Api, form: Form, read: Mapping[str, Any], add: str) -> Entered | None:
    """The place of a new rule, and the changes with it; None where there is no such kind."""
    page = next((each for each in await api.get("/v1/rules") if f"{each['section']}.{each['kind']}" == add), None)
    if page is None:
        return None
    label = " ".join(str(form.get("label") or "").replace("[", "(").replace("]", ")").split())
    place = f"{add}[{label}]" if label and label != page["kind"] else add
    wanted = {name: value for name, value in _wanted(page, form).items() if value not in (None, [], {}) and (name, value) != ("enabled", True)}
    return place, [*read["changes"], {"op": "add", "path": place, "value": wanted}]


def decided(form: Form, read: Mapping[str, Any]) -> Entered:
    """The place of a decision about a person and a slot, and the changes with it."""
    path = table_path("pins", (_text(form, "person"), _text(form, "slot")))
    told = {name: _text(form, name) for name in ("reason", "author", "expires")}
    return path, edits.with_pin(read["changes"], "forbid" if form.get("action") == "forbid" else "pin", path, told)


async def kept_stable(api: Api, form: Form, read: Mapping[str, Any]) -> Entered:
    """The place of the limit on moves, and the changes that let people move freely, limit how many do, or only fill gaps."""
    outlook = await api.get("/v1/scenarios/{scenario_id}/outlook", scenario_id=read["id"], version=read["version"])
    there = next((each for each in outlook["rules"] if each["kind"] == STABILITY), None)
    how, place = str(form.get("keep") or "free"), f"constraints.{STABILITY if there is None else there['name']}"
    most: Any = 0 if how == "gaps" else int(text) if re.fullmatch(r"[0-9]{1,9}", text := _text(form, "at_most")) else text
    if there is None:
        return place, read["changes"] if how == "free" else [*read["changes"], {"op": "add", "path": place, "value": {"at_most": most}}]
    wanted = {"enabled": False} if how == "free" else {"enabled": True, "at_most": most}
    now = {**there["entry"], "enabled": there["enabled"]}
    return place, edits.with_values(read["changes"], place, wanted, now, await base_entry(api, read, there))


def _text(form: Form, name: str) -> str:
    return str(form.get(name) or "").strip()


def _wanted(page: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The values of a rule's form, and whether it is switched on."""
    values = {control["name"]: entered(control, form) for control in controls(page)}
    strength = str(form.get("strength") or "must")
    if "mode" in values:
        strength, values["mode"] = ("off", None) if form.get("p.mode") == "off" else (strength, values["mode"])
    if values.get("mode", "") is None:
        del values["mode"]
    if "hard" in values:
        values["hard"] = strength == "must"
        if strength == "off":
            del values["hard"]
    if "price" in values and values.get("mode") not in ("minimum_soft", None) and page["kind"] == "reservation":
        values["price"] = None  # only one reading takes a price
    if {"share", "count"} <= values.keys():
        values["count" if form.get("by") == "share" else "share"] = None
    return {**values, "enabled": strength != "off"}


async def base_entry(api: Api, read: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any] | None:
    """A rule as it would be without the scenario's own changes; None where it would not be there."""
    base = read["base"]
    if base["scenario_id"]:
        policy = (await api.get("/v1/scenarios/{scenario_id}/policy", scenario_id=base["scenario_id"], version=base["version"]))["policy"]
    else:
        policy = (await api.get("/v1/datasets/{dataset_id}/policy", dataset_id=base["dataset_id"]))["policy"]
    return next((each for each in policy.get(told["section"]) or [] if (each["kind"], each["label"]) == (told["kind"], told["label"])), None)
