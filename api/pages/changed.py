"""What a plan changes for people against the one that was published before, as pages show it: counts, and who, a piece at a time."""

from __future__ import annotations

from typing import Any, Literal

from api.pages.ask import Ask, RefusedError

Change = Literal["newly_placed", "lost", "moved", "arrived", "left"]
SHOWN = 50
"""People shown at once."""


async def changed_between(api: Ask, before: str | None, now: str | None, change: Change | None, start: int) -> dict[str, Any] | None:
    """What a run changes against another: None where there is nothing before to compare with; `gone` where that one has been deleted after its time."""
    if before is None or now is None:
        return None
    if before == now:
        return _told({}, [], [], [], change, start)
    try:
        found = await api.get("/v1/comparisons", **{"base": before, "with": now, "only_differences": "true"})
    except RefusedError as error:
        if error.code not in ("gone", "not-found", "conflict"):
            raise
        return {"gone": error.problem["detail"]}
    one = found["comparisons"][0]
    return _told(one["flow"], one["people"], one["goals"], one["rules"], change, start) | {"sentence": one["sentence"], "before": before}


def told_changes(found: dict[str, Any], change: Change | None, start: int) -> dict[str, Any]:
    """The changes of a publication, in the same form."""
    return _told(found["flow"], found["people"], found["goals"], found["rules"], change, start)


def _told(flow: dict[str, int], people: list[Any], goals: list[Any], rules: list[Any], change: Change | None, start: int) -> dict[str, Any]:
    chosen = [line for line in people if change is None or line["change"] == change]
    return {
        "flow": {name: flow.get(name, 0) for name in ("newly_placed", "lost", "moved", "arrived", "left", "same")},
        "people": chosen[start : start + SHOWN],
        "total": len(chosen),
        "goals": goals,
        "rules": rules,
    }


async def current_of(api: Ask, schedule_id: str | None) -> dict[str, Any] | None:
    """The publication that holds for a schedule, or among those made by hand; None where there is none."""
    try:
        told: dict[str, Any] = await api.get("/v1/publications/current", schedule=schedule_id)
    except RefusedError as error:
        if error.code != "not-found":
            raise
        return None
    return told
