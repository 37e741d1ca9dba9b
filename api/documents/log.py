"""The log of a run as text: what happened when, line by line, as long as its events are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any


def log_lines(run: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Each line of the log, oldest first; nobody's id is in it."""
    job, limits = run["job"], {"time_limit": "seconds", "gap": "gap", "memory_gb": "GB"}
    held = ", ".join(f"{job[name]:g} {unit}" for name, unit in limits.items() if job.get(name) is not None)
    about = f"{run['id']} of {run['scenario_id']} version {run['scenario_version']}, seed {job['seed']}{', at most ' if held else ''}{held}"
    yield _line(run["created_at"], "submitted", about)
    latest = run["created_at"]
    for event in events:
        latest = max(latest, event["at"])
        yield _line(event["at"], event["type"], _said(event["type"], event["data"]))
    if run["finished_at"] is None:
        return
    error = run["error"]
    if error:
        yield _line(latest, "error", f"{error['code']}: {error['message']}")
        for fault in error.get("faults", ()):
            yield _line(latest, "fault", f"{fault['code']}: {fault['message']}")
    summary = run["summary"] or {}
    if summary.get("headline"):
        yield _line(latest, "result", summary["headline"])
    if run["purged_at"] is not None:
        yield _line(run["purged_at"], "deleted", "The result and what led to it were deleted after their time.")


def _said(kind: str, data: Mapping[str, Any]) -> str:
    """An event in words."""
    if kind == "status":
        more = {"attempt": "attempt", "reason": "because of", "outcome": "outcome", "stop_reason": "stopped by"}
        return ", ".join([str(data["status"]), *(f"{word} {data[name]}" for name, word in more.items() if data.get(name) is not None)])
    if kind == "phase":
        return str(data["phase"])
    if kind == "points":
        return f"{data['done']} of {data['total']} solved"
    if kind == "incumbent":
        return f"{data['goal']}: {_amount(data['value'], 'nothing yet')}, bound {_amount(data['bound'], 'not known')}"
    return ", ".join(f"{name} {value}" for name, value in data.items())


def _amount(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:,.10g}"


def _line(at: datetime, kind: str, said: str) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z  {kind:<9}  {' '.join(said.split())}\n"
