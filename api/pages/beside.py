"""Runs side by side as a page tells it: a line for each figure and each rule with a cell for each run, and of each run what differs and who moved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from api.pages import axes as places
from api.pages.pictures import Picture, picture
from api.pages.rule_names import rule_name
from api.pages.words import say

FACTS = 50
"""Most facts that are told one by one."""
LARGEST = 15
"""Most slots on a side for a matrix that can still be read."""
PROMISED = ("reservation", "business_target", "change_limit")
"""Kinds of rules that are read first; limits that are kept alike come after them."""
FLOW = ("newly_placed", "lost", "moved", "same")


def figures(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """People placed, and every goal; of each run its value, the difference to the base, and whether that is better."""
    base, others = told["base"], [each["other"] for each in told["comparisons"]]
    placed = {
        "name": say("compare.placed"),
        "more": "",
        "unit": "",
        "base": base["placed"] if base["has_plan"] else None,
        "sides": [
            {
                "value": other["placed"] if other["has_plan"] else None,
                "difference": other["placed"] - base["placed"] if other["has_plan"] and base["has_plan"] else None,
                "verdict": "",
            }
            for other in others
        ],
        "same": all(other["placed"] == base["placed"] for other in others),
    }
    return [placed, *_lines(told, "goals", ("kind", "label"), _goal)]


def rules(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every line of every rule."""
    return _lines(told, "rules", ("kind", "label", "key"), _rule)


def _lines(told: Mapping[str, Any], section: str, key: tuple[str, ...], cell: Any) -> list[dict[str, Any]]:
    """Lines in the order of the base, each with a cell for every run; a run that does not have the line has none in its place."""
    found: dict[tuple[str, ...], list[Mapping[str, Any] | None]] = {}
    width = len(told["comparisons"])
    for number, each in enumerate(told["comparisons"]):
        for line in each[section]:
            found.setdefault(tuple(line[name] for name in key), [None] * width)[number] = line
    lines = []
    for name, sides in found.items():
        known = [side for side in sides if side is not None]
        moves = any(side["verdict"] in ("better", "worse") for side in known)
        shown: dict[str, Any] = {
            "kind": name[0],
            "main": name[0] in PROMISED or moves,
            "name": rule_name(name[0], name[1]),
            "more": name[2] if len(name) > 2 else "",
            "unit": known[0]["unit"],
            "same": _alike(sides, width),
        }
        base = next((side["base"] for side in known if side["base"] is not None), None)
        lines.append({**shown, "base": cell(base), "sides": [_beside(side, cell) for side in sides]})
    return lines


def _alike(sides: Sequence[Mapping[str, Any] | None], width: int) -> bool:
    """Whether every run has the line, and as the base has it."""
    return len([side for side in sides if side is not None and side["verdict"] == "same" and not side["difference"]]) == width


def _beside(side: Mapping[str, Any] | None, cell: Any) -> dict[str, Any]:
    if side is None:
        return {"value": None, "difference": None, "verdict": "unknown"}
    return {"value": cell(side["other"]), "difference": side["difference"], "verdict": side["verdict"]}


def _goal(value: Any) -> Any:
    return value


def _rule(side: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a rule's line achieved, and what it asks."""
    return None if side is None else {name: side[name] for name in ("achieved", "at_least", "at_most", "missed_by")}


def inputs(differ: Mapping[str, Any]) -> dict[str, Any]:
    """What went in and is not the same, in words."""
    tables = [{name: each[name] for name in ("table", "added", "removed", "changed")} for each in differ["tables"]]
    facts = [_difference(each) for each in differ["facts"][:FACTS]]
    return {
        "same": differ["same"],
        "tables": tables,
        "facts": facts,
        "more_facts": max(0, len(differ["facts"]) - FACTS),
        "policy": [_difference(each) for each in differ["policy"]],
        "settings": [_difference(each) for each in differ["settings"]],
    }


def _difference(each: Mapping[str, Any]) -> dict[str, Any]:
    axis = places.axis_of(each["place"])
    return {"place": each["place"], "words": axis["words"], "change": each["change"], "base": _plain(each["base"], axis), "other": _plain(each["other"], axis)}


def _plain(value: Any, axis: Mapping[str, Any]) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else places.plain(places.shown(value, axis))


def matrix(moves: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """From which slot to which, where that is few enough to be read; `""` stands for no slot. Who stayed is left out."""
    moved = [each for each in moves if each["from"] != each["to"]]
    rows, columns = (sorted({each[side] or "" for each in moved}) for side in ("from", "to"))
    if not moved or len(rows) > LARGEST or len(columns) > LARGEST:
        return None
    counts = {(each["from"] or "", each["to"] or ""): each["people"] for each in moved}
    return {"rows": rows, "columns": columns, "counts": [[counts.get((row, column), 0) for column in columns] for row in rows]}


def pictures(document: Mapping[str, Any]) -> dict[str, Picture]:
    """Where people went, for each run that has a plan."""
    drawn = {}
    for number, each in enumerate(document["others"], start=1):
        if each["flow"]:
            counts = {name: each["flow"][name] for name in FLOW}
            drawn[each["id"]] = _drawn(number, **counts)
    return drawn


@lru_cache(maxsize=64)
def _drawn(number: int, **counts: int) -> Picture:
    """The picture of these counts; kept, because every piece of a list asks for it again."""
    from allocator.charts.flow import flow

    chart = flow(**counts, before=say("compare.in_base"), now=say("compare.in_run", n=number))
    return picture(replace(chart, name=f"flow-{number}"))
