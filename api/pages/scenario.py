"""A scenario: what it changes, in words; controls for every rule, drawn from the rule's own schema; what is known before it is solved; and its runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import Query

from allocator.records import table_path
from api.pages import edits
from api.pages.ask import Api, Ask, RefusedError
from api.pages.controls import controls, entered, in_words, same, shown, word_of
from api.pages.frame import Form, Pages
from api.pages.plans_before import plans_before
from api.pages.readings import readings_of, with_plan
from api.pages.rule_names import rule_name
from api.pages.words import say

pages = Pages()
Tab = Literal["promises", "limits", "matching", "goals", "pins", "run"]
TABS: dict[str, str] = {"eligibility": "matching", "goals": "goals"}
"""Sections of a policy with a tab of their own."""
PROMISES = ("reservation", "business_target")
"""Constraints that promise something; the others limit."""
IN_A_LINE = ("beneficiaries", "scope", "share", "count", "minimum", "goal", "maximum")
"""What the line of a promise says without naming it."""
STABILITY = "change_limit"
NO_REFERENCE = "no_reference"
"""Code of the warning that a run must name a plan to compare with; the page says so where runs are begun."""
MOST_OFFERED = 2_000
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
Text = Annotated[str, Query(max_length=400)]


# -- the page -------------------------------------------------------------------------------------------------------


@pages.page("/scenarios/{scenario_id}", "read", "scenario.html")
async def scenario(
    api: Ask, scenario_id: str, tab: Tab = "promises", rule: Text = "", add: Text = "", pin: bool = False, readings: bool = False, version: Version = None
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
    rules = [] if outlook is None else [_rule(each, by_kind, outlook, names) for each in outlook["rules"]]
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
        "opened": None if opened is None else _opened(opened, by_kind),
        "new": None
        if new is None
        else {"section": new["section"], "kind": new["kind"], "title": new["title"], "name": rule_name(new["kind"])}
        | {"law": new["law"].splitlines(), "controls": _blank(new)},
        "kinds": _kinds(kinds, rules, tab),
        "names": names if opened or new else {},
        "pin": pin,
        "offered": await _offered(api, document) if pin else {},
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
        "stability": next((each for each in rules if each["kind"] == STABILITY), None),
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


async def _offered(api: Api, document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """People and slots to choose from, the first of them where there are very many."""
    dataset = document["base"]["dataset_id"]
    people, slots = await asyncio.gather(
        *(_records(api, dataset, table) for table in ("seekers", "slots")),
    )
    return {
        "people": [{"id": each["seeker_id"], "about": " ".join(str(each[name]) for name in ("partner_id", "center_id") if each.get(name))} for each in people],
        "slots": [{"id": each["slot_id"], "about": " ".join(str(each[name]) for name in ("employer_id", "onet_soc") if each.get(name))} for each in slots],
    }


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


# -- rules ----------------------------------------------------------------------------------------------------------


def _rule(told: Mapping[str, Any], kinds: Mapping[tuple[str, str], Any], outlook: Mapping[str, Any], names: Any) -> dict[str, Any]:
    """A rule of the outlook as the page lists it."""
    page = kinds[told["section"], told["kind"]]
    drawn, entry = controls(page), told["entry"]
    place = f"{told['section']}.{told['name']}"
    promise = next((each for each in outlook["promises"] if told["kind"] == "reservation" and each["label"] == told["label"]), None)
    skipped = ("mode", "denominator", "rounding", "weight", "hard", "calendar") if told["kind"] in PROMISES else ()
    said = [
        {"name": control["name"], "label": control["label"], "value": in_words(control, entry[control["name"]], names)}
        for control in drawn
        if control["name"] not in skipped and not _default(control, entry.get(control["name"]))
    ]
    name = rule_name(told["kind"], told["label"])
    numbers = [
        {"path": f"{place}.{control['name']}", "label": f"{name}: {control['label']}", "percent": control["is"] == "share"}
        for control in drawn
        if control["is"] in ("share", "number") and entry.get(control["name"]) is not None
    ]
    return {
        **{name: told[name] for name in ("section", "kind", "label", "by", "enabled", "entry")},
        "place": place,
        "name": name,
        "title": page["title"],
        "tab": TABS.get(told["section"]) or ("promises" if told["kind"] in PROMISES else "limits"),
        "strength": _strength(told),
        "promise": promise,
        "glance": _glance(told, drawn, promise, names, said) if told["kind"] in PROMISES else None,
        "said": said,
        "numbers": numbers if told["enabled"] else [],
    }


def _glance(told: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]], promise: Mapping[str, Any] | None, names: Any, said: Sequence[Any]) -> dict[str, Any]:
    """A promise in a line: how much of what, to whom."""
    by_name, entry = {control["name"]: control for control in drawn}, told["entry"]
    who, where = (in_words(by_name[name], entry.get(name) or {}, names) if name in by_name else "" for name in ("beneficiaries", "scope"))
    amounts = {name: in_words(by_name[name], entry[name], names) for name in ("minimum", "goal", "maximum") if entry.get(name) is not None and name in by_name}
    if promise is None:
        much = ", ".join(say(f"scenario.amount.{name}", n=amount) for name, amount in amounts.items())
    elif promise["promised"] is None:
        much = say("scenario.amount.moves", n=in_words(by_name["share"], entry["share"], names))
    else:
        much = say(f"scenario.amount.{'cap' if promise['mode'] == 'cap' else 'of'}", n=promise["promised"], seats=promise["seats"])
    more = [each for each in said if each["name"] not in IN_A_LINE]
    return {"who": who, "where": where or say("scenario.all_slots"), "much": much, "more": more}


def _default(control: Mapping[str, Any], value: Any) -> bool:
    """Whether a value is what holds where nothing is said, so that it need not be."""
    if control["is"] == "yes_no":
        return ("true" if value else "false") == (control["default"] or "false")
    if control["is"] in ("numbers", "lines"):
        return True
    return same(value, None) or same(value, control["default"])


def _strength(told: Mapping[str, Any]) -> str:
    """How firmly a rule holds, in one of the plain words: must, prefer, off."""
    if not told["enabled"]:
        return "off"
    if told["section"] == "goals" or told["entry"].get("mode") in ("minimum_best_effort", "minimum_soft") or told["entry"].get("hard") is False:
        return "prefer"
    return "must"


def _opened(rule: Mapping[str, Any], kinds: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """A rule with its controls and what they show."""
    page = kinds[rule["section"], rule["kind"]]
    drawn = [{**control, "value": shown(control, rule["entry"].get(control["name"]))} for control in controls(page)]
    return {**rule, "law": page["law"].splitlines(), "controls": drawn, "strengths": _strengths(rule["section"], drawn)}


def _blank(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The controls of a rule that is to be added, each with what holds by default."""
    made = []
    for control in controls(page):
        default: Any = {"yes_no": control["default"] == "true"}.get(control["is"], control["default"] or None)
        made.append({**control, "value": shown(control, default if control["is"] in ("yes_no", "number", "choice") else None)})
    return made


def _strengths(section: str, drawn: Sequence[Mapping[str, Any]]) -> list[str]:
    """What can be chosen beside off: a rule with readings has those instead, one that can be hard or soft has both."""
    names = [control["name"] for control in drawn]
    if "mode" in names:
        return []
    if "hard" in names:
        return ["must", "prefer"]
    return ["prefer"] if section == "goals" else ["must"]


def _kinds(kinds: Sequence[Mapping[str, Any]], rules: Sequence[Mapping[str, Any]], tab: str) -> list[dict[str, Any]]:
    """Kinds of rules that can be added under a tab; those that stand alone only where they are not there yet."""
    there = {(rule["section"], rule["kind"]) for rule in rules}
    made = []
    for each in kinds:
        home = TABS.get(each["section"]) or ("promises" if each["kind"] in PROMISES else "limits")
        alone = each["section"] != "constraints" or each["kind"] in ("commitments", "pins", "one_slot_each", "slot_openings", STABILITY)
        if home == tab and each["kind"] not in ("pins", STABILITY) and not (alone and (each["section"], each["kind"]) in there):
            made.append({"place": f"{each['section']}.{each['kind']}", "word": rule_name(each["kind"]), "title": each["title"]})
    return made


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


# -- changing it ----------------------------------------------------------------------------------------------------


@pages.action("/scenarios/{scenario_id}/rule", "scenarios", shows=scenario)
async def change_rule(api: Ask, form: Form, scenario_id: str, rule: Text = "", tab: Tab = "promises") -> str:
    """Give a rule the values that were entered."""
    read = await _read(api, form, scenario_id)
    made = await _changed(api, form, read, rule)
    if made is None:
        return _here(scenario_id, tab=tab)
    await _save(api, read, made[1])
    return _here(scenario_id, tab=tab, anchor=rule)


async def _changed(api: Api, form: Form, read: Mapping[str, Any], rule: str) -> tuple[str, list[edits.Change]] | None:
    """The place of a rule, and the changes with the values that were entered for it; None where it is not there any more."""
    outlook, kinds = await asyncio.gather(api.get("/v1/scenarios/{scenario_id}/outlook", scenario_id=read["id"], version=read["version"]), api.get("/v1/rules"))
    told = next((each for each in outlook["rules"] if f"{each['section']}.{each['name']}" == rule), None)
    if told is None:
        return None
    page = next(each for each in kinds if (each["section"], each["kind"]) == (told["section"], told["kind"]))
    now = {**told["entry"], "enabled": told["enabled"]}
    return rule, edits.with_values(read["changes"], rule, _wanted(page, form), now, await _base_entry(api, read, told))


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


async def _base_entry(api: Api, read: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any] | None:
    """A rule as it would be without the scenario's own changes; None where it would not be there."""
    base = read["base"]
    if base["scenario_id"]:
        policy = (await api.get("/v1/scenarios/{scenario_id}/policy", scenario_id=base["scenario_id"], version=base["version"]))["policy"]
    else:
        policy = (await api.get("/v1/datasets/{dataset_id}/policy", dataset_id=base["dataset_id"]))["policy"]
    return next((each for each in policy.get(told["section"]) or [] if (each["kind"], each["label"]) == (told["kind"], told["label"])), None)


@pages.action("/scenarios/{scenario_id}/added", "scenarios", shows=scenario)
async def add_rule(api: Ask, form: Form, scenario_id: str, add: Text = "", tab: Tab = "promises") -> str:
    """Add a rule with the values that were entered."""
    read = await _read(api, form, scenario_id)
    made = await _added(api, form, read, add)
    if made is None:
        return _here(scenario_id, tab=tab)
    await _save(api, read, made[1])
    return _here(scenario_id, tab=tab, anchor=made[0])


async def _added(api: Api, form: Form, read: Mapping[str, Any], add: str) -> tuple[str, list[edits.Change]] | None:
    """The place of a new rule, and the changes with it; None where there is no such kind."""
    page = next((each for each in await api.get("/v1/rules") if f"{each['section']}.{each['kind']}" == add), None)
    if page is None:
        return None
    label = " ".join(str(form.get("label") or "").replace("[", "(").replace("]", ")").split())
    place = f"{add}[{label}]" if label and label != page["kind"] else add
    wanted = {name: value for name, value in _wanted(page, form).items() if value not in (None, [], {}) and (name, value) != ("enabled", True)}
    return place, [*read["changes"], {"op": "add", "path": place, "value": wanted}]


@pages.action("/scenarios/{scenario_id}/check", "compute", shows=scenario)
async def check(api: Ask, form: Form, scenario_id: str, rule: Text = "", add: Text = "", tab: Tab = "promises") -> str | dict[str, Any]:
    """Say what the values that were entered for a rule would come to. Nothing is saved or solved."""
    read = await _read(api, form, scenario_id)
    made = await (_added(api, form, read, add) if add else _changed(api, form, read, rule))
    if made is None:
        return _here(scenario_id, tab=tab)
    place, changes = made
    base = read["base"]
    under = {"dataset_id": base["dataset_id"]} if base["scenario_id"] is None else {"scenario_id": base["scenario_id"], "version": base["version"]}
    told = (await api.post("/v1/scenario-checks", {"name": read["name"], "base": under, "changes": changes})).document
    return {"checked": _checked(told, place), "given": form}


def _checked(told: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What a check says of a rule and of all of them together."""
    outlook = told["outlook"] or {"promises": [], "notices": [], "needs_reference": False}
    kind, _, label = place.removeprefix("constraints.").partition("[")
    wanted = label.removesuffix("]") or kind
    return {
        "faults": _plainly({"errors": told["errors"]}).get("errors", []),
        "notices": outlook["notices"],
        "warnings": [each for each in told["warnings"] if each["code"] != NO_REFERENCE],
        "needs_reference": outlook["needs_reference"],
        "promise": next((each for each in outlook["promises"] if kind == "reservation" and each["label"] == wanted), None),
    }


@pages.action("/scenarios/{scenario_id}/changed", "scenarios", shows=scenario)
async def change_list(api: Ask, form: Form, scenario_id: str, tab: Tab = "promises") -> str:
    """Take a change or a rule out, or move a goal."""
    read = await _read(api, form, scenario_id)
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
        changes = edits.without_pin(changes, path, not own or await _pinned_below(api, read, seeker, slot))
    await _save(api, read, changes)
    return _here(scenario_id, tab=tab)


def _moved(names: Sequence[str], name: str, by: int) -> list[str]:
    found = list(names)
    if name in found and 0 <= (to := found.index(name) + by) < len(found):
        found.remove(name)
        found.insert(to, name)
    return found


async def _pinned_below(api: Api, read: Mapping[str, Any], seeker: str, slot: str) -> bool:
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


@pages.action("/scenarios/{scenario_id}/pinned", "scenarios", shows=scenario)
async def pin_pair(api: Ask, form: Form, scenario_id: str) -> str:
    """Keep a person at a slot, or away from it."""
    read = await _read(api, form, scenario_id)
    pair = str(form.get("person") or "").strip(), str(form.get("slot") or "").strip()
    told = {name: str(form.get(name) or "").strip() for name in ("reason", "author", "expires")}
    op = "forbid" if form.get("action") == "forbid" else "pin"
    await _save(api, read, edits.with_pin(read["changes"], op, table_path("pins", pair), told))
    return _here(scenario_id, tab="pins")


@pages.action("/scenarios/{scenario_id}/stability", "scenarios", shows=scenario)
async def keep_stable(api: Ask, form: Form, scenario_id: str) -> str:
    """Let people move freely, limit how many do, or only fill gaps."""
    read = await _read(api, form, scenario_id)
    outlook = await api.get("/v1/scenarios/{scenario_id}/outlook", scenario_id=scenario_id, version=read["version"])
    there = next((each for each in outlook["rules"] if each["kind"] == STABILITY), None)
    how, place = str(form.get("keep") or "free"), f"constraints.{STABILITY}"
    most: Any = 0 if how == "gaps" else int(text) if re.fullmatch(r"[0-9]{1,9}", text := str(form.get("at_most") or "").strip()) else text
    changes = read["changes"]
    if there is None and how != "free":
        changes = [*changes, {"op": "add", "path": place, "value": {"at_most": most}}]
    elif there is not None:
        place, now = f"constraints.{there['name']}", {**there["entry"], "enabled": there["enabled"]}
        wanted = {"enabled": False} if how == "free" else {"enabled": True, "at_most": most}
        changes = edits.with_values(changes, place, wanted, now, await _base_entry(api, read, there))
    await _save(api, read, changes)
    return _here(scenario_id, tab="limits", anchor="stability")


@pages.action("/scenarios/{scenario_id}/about", "scenarios", shows=scenario)
async def change_about(api: Ask, form: Form, scenario_id: str) -> str:
    """Give it another name or note."""
    body = {name: str(form.get(name) or "").strip() for name in ("name", "note")}
    await _patch(api, scenario_id, _version(form), body)
    return _here(scenario_id)


@pages.action("/scenarios/{scenario_id}/archive", "scenarios", shows=scenario)
async def archive(api: Ask, scenario_id: str) -> str:
    """Take it out of the lists."""
    await api.ask("DELETE", "/v1/scenarios/{scenario_id}", scenario_id=scenario_id)
    return "/scenarios"


# -- running it -----------------------------------------------------------------------------------------------------


@pages.action("/scenarios/{scenario_id}/run", "runs", shows=scenario)
async def run(api: Ask, form: Form, scenario_id: str) -> str:
    """Start a run."""
    body: dict[str, Any] = {"scenario_id": scenario_id, "note": str(form.get("note") or "")}
    body |= {name: value for name in ("seed", "reference_run") if (value := form.get(name))}
    if limit := form.get("time_limit"):
        body["limits"] = {"time_limit": limit}
    made = await api.post("/v1/runs", body, once=str(form.get("once") or ""))
    return f"/runs/{made.made}"


@pages.action("/scenarios/{scenario_id}/sweep", "runs", shows=scenario)
async def sweep(api: Ask, form: Form, scenario_id: str) -> str:
    """Run copies over values of a number."""
    path, percent = str(form.get("path") or ""), str(form.get("path") or "").endswith(".share")
    ends = [_part(str(form.get(name) or ""), percent) for name in ("start", "stop", "step")]
    body: dict[str, Any] = {"scenario_id": scenario_id, "axes": [{"path": path, "range": ":".join(ends)}], "note": str(form.get("sweep_note") or "")}
    if reference := form.get("sweep_reference"):
        body["reference_run"] = reference
    made = await api.post("/v1/sweeps", body, once=str(form.get("once") or ""))
    return f"/tradeoffs/{made.made}"


def _part(text: str, percent: bool) -> str:
    """A number as ranges have it; shares are entered in percent."""
    value = entered({"is": "share" if percent else "number", "field": "value"}, _One(text))
    return "" if value is None else str(value)


class _One(dict[str, Any]):
    """One entered text."""

    def __init__(self, text: str) -> None:
        super().__init__(value=text)

    def getlist(self, name: str) -> list[Any]:
        """Its values."""
        return [self[name]]


# -- saving ---------------------------------------------------------------------------------------------------------


async def _read(api: Api, form: Form, scenario_id: str) -> Any:
    """The version that the form was filled in on."""
    return await api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id, version=_version(form))


async def _save(api: Api, read: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> None:
    await _patch(api, read["id"], read["version"], {"changes": list(changes)})


def _version(form: Form) -> str:
    """The version that a form says; one that says none is no form of ours, and must not change what nobody has seen."""
    return str(form.get("version") or "0")


async def _patch(api: Api, scenario_id: str, version: int | str, body: Mapping[str, Any]) -> None:
    """Make the next version; RefusedError says in plain words what is wrong, or what somebody else has changed meanwhile."""
    try:
        await api.ask("PATCH", "/v1/scenarios/{scenario_id}", body, headers={"If-Match": f'"{version}"'}, scenario_id=scenario_id)
    except RefusedError as refused:
        if refused.code == "stale":
            raise RefusedError({**refused.problem, **await _meanwhile(api, scenario_id, version)}) from None
        raise RefusedError({**refused.problem, **_plainly(refused.problem)}) from None


async def _meanwhile(api: Api, scenario_id: str, version: int | str) -> dict[str, Any]:
    """What somebody else has changed since a version."""
    told, now = await asyncio.gather(
        api.get("/v1/scenarios/{scenario_id}/diff", scenario_id=scenario_id, version=version, **{"with": scenario_id}),
        api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id),
    )
    sentences = told["sentences"] or [say("scenario.meanwhile_words")]
    return {"title": say("scenario.meanwhile"), "detail": say("scenario.meanwhile_text", version=now["version"])} | {
        "errors": [{"message": text, "fix": ""} for text in sentences],
        "error_count": len(sentences),
    }


def _plainly(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Faults by the field they are in, without the places of a change set, which nobody has typed here."""
    faults = [fault for fault in problem.get("errors", []) if fault.get("severity", "error") == "error"]
    told = [{"message": fault["message"], "fix": fault.get("fix", ""), "field": _field(str(fault.get("column", "")))} for fault in faults]
    return {"title": say("scenario.not_saved"), "detail": say("scenario.not_saved_text", n=len(told)), "errors": told, "error_count": len(told)} if told else {}


def _field(column: str) -> str:
    """The field that a place of a change is entered in; a list, and each of its parts, in one."""
    return next((part for part in reversed(column.split(".")) if not part.isdecimal()), "")


def _here(scenario_id: str, anchor: str = "", **query: Any) -> str:
    """The page's own address."""
    told = urlencode({name: value for name, value in query.items() if value})
    return f"/scenarios/{quote(scenario_id)}" + (f"?{told}" if told else "") + (f"#{quote(anchor)}" if anchor else "")
