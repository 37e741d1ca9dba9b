"""What the drawer beside a result tells of a person, a slot or a rule: how it stands, why, and what else there could be.

How it stands is in the lists of the result, and told at once. Reasons are found out by solving, and the first about a run by opening it, which may take half a
minute on a large one: they are `pending` until the page is asked for `reasons=now`, which waits for them. Questions about one run are asked one after the
other: the first finds out what serves the others, in the process that has the run open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from api.pages.ask import Api, RefusedError
from api.pages.run_tabs import standing

SECONDS = 3
"""Seconds that a question may solve."""
OTHERS = 5
MOST_LINES = 1000
BUSY = "busy"
"""The problem that passes by itself: everybody who could answer is at work."""


async def opened(api: Api, run_id: str, *, person: str, slot: str, rule: str, to: str, now: bool) -> dict[str, Any]:
    """The drawer that the address opens, if any; with reasons where they are wanted `now`."""
    told: dict[str, Any] = {"person": None, "slot": None, "rule": None}
    if person:
        told["person"] = await of_person(api, run_id, person, to, now=now)
    elif slot:
        told["slot"] = await of_slot(api, run_id, slot, now=now)
    elif rule:
        told["rule"] = await of_rule(api, run_id, rule, now=now)
    return told


async def of_person(api: Api, run_id: str, person: str, to: str, *, now: bool) -> dict[str, Any]:
    """A person: where they are and why, in words for staff and in words for them; other slots, and what one that is asked for would take."""
    found = await asyncio.gather(*(api.get(f"/v1/runs/{{run_id}}/{name}", run_id=run_id, seeker=person[:200], limit=1) for name in ("assignments", "unplaced")))
    line = next((line for each in found for line in each["items"]), None)
    told = {"id": person, "there": line is not None, "line": line, "why": None, "said": {}, "others": None, "to": None, **_begun(line, now=now)}
    if line is None:
        return told
    if not now:
        return told | {"to": {"slot": to, "why": None, "moves": [], "judged": None} if to else None}
    problems: list[dict[str, Any]] = []
    place = {"run_id": run_id, "seeker_id": person, "seconds": SECONDS}
    why = await _or_none(api.get("/v1/runs/{run_id}/explain/seekers/{seeker_id}", **place, spoken="true"), problems)
    said = {} if why is None else why.pop("spoken")
    recommended = await _or_none(_recommended(api, {"run_id": run_id, "seeker_id": person, "k": OTHERS, "seconds": SECONDS}), problems)
    tried = await tried_for(api, run_id, person, to, problems) if to else None
    return told | {"why": why, "said": said, "others": recommended, "to": tried} | _ended(problems)


async def of_slot(api: Api, run_id: str, slot: str, *, now: bool) -> dict[str, Any]:
    """A slot: how full it is and why, who is in it, and who else could be, the best first."""
    found, holders = await asyncio.gather(
        api.get("/v1/runs/{run_id}/slots", run_id=run_id, slot=slot[:200], limit=1),
        api.get("/v1/runs/{run_id}/assignments", run_id=run_id, slot=slot[:200], sort="-score", limit=200),
    )
    line = next(iter(found["items"]), None)
    told = {"id": slot, "there": line is not None, "line": line, "holders": holders["items"], "why": None, "others": None, **_begun(line, now=now)}
    if line is None or not now:
        return told
    problems: list[dict[str, Any]] = []
    why = await _or_none(api.get("/v1/runs/{run_id}/explain/slots/{slot_id}", run_id=run_id, slot_id=slot, seconds=SECONDS), problems)
    recommended = await _or_none(_recommended(api, {"run_id": run_id, "slot_id": slot, "k": OTHERS, "seconds": SECONDS}), problems)
    return told | {"why": why, "others": recommended} | _ended(problems)


async def of_rule(api: Api, run_id: str, rule: str, *, now: bool) -> dict[str, Any]:
    """A rule, line by line: what it asks and reaches, and what one more or one less would change."""
    stands = standing((await api.get("/v1/runs/{run_id}/rules", run_id=run_id))["items"], rule)
    told = {"id": rule, "there": stands is not None, "stands": stands, "why": None, **_begun(stands, now=now)}
    if stands is None or not now:
        return told
    problems: list[dict[str, Any]] = []
    why = await _or_none(api.get("/v1/runs/{run_id}/explain/rules/{label}", run_id=run_id, label=rule, seconds=SECONDS), problems)
    return told | {"why": why} | _ended(problems)


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


async def _or_none(asked: Awaitable[Any], problems: list[dict[str, Any]]) -> Any:
    """An answer, or none where there is a problem, which is kept: the rest of the page stands without it."""
    try:
        return await asked
    except RefusedError as error:
        problems.append(error.problem)
        return None


def _begun(there: Any, *, now: bool) -> dict[str, Any]:
    """Nothing is found out yet: `pending` where there is something to find out, `busy` where that was tried and nobody was free."""
    return {"pending": there is not None and not now, "busy": False, "problems": []}


def _ended(problems: list[dict[str, Any]]) -> dict[str, Any]:
    """Each problem once, and whether to come again for what is missing; what a role may not do is simply not there."""
    told = {problem["code"]: problem for problem in problems if problem["code"] != "forbidden"}
    busy = told.pop(BUSY, None) is not None
    return {"pending": busy, "busy": busy, "problems": list(told.values())}
