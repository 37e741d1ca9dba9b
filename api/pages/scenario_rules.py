"""The rules of a scenario as its page lists them, a tab each kind, and as they are opened and added, with controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from api.pages.controls import controls, in_words, same, shown
from api.pages.rule_names import rule_name
from api.pages.words import say

Tab = Literal["promises", "limits", "matching", "goals", "pins", "run"]
TABS: dict[str, str] = {"eligibility": "matching", "goals": "goals"}
"""Sections of a policy with a tab of their own."""
PROMISES = ("reservation", "business_target")
"""Constraints that promise something; the others limit."""
IN_A_LINE = ("beneficiaries", "scope", "share", "count", "minimum", "goal", "maximum")
"""What the line of a promise says without naming it."""
STABILITY = "change_limit"


def listed(told: Mapping[str, Any], kinds: Mapping[tuple[str, str], Any], outlook: Mapping[str, Any], names: Any) -> dict[str, Any]:
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


def opened(rule: Mapping[str, Any], kinds: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """A rule with its controls and what they show."""
    page = kinds[rule["section"], rule["kind"]]
    drawn = [{**control, "value": shown(control, rule["entry"].get(control["name"]))} for control in controls(page)]
    return {**rule, "law": page["law"].splitlines(), "controls": drawn, "strengths": _strengths(rule["section"], drawn)}


def blank(page: Mapping[str, Any]) -> list[dict[str, Any]]:
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


def addable(kinds: Sequence[Mapping[str, Any]], rules: Sequence[Mapping[str, Any]], tab: str) -> list[dict[str, Any]]:
    """Kinds of rules that can be added under a tab; those that stand alone only where they are not there yet."""
    there = {(rule["section"], rule["kind"]) for rule in rules}
    made = []
    for each in kinds:
        home = TABS.get(each["section"]) or ("promises" if each["kind"] in PROMISES else "limits")
        alone = each["section"] != "constraints" or each["kind"] in ("commitments", "pins", "one_slot_each", "slot_openings", STABILITY)
        if home == tab and each["kind"] not in ("pins", STABILITY) and not (alone and (each["section"], each["kind"]) in there):
            made.append({"place": f"{each['section']}.{each['kind']}", "word": rule_name(each["kind"]), "title": each["title"]})
    return made
