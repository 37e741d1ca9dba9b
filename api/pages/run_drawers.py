"""What the drawer beside a result tells of a person, a slot or a rule: how it stands, why, and what else there could be.

Questions about one run are asked one after the other: the first finds out what serves the others, in the process that has the run open.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Any

from api.pages.ask import Api, RefusedError

SECONDS = 3
"""Seconds that a question may solve."""
OTHERS = 5
MOST_LINES = 1000


async def opened(api: Api, run_id: str, *, person: str, slot: str, rule: str, to: str) -> dict[str, Any]:
    """The drawer that the address opens, if any."""
    told: dict[str, Any] = {"person": None, "slot": None, "rule": None}
    if person:
        told["person"] = await of_person(api, run_id, person, to)
    elif slot:
        told["slot"] = await of_slot(api, run_id, slot)
    elif rule:
        told["rule"] = await of_rule(api, run_id, rule)
    return told


async def of_person(api: Api, run_id: str, person: str, to: str) -> dict[str, Any]:
    """A person: where they are and why, in words for staff and in words for them; other slots, and what one that is asked for would take."""
    problems: list[dict[str, Any]] = []
    place = {"run_id": run_id, "seeker_id": person, "seconds": SECONDS}
    why = await _or_none(api.get("/v1/runs/{run_id}/explain/seekers/{seeker_id}", **place, spoken="true"), problems)
    if why is None and problems[-1]["code"] == "not-found":
        return {"id": person, "there": False, "line": None, "why": None, "said": {}, "others": None, "to": None, "problems": []}
    said = {} if why is None else why.pop("spoken")
    recommended = await _or_none(_recommended(api, {"run_id": run_id, "seeker_id": person, "k": OTHERS, "seconds": SECONDS}), problems)
    line = await _line(api, run_id, ("assignments", "unplaced"), "seeker_id", person)
    tried = await tried_for(api, run_id, person, to, problems) if to else None
    return {"id": person, "there": True, "line": line, "why": why, "said": said, "others": recommended, "to": tried, "problems": _told_once(problems)}


async def of_slot(api: Api, run_id: str, slot: str) -> dict[str, Any]:
    """A slot: how full it is and why, who is in it, and who else could be, the best first."""
    problems: list[dict[str, Any]] = []
    why = await _or_none(api.get("/v1/runs/{run_id}/explain/slots/{slot_id}", run_id=run_id, slot_id=slot, seconds=SECONDS), problems)
    if why is None and problems[-1]["code"] == "not-found":
        return {"id": slot, "there": False, "line": None, "why": None, "holders": [], "others": None, "problems": []}
    recommended = await _or_none(_recommended(api, {"run_id": run_id, "slot_id": slot, "k": OTHERS, "seconds": SECONDS}), problems)
    line = await _line(api, run_id, ("slots",), "slot_id", slot)
    holders = await api.get("/v1/runs/{run_id}/assignments", run_id=run_id, slot=slot, sort="-score", limit=200)
    return {"id": slot, "there": True, "line": line, "why": why, "holders": holders["items"], "others": recommended, "problems": _told_once(problems)}


async def of_rule(api: Api, run_id: str, rule: str) -> dict[str, Any]:
    """A rule, line by line: what it asks and reaches, and what one more or one less would change."""
    problems: list[dict[str, Any]] = []
    asked = api.get("/v1/runs/{run_id}/explain/rules/{label}", run_id=run_id, label=rule, seconds=SECONDS)
    why = await _or_none(asked, problems)
    return {"id": rule, "there": why is not None or problems[-1]["code"] != "not-found", "why": why, "problems": _told_once(problems)}


async def tried_for(api: Api, run_id: str, person: str, slot: str, problems: list[dict[str, Any]]) -> dict[str, Any]:
    """What it would take for a person to have a slot, and the whole plan judged with it: theirs and whoever moves for them moved, all else as it is."""
    asked = api.get("/v1/runs/{run_id}/explain/pairs", run_id=run_id, seeker=person, slot=slot, seconds=SECONDS)
    why = await _or_none(asked, problems)
    if why is None:
        return {"slot": slot, "why": None, "moves": [], "judged": None}
    moves = [{"seeker_id": person, "from": why["numbers"].get("holds"), "to": slot}, *why["numbers"].get("moves", ())]
    judged = None if why["verdict"] in ("placed", "ineligible") else await _or_none(_judged(api, run_id, moves), problems)
    return {"slot": slot, "why": why, "moves": moves, "judged": judged}


async def _judged(api: Api, run_id: str, moves: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The run's plan with some people elsewhere: what it would break, and how far it falls behind, goal by goal."""
    plan: dict[str, str] = {}
    cursor = ""
    while True:
        found = await api.get("/v1/runs/{run_id}/assignments", run_id=run_id, limit=MOST_LINES, cursor=cursor)
        plan |= {line["seeker_id"]: line["slot_id"] for line in found["items"]}
        cursor = found["next_cursor"]
        if not cursor:
            break
    for move in moves:
        plan.pop(move["seeker_id"], None)
        if move["to"]:
            plan[move["seeker_id"]] = move["to"]
    lines = [{"seeker_id": seeker, "slot_id": slot} for seeker, slot in plan.items()]
    told = (await api.post("/v1/evaluations", {"run_id": run_id, "assignments": lines})).document
    return {name: told[name] for name in ("keeps_every_rule", "violations", "refused", "against")}


async def _recommended(api: Api, asked: dict[str, Any]) -> Any:
    return (await api.post("/v1/recommendations", asked)).document


async def _line(api: Api, run_id: str, lists: Iterable[str], column: str, name: str) -> dict[str, Any] | None:
    """The line of a list that is about this one."""
    for each in lists:
        found = await api.get(f"/v1/runs/{{run_id}}/{each}", run_id=run_id, q=name[:100], sort=column, limit=MOST_LINES)
        line: dict[str, Any] | None = next((line for line in found["items"] if line[column] == name), None)
        if line is not None:
            return line
    return None


async def _or_none(asked: Awaitable[Any], problems: list[dict[str, Any]]) -> Any:
    """An answer, or none where there is a problem, which is kept: the rest of the page stands without it."""
    try:
        return await asked
    except RefusedError as error:
        problems.append(error.problem)
        return None


def _told_once(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each problem once; what a role may not do is simply not there."""
    return list({problem["code"]: problem for problem in problems if problem["code"] != "forbidden"}.values())
