"""Trade-offs: what a promise costs at every value of it, worked out ahead, so that moving it answers at once; and whom it helps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import Path, Query

from allocator import Fault
from api.jobs.runs import ENDED
from api.pages import axes as places
from api.pages.ask import Ask
from api.pages.frame import Form, Pages
from api.pages.frontiers import PLACED, chart, shaped
from api.pages.pictures import Picture
from api.pages.planned import with_plan
from api.pages.readings import readings_of
from api.pages.rule_names import rule_name
from api.pages.words import say
from api.problems import ProblemError

pages = Pages()
PIECE = 25
SHOWN = 200
"""People that are named on each side, at most."""
SweepId = Annotated[str, Path(max_length=64, pattern=r"^\w+$")]
Word = Annotated[str, Query(max_length=300)]


@pages.page("/tradeoffs", "read", "tradeoffs.html")
async def tradeoffs(api: Ask, scenario: Annotated[str, Query(max_length=64)] = "", promise: Word = "", second: Word = "", cursor: Word = "") -> dict[str, Any]:
    """The trade-offs that were worked out, and what a new one needs to know: whose scenario, which promise, which values."""
    found, kept, known = await asyncio.gather(
        api.get("/v1/sweeps", limit=PIECE, cursor=cursor), api.get("/v1/studies", kind="tradeoff", limit=100), api.get("/v1/scenarios", limit=1000)
    )
    names = {each["id"]: each["name"] for each in known["items"]}
    sweeps = [{**sweep, "scenario": names.get(sweep["scenario_id"], sweep["scenario_id"]), "words": _words(sweep)} for sweep in found["items"]]
    promises = list(places.movable((await api.get("/v1/scenarios/{scenario_id}/policy", scenario_id=scenario))["policy"])) if scenario else []
    chosen = [next((each for each in promises if each["path"] == path), None) for path in (promise, second)]
    return {
        "sweeps": sweeps,
        "next_cursor": found["next_cursor"],
        "studies": kept["items"],
        "scenarios": [{"id": each["id"], "name": each["name"]} for each in known["items"]],
        "scenario": scenario,
        "promises": promises,
        "promise": chosen[0],
        "second": chosen[1] if chosen[1] != chosen[0] else None,
    }


@pages.action("/tradeoffs", "runs", shows=tradeoffs)
async def start(api: Ask, form: Form) -> str:
    """Work out what a promise costs at every value."""
    paths = [str(form[name]) for name in ("promise", "second") if form.get(name)]
    if not paths:
        raise ProblemError("faulty-input", say("tradeoffs.no_promise"), faults=[Fault("missing_value", say("tradeoffs.no_promise"), column="promise")])
    asked = [places.asked(places.axis_of(path), _texts(form), prefix) for path, prefix in zip(paths, ("", "second_"), strict=False)]
    body: dict[str, Any] = {"scenario_id": str(form.get("scenario", "")), "axes": asked, "note": str(form.get("note", ""))}
    made = await api.post("/v1/sweeps", body, once=str(form.get("once", "")))
    return f"/tradeoffs/{made.made}"


def draw(document: dict[str, Any]) -> Mapping[str, Picture]:
    """The frontier of one parameter that is a number."""
    return {"frontier": chart(document)} if document["drawn"] else {}


@pages.page("/tradeoffs/{sweep_id}", "read", "tradeoff.html", draw=draw)
async def tradeoff(
    api: Ask,
    sweep_id: SweepId,
    at: Word = "",
    second: Word = "",
    against: Word = "",
    goal: Word = "",
    saved: Annotated[str, Query(max_length=64)] = "",
    readings: Literal["", "open", "now"] = "",
) -> dict[str, Any]:
    """A frontier at one of its points: what is reached there, what one more would change, who gains and who loses against another point.

    `readings=now` waits for what other readings of its promises would do; `open` says only that they are wanted.
    """
    sweep, told = await asyncio.gather(api.get("/v1/sweeps/{sweep_id}", sweep_id=sweep_id), api.get("/v1/sweeps/{sweep_id}/frontier", sweep_id=sweep_id))
    scenario = await api.get("/v1/scenarios/{scenario_id}", scenario_id=sweep["scenario_id"], version=sweep["scenario_version"])
    solved = [point["number"] for point in told["points"] if point["verified"]]
    base = _base(told, solved, against)
    chosen = _chosen(told, solved, base, [at, second])
    counts, named = await _moved(api, sweep_id, base, chosen if chosen in solved else None)
    labels = [each["label"] for each in next((point["goals"] for point in told["points"] if point["verified"]), ())]
    looked_at = goal if goal in labels or goal == PLACED else told["goal"] or PLACED
    shape = shaped(told, base, counts, looked_at)
    return {
        "sweep": sweep,
        "open": sweep["status"] not in ENDED,
        "scenario": {"id": scenario["id"], "name": scenario["name"], "version": scenario["version"]},
        **shape,
        "data": [{name: point[name] for name in ("number", "values", "texts", "said")} for point in shape["points"]],
        "words": _words(sweep),
        "present": [None if value is None else places.shown(value, axis) for value, axis in zip(told["present"], shape["axes"], strict=True)],
        "solved": solved,
        "base": base,
        "chosen": chosen,
        "goal": looked_at,
        "figure": next((each["name"] for each in shape["goals"] if each["label"] == looked_at), say("tradeoffs.placed")),
        "movement": named and {**named, "gained": named["gained"][:SHOWN], "lost": named["lost"][:SHOWN]},
        "saved": saved,
        "readings": await _readings(api, sweep, readings),
    }


async def _readings(api: Any, sweep: Mapping[str, Any], wanted: str) -> dict[str, Any] | None:
    """Other readings of the promises that are moved, in the scenario's last run with a plan; None where what is moved has one reading only."""
    labels = list(dict.fromkeys(label for axis in sweep["axes"] if (label := places.promise_of(axis["path"])) is not None))
    if not labels:
        return None
    ended = await api.get("/v1/runs", scenario_id=sweep["scenario_id"], status="succeeded", limit=20)
    planned = with_plan(ended["items"])
    told = [await readings_of(api, planned, label) for label in labels] if wanted == "now" and planned is not None else []
    return {
        "planned": planned is not None,
        "pending": wanted == "open" and planned is not None,
        "promises": [{"name": rule_name("", label), **each} for label, each in zip(labels, told, strict=False)],
    }


async def _moved(api: Any, sweep_id: str, base: int | None, chosen: int | None) -> tuple[dict[int, dict[str, int]], dict[str, Any] | None]:
    """How many come and go at every point against the base; who, at the chosen one."""
    if base is None:
        return {}, None
    counts = await api.get("/v1/sweeps/{sweep_id}/movements", sweep_id=sweep_id, base=base)
    named = None if chosen is None else await api.get("/v1/sweeps/{sweep_id}/differences", sweep_id=sweep_id, base=base, other=chosen)
    return {each["number"]: each for each in counts["points"]}, named


def _base(told: Mapping[str, Any], solved: Sequence[int], against: str) -> int | None:
    """The point that others are seen from: the one that is asked for, else the policy as it is, else the first with a plan."""
    if against.isascii() and against.isdigit() and int(against) in solved:
        return int(against)
    present = next((number for number in solved if told["points"][number]["values"] == told["present"]), None)
    return present if present is not None else solved[0] if solved else None


def _chosen(told: Mapping[str, Any], solved: Sequence[int], base: int | None, asked: Sequence[str]) -> int | None:
    """The point that is looked at: the one that the address names, else the knee, else the base."""
    width = len(told["parameters"])
    if all(asked[:width]):
        for point in told["points"]:
            if all(places.same(value, text) for value, text in zip(point["values"], asked, strict=False)):
                return int(point["number"])
    knee = next((number for number in solved if told["knee"] is not None and told["points"][number]["values"] == [told["knee"]]), None)
    return knee if knee is not None else base if base is not None else 0


@pages.action("/tradeoffs/{sweep_id}/cancel", "runs", shows=tradeoff)
async def cancel(api: Ask, sweep_id: SweepId) -> str:
    """Stop working it out; the points that are solved stay."""
    await api.post("/v1/sweeps/{sweep_id}/cancel", sweep_id=sweep_id)
    return f"/tradeoffs/{sweep_id}"


@pages.action("/tradeoffs/{sweep_id}/promote", "scenarios", shows=tradeoff)
async def promote(api: Ask, sweep_id: SweepId, form: Form) -> str:
    """Make the chosen point a scenario."""
    point = await _asked(api, sweep_id, form)
    name = str(form.get("name", "")).strip()
    body = {"values": point["values"], **({"name": name} if name else {})}
    made = await api.post("/v1/sweeps/{sweep_id}/promote", body, once=str(form.get("once", "")), sweep_id=sweep_id)
    return f"/scenarios/{made.document['scenario_id']}"


@pages.action("/tradeoffs/{sweep_id}/studies", "scenarios", shows=tradeoff)
async def keep(api: Ask, sweep_id: SweepId, form: Form) -> str:
    """Keep the frontier at the chosen point under a title."""
    point = await _asked(api, sweep_id, form)
    view = dict(zip(("at", "second"), (_text(value) for value in point["values"]), strict=False))
    view |= {name: str(form[name]) for name in ("against", "goal") if form.get(name)}
    made = await api.post("/v1/studies", {"title": str(form.get("title", "")), "sweep_id": sweep_id, "view": view}, once=str(form.get("once", "")))
    address = made.document["address"]
    return f"{address}&saved={made.made}"


async def _asked(api: Any, sweep_id: str, form: Form) -> dict[str, Any]:
    """The point that a form names by its number."""
    told = await api.get("/v1/sweeps/{sweep_id}/frontier", sweep_id=sweep_id)
    number = str(form.get("point", ""))
    if number not in map(str, range(len(told["points"]))):
        raise ProblemError("faulty-input", say("tradeoffs.no_point"), faults=[Fault("no_such_point", say("tradeoffs.no_point"), column="point")])
    point: dict[str, Any] = told["points"][int(number)]
    return point


def _words(sweep: Mapping[str, Any]) -> str:
    """What is moved, in words."""
    return say("tradeoffs.both").join(places.axis_of(axis["path"])["words"] for axis in sweep["axes"])


def _texts(form: Form) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
