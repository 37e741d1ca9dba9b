"""Runs side by side: what went in and differs, what came of it, and who gains and who loses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from api.pages import beside
from api.pages.ask import Ask, RefusedError
from api.pages.frame import Form, Pages
from api.pages.pictures import Picture
from api.paging import encoded

pages = Pages()
MOST = 5
"""Runs beside the base."""
PIECE = 50
"""People on one piece of a list."""
CHANGES = ("newly_placed", "lost", "moved", "same", "arrived", "left")
MOVES = tuple(change for change in CHANGES if change != "same")
Name = Annotated[str, Query(max_length=64)]
Others = Annotated[list[Annotated[str, Query(max_length=64)]], Query(alias="with", max_length=20)]


def draw(document: dict[str, Any]) -> Mapping[str, Picture]:
    """Where people went."""
    return beside.pictures(document)


@pages.page("/compare", "read", "compare.html", draw=draw)
async def compare(
    api: Ask,
    base: Name = "",
    others: Others = [],  # noqa: B006  # what an address without them says; nobody changes it
    only: bool = False,
    people: Name = "",
    change: Name = "",
    piece: Annotated[int, Query(ge=0, le=10**6)] = 0,
    fair: bool = False,
    saved: Name = "",
) -> dict[str, Any]:
    """A base and up to five other runs; without a base, what there is to choose from."""
    chosen = [each for each in dict.fromkeys(others) if each and each != base][:MOST]
    runs, kept, named, me = await asyncio.gather(
        api.get("/v1/runs", limit=200, status="succeeded"),
        api.get("/v1/studies", kind="comparison", limit=100),
        api.get("/v1/scenarios", limit=1000),
        api.get("/v1/me"),
    )
    names = {each["id"]: each["name"] for each in named["items"]}
    document = {
        "choices": [_choice(run, names) for run in runs["items"] if run["kind"] == "solve"],
        "studies": kept["items"],
        "base": None,
        "base_id": base,
        "chosen": chosen,
        "others": [],
        "only": only,
        "fair": fair,
        "may_fair": "equity" in me["scopes"],
        "saved": saved,
        "refused": None,
    }
    if not base or not chosen:
        return document
    # Of all of them the first who move; of the one whose people are looked at, the piece that is asked for.
    kind, mine = change if change in CHANGES else "", [each for each in chosen if each == people]
    asked = [(chosen, MOVES, 0)] + [(mine, (kind,) if kind else MOVES, piece)] * bool(mine and (kind or piece))
    try:
        told, *looked_at = await asyncio.gather(*(_told(api, base, *each, only=only) for each in asked))
    except RefusedError as error:
        if error.code in ("not-found", "forbidden"):
            raise
        return {**document, "refused": error.problem}
    equity = await asyncio.gather(*(_equity(api, base, each) for each in chosen)) if fair and document["may_fair"] else [None] * len(chosen)
    pieces = {each["other"]["name"]: (each, kind, piece) for side in looked_at for each in side["comparisons"]}
    sides = [_side(each, *pieces.get(each["other"]["name"], (each, "", 0))) for each in told["comparisons"]]
    figures, rules = beside.figures(told), beside.rules(told)
    return {
        **document,
        "base": told["base"],
        "figures": [each for each in figures if not (only and each["same"])],
        "rules": [each for each in rules if not (only and each["same"])],
        "others": [{**side, "equity": fairness} for side, fairness in zip(sides, equity, strict=True)],
        "addresses": _addresses(base, chosen, only=only, fair=fair),
        "csv": f"/v1/comparisons?{urlencode([('base', base), *(('with', each) for each in chosen), ('format', 'csv')])}",
        "json": f"/v1/comparisons?{urlencode([('base', base), *(('with', each) for each in chosen)])}",
    }


def _choice(run: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A run as one chooses it."""
    told = {name: run[name] for name in ("id", "outcome", "note", "created_at", "scenario_version")}
    return {**told, "scenario": names.get(run["scenario_id"], run["scenario_id"]), "placed": (run["summary"] or {}).get("placed")}


async def _told(api: Any, base: str, others: list[str], changes: Sequence[str], piece: int, *, only: bool) -> dict[str, Any]:
    """Runs against the base, with one piece of the people to whom one of these changes happens."""
    cursor = encoded(str(piece * PIECE)) if piece else None
    asked = {"with": others, "change": list(changes), "only_differences": only, "limit": PIECE, "cursor": cursor}
    told: dict[str, Any] = await api.get("/v1/comparisons", base=base, **asked)
    return told


def _side(told: Mapping[str, Any], looked_at: Mapping[str, Any], kind: str, piece: int) -> dict[str, Any]:
    """A run against the base, with one piece of its people."""
    run = told["other"]
    return {
        "id": run["name"],
        **{name: run[name] for name in ("about", "status", "has_plan", "placed", "pool", "broken")},
        **{name: told[name] for name in ("sentence", "decided_by", "unproved", "flow")},
        "inputs": beside.inputs(told["inputs"]),
        "matrix": beside.matrix(told["matrix"]),
        "people": looked_at["people"],
        "count": looked_at["people_total"],
        "start": piece * PIECE,
        "piece": piece,
        "change": kind,
        "groups": [each for each in told["groups"] if each["difference"]],
    }


async def _equity(api: Any, base: str, other: str) -> dict[str, Any] | None:
    """Selection rates of two runs, from the pool to a slot; None where there is nothing to say, as without demographics."""
    try:
        told = await api.get("/v1/runs/{run_id}/equity", run_id=other, **{"with": base})
    except RefusedError:
        return None
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for line in told["lines"]:
        if line["step"] == "placed of the pool":
            lines.setdefault((line["attribute"], line["group"]), {})[line["plan"]] = {name: line[name] for name in ("base", "reached", "rate", "verdict")}
    shown = [{"attribute": attribute, "group": group, **sides} for (attribute, group), sides in lines.items() if len(sides) == 2]
    return {"lines": shown, "least_shown": told["least_shown"], "verdicts": told["verdicts"]}


def _addresses(base: str, others: list[str], *, only: bool, fair: bool) -> dict[str, Any]:
    """Addresses like this page's with one thing changed."""

    def at(first: str, rest: list[str], **more: Any) -> str:
        view = {"only": only, "fair": fair, **more}
        return "/compare?" + urlencode(
            [("base", first), *(("with", each) for each in rest), *((name, value if value is not True else 1) for name, value in view.items() if value)]
        )

    return {
        "here": at(base, others),
        "only": at(base, others, only=not only),
        "fair": at(base, others, fair=not fair),
        "without": {each: at(base, [other for other in others if other != each]) for each in others},
        "first": {each: at(each, [base, *(other for other in others if other != each)]) for each in others},
        "people": {each: {change: at(base, others, people=each, change=change) for change in ("", *CHANGES)} for each in others},
    }


@pages.action("/compare", "scenarios", shows=compare)
async def keep(api: Ask, form: Form) -> str:
    """Keep this comparison under a title."""
    view = {name: str(form[name]) for name in ("only", "fair") if form.get(name)}
    body = {"title": str(form.get("title", "")), "runs": [str(each) for each in form.getlist("runs")], "view": view}
    made = await api.post("/v1/studies", body, once=str(form.get("once", "")))
    return f"{made.document['address']}&saved={made.made}"
