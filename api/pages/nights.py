"""The nights: what needs somebody, what comes next, a month of them, and the schedules that make them."""

from __future__ import annotations

import asyncio
from calendar import Calendar
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query

from api import clock
from api.pages.ask import Ask
from api.pages.changed import current_of
from api.pages.frame import Pages
from api.pages.night_words import DAYS, state_of, timed

pages = Pages()
MONTH = r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$"
MOST_SCHEDULES = 20
"""Schedules whose coming nights are shown; a board has one or two."""


@pages.page("/nights", "read", "nights.html")
async def nights(
    api: Ask,
    month: Annotated[str, Query(pattern=MONTH)] | None = None,
    schedule: Annotated[str, Query(max_length=64)] = "",
) -> dict[str, Any]:
    """A month of nights, with what waits for somebody and what comes next."""
    listed, held = await asyncio.gather(api.get("/v1/schedules", limit=1000), api.get("/v1/occurrences", status="held", limit=50))
    schedules = [each for each in listed["items"] if schedule in ("", each["id"])]
    today = clock.now().astimezone(ZoneInfo(schedules[0]["time_zone"])).date() if schedules else clock.now().date()
    first = date.fromisoformat(f"{month}-01") if month else today.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    found, *more = await asyncio.gather(
        api.get("/v1/occurrences", since=first.isoformat(), until=last.isoformat(), schedule_id=schedule, limit=1000),
        *(_coming(api, each["id"]) for each in schedules[:MOST_SCHEDULES] if not each["paused"]),
        *(current_of(api, each["id"]) for each in schedules[:MOST_SCHEDULES]),
    )
    coming = sorted((line for told in more if isinstance(told, list) for line in told), key=lambda line: line["scheduled_for"])
    holds = {told["schedule_id"]: told for told in more if isinstance(told, dict)}
    names = {each["id"]: each["name"] for each in listed["items"]}
    there = {(each["schedule_id"], each["night"]) for each in found["items"]}
    return {
        "month": f"{first:%Y-%m}",
        "months": {"before": f"{first - timedelta(days=1):%Y-%m}", "after": f"{last + timedelta(days=1):%Y-%m}", "now": f"{today:%Y-%m}"},
        "weeks": _weeks(first, today, found["items"], [line for line in coming if (line["schedule_id"], line["night"]) not in there], names),
        "counts": _counts(found["items"]),
        "schedules": [_line(each, holds.get(each["id"])) for each in listed["items"]],
        "schedule": schedule,
        "held": [{**_night(each), "schedule": names.get(each["schedule_id"], "")} for each in held["items"]],
        "next": None if not coming else {**coming[0], "schedule": names.get(coming[0]["schedule_id"], "")},
    }


async def _coming(api: Ask, schedule_id: str) -> list[dict[str, Any]]:
    told = await api.get("/v1/schedules/{schedule_id}/preview", schedule_id=schedule_id, count=45)
    return [{"schedule_id": schedule_id, **{name: line[name] for name in ("scheduled_for", "local", "night", "note")}} for line in told["upcoming"]]


def _line(schedule: dict[str, Any], holds: dict[str, Any] | None) -> dict[str, Any]:
    told = {name: schedule[name] for name in ("id", "name", "paused", "next_due", "time_zone", "cron", "review")}
    return {**told, "when": timed(schedule["cron"]), "holds": None if holds is None else {name: holds[name] for name in ("id", "created_at", "scheduled_for")}}


def _night(occurrence: dict[str, Any]) -> dict[str, Any]:
    told, why = {name: occurrence[name] for name in ("id", "night", "schedule_id", "scheduled_for", "run_id")}, occurrence["reason"] or {}
    return {
        **told,
        "state": state_of(occurrence),
        "reason": why.get("message", ""),
        "code": why.get("code", ""),
    }


def _counts(found: list[dict[str, Any]]) -> dict[str, int]:
    states = [state_of(each) for each in found]
    return {state: states.count(state) for state in ("published", "held", "skipped", "failed")}


def _weeks(first: date, today: date, found: list[dict[str, Any]], coming: list[dict[str, Any]], names: dict[str, str]) -> list[list[dict[str, Any]]]:
    """The weeks of a month, Monday first; each day with its nights."""
    by_day: dict[str, list[dict[str, Any]]] = {}
    for each in sorted(found, key=lambda night: night["scheduled_for"]):
        by_day.setdefault(each["night"], []).append({**_night(each), "schedule": names.get(each["schedule_id"], "")})
    for line in coming:
        told = {"id": None, "state": "due", "reason": line["note"], "local": datetime.fromisoformat(line["local"]).strftime("%H:%M")}
        by_day.setdefault(line["night"], []).append({**told, "schedule_id": line["schedule_id"], "schedule": names.get(line["schedule_id"], "")})
    return [[_day(day, first, today, by_day) for day in week] for week in Calendar().monthdatescalendar(first.year, first.month)]


def _day(day: date, first: date, today: date, by_day: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """A day of the calendar; those of other months, which fill up its weeks, are blank."""
    inside = day.month == first.month
    told = {"day": day.isoformat(), "weekday": DAYS[day.weekday()], "inside": inside, "today": inside and day == today}
    return {**told, "nights": by_day.get(day.isoformat(), []) if inside else []}
