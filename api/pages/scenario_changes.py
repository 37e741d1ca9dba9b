"""What the forms of a scenario's page change: its rules, its decisions about people, how many may move, its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocator.records import table_path
from api.pages import edits
from api.pages import scenario_entries as entries
from api.pages import scenario_pins as pinned
from api.pages import scenario_versions as versions
from api.pages.ask import Api, Ask
from api.pages.frame import Form, Pages
from api.pages.scenario import Text, here, scenario
from api.pages.scenario_rules import Tab

pages = Pages()


@pages.action("/scenarios/{scenario_id}/rule", "scenarios", shows=scenario)
async def change_rule(api: Ask, form: Form, scenario_id: str, rule: Text = "", tab: Tab = "promises") -> str:
    """Give a rule the values that were entered."""
    read = await versions.read(api, form, scenario_id)
    return await _saved(api, read, await entries.changed(api, form, read, rule), tab)


@pages.action("/scenarios/{scenario_id}/added", "scenarios", shows=scenario)
async def add_rule(api: Ask, form: Form, scenario_id: str, add: Text = "", tab: Tab = "promises") -> str:
    """Add a rule with the values that were entered."""
    read = await versions.read(api, form, scenario_id)
    return await _saved(api, read, await entries.added(api, form, read, add), tab)


async def _saved(api: Api, read: Mapping[str, Any], made: tuple[str, list[edits.Change]] | None, tab: Tab) -> str:
    """Save what was entered for a rule, and where that is then seen; nothing is saved where the rule, or its kind, is not there."""
    if made is None:
        return here(read["id"], tab=tab)
    place, changes = made
    await versions.save(api, read, changes)
    return here(read["id"], tab=tab, anchor=place)


@pages.action("/scenarios/{scenario_id}/changed", "scenarios", shows=scenario)
async def change_list(api: Ask, form: Form, scenario_id: str, tab: Tab = "promises") -> str:
    """Take a change or a rule out, or move a goal."""
    read = await versions.read(api, form, scenario_id)
    what, _, name = str(form.get("do") or "").partition(":")
    changes = read["changes"]
    if what == "drop" and name in map(str, range(len(changes))):
        changes = edits.without_change(changes, int(name))
    elif what == "remove":
        changes = edits.without_rule(changes, name)
    elif what in ("up", "down"):
        outlook = await api.get("/v1/scenarios/{scenario_id}/outlook", scenario_id=scenario_id, version=read["version"])
        goals = [each["name"] for each in outlook["rules"] if each["section"] == "goals" and (each["kind"], each["by"]) != ("shortfall", "default")]
        changes = edits.with_order(changes, _moved(goals, name, -1 if what == "up" else 1))
    elif what == "unpin":
        seeker, _, slot = name.partition("\n")
        path = table_path("pins", (seeker, slot))
        own = any(change["path"] == path and change["op"] in ("pin", "forbid", "add") for change in changes)
        changes = edits.without_pin(changes, path, not own or await pinned.in_base(api, read, seeker, slot))
    await versions.save(api, read, changes)
    return here(scenario_id, tab=tab)


def _moved(names: Sequence[str], name: str, by: int) -> list[str]:
    found = list(names)
    if name in found and 0 <= (to := found.index(name) + by) < len(found):
        found.remove(name)
        found.insert(to, name)
    return found


@pages.action("/scenarios/{scenario_id}/pinned", "scenarios", shows=scenario)
async def pin_pair(api: Ask, form: Form, scenario_id: str) -> str:
    """Keep a person at a slot, or away from it."""
    read = await versions.read(api, form, scenario_id)
    _, changes = entries.decided(form, read)
    await versions.save(api, read, changes)
    return here(scenario_id, tab="pins")


@pages.action("/scenarios/{scenario_id}/stability", "scenarios", shows=scenario)
async def keep_stable(api: Ask, form: Form, scenario_id: str) -> str:
    """Let people move freely, limit how many do, or only fill gaps."""
    read = await versions.read(api, form, scenario_id)
    _, changes = await entries.kept_stable(api, form, read)
    await versions.save(api, read, changes)
    return here(scenario_id, tab="limits", anchor="stability")


@pages.action("/scenarios/{scenario_id}/about", "scenarios", shows=scenario)
async def change_about(api: Ask, form: Form, scenario_id: str) -> str:
    """Give it another name or note."""
    body = {name: str(form.get(name) or "").strip() for name in ("name", "note")}
    await versions.patch(api, scenario_id, versions.number(form), body)
    return here(scenario_id)


@pages.action("/scenarios/{scenario_id}/archive", "scenarios", shows=scenario)
async def archive(api: Ask, scenario_id: str) -> str:
    """Take it out of the lists."""
    await api.ask("DELETE", "/v1/scenarios/{scenario_id}", scenario_id=scenario_id)
    return "/scenarios"
