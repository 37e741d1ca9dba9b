"""What the tabs of a result show, each asked of the API when it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

from api.pages.ask import Api, RefusedError

Tab = Literal["people", "slots", "rules", "fairness", "checks"]
TABS: tuple[Tab, ...] = ("people", "slots", "rules", "fairness", "checks")
PIECE = 50
"""Lines of a list at a time."""
PLACED = ("seeker_id", "slot_id", "employer_id", "tier", "partner_id", "center_id", "score", "start_date")
UNPLACED = ("seeker_id", "reason", "tier", "partner_id", "center_id", "waited", "options")
SLOTS = ("slot_id", "employer_id", "openings", "taken", "left", "eligible", "start_date", "wage")
"""Columns that the lists show, and are sorted by."""


async def asked(api: Api, run_id: str, *, tab: Tab, show: str, reason: str, left: str, q: str, sort: str, cursor: str) -> dict[str, Any]:
    """What the open tab shows."""
    if tab == "people":
        columns, place, more = (PLACED, "assignments", {}) if show == "placed" else (UNPLACED, "unplaced", {"reason": reason})
        return {"listing": await _list(api, run_id, place, columns, q, sort, cursor, **more)}
    if tab == "slots":
        wanted = {"yes": "true", "no": "false"}.get(left)
        listing, promises = await asyncio.gather(
            _list(api, run_id, "slots", SLOTS, q, sort, cursor, open=wanted), api.get("/v1/runs/{run_id}/reservations", run_id=run_id)
        )
        return {"listing": listing, "reservations": promises["items"]}
    if tab == "rules":
        standings, promises = await asyncio.gather(api.get("/v1/runs/{run_id}/rules", run_id=run_id), api.get("/v1/runs/{run_id}/reservations", run_id=run_id))
        return {"rules": by_rule(standings["items"]), "reservations": promises["items"]}
    if tab == "fairness":
        return {"equity": await _equity(api, run_id)}
    sheet = await api.get("/v1/runs/{run_id}/sheets/checks", run_id=run_id, limit=1000)
    return {"checks": [{"section": name, "lines": list(lines)} for name, lines in groupby(sheet["items"], lambda line: line["section"])]}


async def _equity(api: Api, run_id: str) -> Any:
    """Rates by group; none where the facts have no demographics."""
    try:
        return await api.get("/v1/runs/{run_id}/equity", run_id=run_id)
    except RefusedError as error:
        if error.code != "faulty-input":
            raise
        return None


async def _list(api: Api, run_id: str, name: str, columns: Sequence[str], q: str, sort: str, cursor: str, **more: Any) -> Any:
    """A piece of a list; an order that it does not have, as one of another list may be, is none."""
    order = sort if sort.removeprefix("-") in columns else ""
    return await api.get(f"/v1/runs/{{run_id}}/{name}", run_id=run_id, limit=PIECE, q=q.strip(), sort=order, cursor=cursor, **more)


def by_rule(standings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each rule with how many of its lines are kept and missed, and the line that stands worst; the rules with most missed come first.

    Promises of seats have a list of their own.
    """
    rules: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in standings:
        if line["kind"] == "reservation":
            continue
        rules.setdefault((line["kind"], line["label"]), []).append(line)
    told = [_told(kind, label, lines) for (kind, label), lines in rules.items()]
    return sorted(told, key=lambda rule: (-rule["missed"], rule["kind"], rule["label"]))


def standing(standings: Sequence[dict[str, Any]], name: str) -> dict[str, Any] | None:
    """How a rule stands, by the names that it can be asked about: its label, its kind, both, or the full name of one line; None where there is none."""
    lines = [line for line in standings if name in _names(line)]
    return _told(lines[0]["kind"], lines[0]["label"], lines) if lines else None


def _names(line: dict[str, Any]) -> tuple[str, ...]:
    kind, label = line["kind"], line["label"]
    named = f"{kind}[{label}]"
    own = kind if label in ("", kind) else named
    return kind, label, named, own, f"{own}[{line['key']}]" if line["key"] else own


def _told(kind: str, label: str, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    limits = [line for line in lines if line["slack"] is not None]
    missed = [line for line in limits if line["slack"] < 0]
    worst = min(limits, key=lambda line: line["slack"], default=None)
    name = kind if label in ("", kind) else f"{kind}[{label}]"
    at_limit = sum(line["slack"] == 0 for line in limits)
    return {"kind": kind, "label": label, "name": name, "lines": len(limits), "missed": len(missed), "at_limit": at_limit, "worst": worst}
