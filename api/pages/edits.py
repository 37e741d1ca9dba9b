"""A scenario's own changes as its page edits them: a later word takes the place of an earlier about the same thing, and what is as in the base is no change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.pages.controls import same

Change = dict[str, Any]
ORDER = "goals.order"


def with_values(changes: Sequence[Change], place: str, wanted: Mapping[str, Any], now: Mapping[str, Any], base: Mapping[str, Any] | None) -> list[Change]:
    """The changes with these values of a rule at a place. `now` is the rule as it stands, `base` as it would be without the changes, if it is there then."""
    found = list(changes)
    for key, value in wanted.items():
        if same(value, now.get(key)):
            continue
        path = f"{place}.{key}"
        added = next((number for number, change in enumerate(found) if (change["op"], change["path"]) == ("add", place)), None)
        found = [change for change in found if change["path"] != path and not change["path"].startswith(f"{path}.")]
        if added is not None:
            told = {**(found[added].get("value") or {}), key: value}
            found[added] = {**found[added], "value": {name: part for name, part in told.items() if part is not None}}
            continue
        whole = any(change["path"] == place for change in found)
        if whole or base is None or not same(value, base.get(key)):
            found.append({"op": "set", "path": path, "value": value})
    return found


def without_rule(changes: Sequence[Change], place: str) -> list[Change]:
    """The changes with a rule taken out: what they said of it, or, where others have put it there, by a change that removes it."""
    own = any((change["op"], change["path"]) == ("add", place) for change in changes)
    left = [change for change in changes if not _about(change, place)]
    # An order of the goals that was said while the goal was there must go on naming it, unless it never was.
    return list(_unordered(left, place)) if own else [*left, {"op": "remove", "path": place}]


def without_change(changes: Sequence[Change], number: int) -> list[Change]:
    """The changes without one of them, and without what rests on it: values of a rule that it added."""
    gone = changes[number]
    left = [change for position, change in enumerate(changes) if position != number]
    if gone["op"] != "add":
        return left
    return list(_unordered([change for change in left if not _about(change, gone["path"])], gone["path"]))


def with_order(changes: Sequence[Change], names: Sequence[str]) -> list[Change]:
    """The changes with the goals in this order."""
    return [*(change for change in changes if change["path"] != ORDER), {"op": "set", "path": ORDER, "value": list(names)}]


def with_pin(changes: Sequence[Change], op: str, path: str, value: Mapping[str, Any]) -> list[Change]:
    """The changes with a decision about a pair in the place of an earlier one."""
    told = {name: part for name, part in value.items() if part}
    return [*(change for change in changes if not _about(change, path)), {"op": op, "path": path, **({"value": told} if told else {})}]


def without_pin(changes: Sequence[Change], path: str, elsewhere: bool) -> list[Change]:
    """The changes without a decision about a pair; `elsewhere` says that the base has one, too."""
    left = [change for change in changes if not _about(change, path)]
    return [*left, {"op": "remove", "path": path}] if elsewhere else left


def _about(change: Change, place: str) -> bool:
    return bool(change["path"] == place) or str(change["path"]).startswith(f"{place}.")


def _unordered(changes: Sequence[Change], place: str) -> Iterator[Change]:
    """Orders of the goals without a goal that is no longer there."""
    name = place.removeprefix("goals.")
    for change in changes:
        if change["path"] == ORDER and place.startswith("goals."):
            yield {**change, "value": [each for each in change["value"] if str(each).removeprefix("goals.") != name]}
        else:
            yield change
