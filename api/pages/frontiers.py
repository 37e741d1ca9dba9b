"""A frontier as a page tells it: each point with everything that is read off it in words already, so that moving a slider changes the page at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from api.pages import axes as places
from api.pages.marker import marked
from api.pages.pictures import Picture, picture
from api.pages.render import UNKNOWN, number, signed
from api.pages.rule_names import rule_name
from api.pages.words import say

PLACED = "placed"
"""The name of the figure that every point has, beside those of its goals."""
GROUPS = 40
"""Most groups of people that are shown; those whose number changes most."""


def shaped(told: Mapping[str, Any], base: int | None, moved: Mapping[int, Mapping[str, int]], goal: str) -> dict[str, Any]:
    """The points of a frontier against one of them, with the words that a page shows of each."""
    axes = [_axis(path, [point["values"][place] for point in told["points"]]) for place, path in enumerate(told["parameters"])]
    goals = _goals(told["points"])
    groups = _groups(told["points"])
    against = None if base is None else told["points"][base]
    points = [_point(point, axes, goals, groups, against, moved.get(point["number"])) for point in told["points"]]
    for point in points:
        point["said"]["price"] = _next_price(point, points, axes, goals)
    at = [point["number"] for point in points if figure(point, goal) is not None]
    at.sort(key=lambda each: _sortable(points[each]["values"][0]))
    return {"axes": axes, "goals": goals, "groups": groups, "points": points, "drawn": at if len(axes) == 1 and axes[0]["numeric"] else []}


def _axis(path: str, values: Sequence[Any]) -> dict[str, Any]:
    axis, own = places.axis_of(path), list(dict.fromkeys(values))
    numeric = not any(isinstance(value, bool | str) for value in own)
    return {**axis, "values": own, "texts": [places.shown(value, axis) for value in own], "slider": places.slider(own), "numeric": numeric}


def _goals(points: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The goals by label, as the first point with a plan has them."""
    found = next((point["goals"] for point in points if point["verified"]), ())
    return [{"label": goal["label"], "name": rule_name(goal["kind"], goal["label"]), "unit": goal["unit"]} for goal in found]


def _groups(points: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Groups of which not every point places as many."""
    counts: dict[tuple[str, str], set[int]] = {}
    for point in points:
        for dimension, groups in point["served"].items() if point["verified"] else ():
            for group, served in groups.items():
                counts.setdefault((dimension, group), set()).add(served["placed"])
    moving = {key: max(seen) - min(seen) for key, seen in counts.items() if len(seen) > 1}
    most = sorted(moving, key=lambda key: -moving[key])[:GROUPS]
    return [{"dimension": dimension, "group": group, "name": places.plain(group)} for dimension, group in moving if (dimension, group) in most]


def _point(
    point: Mapping[str, Any],
    axes: Sequence[Mapping[str, Any]],
    goals: Sequence[Mapping[str, str]],
    groups: Sequence[Mapping[str, str]],
    against: Mapping[str, Any] | None,
    moved: Mapping[str, int] | None,
) -> dict[str, Any]:
    values = {goal["label"]: goal["value"] for goal in point["goals"]}
    prices = {price["label"]: price for price in point["prices"] if price["method"] == "difference" and price["parameter"] == axes[-1]["path"]}
    promises = [promise for promise in point["promises"] if promise["short"] is not None] or point["promises"]
    told = {name: point[name] for name in ("number", "state", "status", "verified", "values", "placed", "dominated", "dominated_by")}
    told["texts"] = [places.shown(value, axis) for value, axis in zip(point["values"], axes, strict=True)]
    told |= {"figures": values, "gained": moved and moved["gained"], "lost": moved and moved["lost"]}
    told |= {f"price_{side}": {label: price[side] for label, price in prices.items()} for side in ("below", "above")}
    told |= {name: sum(promise[name] or 0 for promise in promises) if promises else None for name in ("promised", "filled", "short")}
    told["proved"] = point["verified"] and all(not goal["gap"] for goal in point["goals"])
    return told | {"said": _said(told, point, axes, goals, groups, against)}


def _said(
    told: Mapping[str, Any],
    point: Mapping[str, Any],
    axes: Sequence[Mapping[str, Any]],
    goals: Sequence[Mapping[str, str]],
    groups: Sequence[Mapping[str, str]],
    against: Mapping[str, Any] | None,
) -> dict[str, str]:
    """Everything that is read off a point, by the names that the page's places for it have."""
    before = {goal["label"]: goal["value"] for goal in against["goals"]} if against else {}
    said = {"value": ", ".join(told["texts"])}
    said |= {name: number(told[name]) for name in ("placed", "promised", "filled", "short", "gained", "lost")}
    said["placed_more"] = _difference(told["placed"], None if against is None else against["placed"])
    said["state"] = _standing(told, axes)
    said["proof"] = say("tradeoffs.proved") if told["proved"] else say("tradeoffs.not_proved") if told["verified"] else ""
    for place, goal in enumerate(goals):
        value = told["figures"].get(goal["label"])
        said[f"goal_{place}"] = number(value)
        said[f"goal_{place}_more"] = _difference(value, before.get(goal["label"]))
        for side in ("below", "above"):
            said[f"goal_{place}_{side}"] = signed(told[f"price_{side}"].get(goal["label"]))
    for place, group in enumerate(groups):
        now, then = (_served(each, group) for each in (point, against))
        said[f"group_{place}"], said[f"group_{place}_more"] = number(now), _difference(now, then)
    return said


def _next_price(point: Mapping[str, Any], points: Sequence[Mapping[str, Any]], axes: Sequence[Mapping[str, Any]], goals: Sequence[Mapping[str, str]]) -> str:
    """What going on to the next value of the last parameter would change, and what that is for each seat that is promised more, in words."""
    if not point["verified"] or not axes[-1]["numeric"]:
        return ""
    further = [each for each in points if each["values"][:-1] == point["values"][:-1] and each["values"][-1] > point["values"][-1]]
    if not further:
        return say("tradeoffs.price.last")
    following = min(further, key=lambda each: each["values"][-1])
    value = places.shown(following["values"][-1], axes[-1])
    if not following["verified"]:
        return say("tradeoffs.price.unknown" if following["state"] != "solved" else "tradeoffs.price.no_plan", value=value)
    seats = None if None in (point["promised"], following["promised"]) else following["promised"] - point["promised"]
    changes = []
    for goal in goals:
        now, then = (each["figures"].get(goal["label"]) for each in (point, following))
        if now is None or then is None or not (change := round(then - now, 6)):
            continue
        told = say("tradeoffs.price.change", goal=goal["name"], change=signed(change), unit=goal["unit"])
        changes.append(told + (say("tradeoffs.price.each", change=signed(round(change / seats, 2))) if seats and seats > 1 else ""))
    said = say("tradeoffs.price.changes", changes="; ".join(changes)) if changes else say("tradeoffs.price.nothing")
    return say("tradeoffs.price.next" if not seats or seats < 0 else "tradeoffs.price.next_seats", value=value, n=seats or 0, changes=said)


def _standing(told: Mapping[str, Any], axes: Sequence[Mapping[str, Any]]) -> str:
    """Whether there is a plan, and whether another point is plainly better."""
    if told["state"] != "solved":
        return say(f"tradeoffs.point.{told['state']}")
    if not told["verified"]:
        return say("tradeoffs.point.infeasible") if told["status"] == "infeasible" else say("tradeoffs.point.no_plan")
    if told["dominated"]:
        by = ", ".join(places.shown(value, axis) for value, axis in zip(told["dominated_by"] or (), axes, strict=False))
        return say("tradeoffs.point.beaten", by=by)
    return say("tradeoffs.point.stands")


def _difference(now: float | None, then: float | None) -> str:
    return UNKNOWN if now is None or then is None else signed(round(now - then, 9))


def _served(point: Mapping[str, Any] | None, group: Mapping[str, str]) -> int | None:
    if point is None or not point["verified"]:
        return None
    served = point["served"].get(group["dimension"], {}).get(group["group"])
    return None if served is None else int(served["placed"])


def figure(point: Mapping[str, Any], goal: str) -> float | None:
    """What a shaped point reaches: a goal by its label, or how many are placed."""
    value: float | None = point["placed"] if goal == PLACED else point["figures"].get(goal)
    return value if point["verified"] else None


def chart(document: Mapping[str, Any]) -> Picture:
    """The frontier drawn, with a marker at the chosen point. Only for one parameter that is a number."""
    goal = document["goal"]
    rows = [
        {
            "value": point["values"][0],
            "reached": figure(point, goal),
            "price_below": point["price_below"].get(goal),
            "price_above": point["price_above"].get(goal),
            "dominated": point["dominated"],
        }
        for point in document["points"]
    ]
    unit = next((each["unit"] for each in document["goals"] if each["label"] == goal), "people")
    found = _drawn(json.dumps(rows), document["axes"][0]["words"], document["figure"], unit)
    place = document["drawn"].index(document["chosen"]) if document["chosen"] in document["drawn"] else None
    return marked(found, place)


@lru_cache(maxsize=64)
def _drawn(rows: str, words: str, reached: str, unit: str) -> Picture:
    """The picture of these figures; kept, because every stop of the slider asks for it again."""
    from allocator.charts.frontier import frontier

    frame = pd.DataFrame(json.loads(rows)).rename(columns={"reached": reached})
    return picture(frontier(frame, words, reached=reached, unit=unit))


def _sortable(value: Any) -> tuple[int, Any]:
    return (1, str(value)) if isinstance(value, bool | str) else (0, value)
