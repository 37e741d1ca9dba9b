"""A schedule: made and changed in plain words, paused, begun by hand, given newer data, ended."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from math import isfinite
from typing import Any, get_args
from zoneinfo import available_timezones

from pydantic import TypeAdapter

from allocator.errors import Fault
from api import clock
from api.night.schedule import Gates, Schedule, Table
from api.night.times import night_of
from api.pages.ask import Ask, RefusedError
from api.pages.frame import Form, Pages
from api.pages.night_words import DAYS, cron_of, state_of, timed
from api.pages.words import say
from api.problems import ProblemError

pages = Pages()
COMING = 7
"""Coming nights that are shown."""
ZONES = (
    "America/New_York", "America/Detroit", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage",
    "Pacific/Honolulu", "America/Puerto_Rico", "Pacific/Guam",
)  # fmt: skip
"""Time zones offered first: those of the workforce boards."""
TIME = TypeAdapter(timedelta)
DEMO = "portland"
SHARES = ("gap", "placed", "counts")
"""Gates whose figure is a share, shown as a percentage."""
FIRST = Schedule(
    name="Nightly", cron="30 2 * * 1-5", time_zone=ZONES[5], source={"kind": "upload", "name": "data"}, review="hold", gates=Gates(fresh_hours=26, moved=40)
)
"""What the form of a new schedule is filled with."""


@pages.page("/nights/new", "nights", "schedule.html")
async def new_schedule(api: Ask, upload: str = "") -> dict[str, Any]:
    """The form for a new schedule, filled with what most boards want."""
    choices = await _choices(api)
    fields = _fields(FIRST.model_dump(mode="json"))
    fields |= {"upload": upload if upload in choices["uploads"] else next(iter(choices["uploads"]), ""), "name": say("schedule.first_name")}
    return {"schedule": None, "fields": fields, "choices": choices, "coming": [], "clock_changes": [], "nights": [], "newest": None, "today": ""}


@pages.page("/nights/{schedule_id}", "read", "schedule.html")
async def schedule(schedule_id: str, api: Ask) -> dict[str, Any]:
    """What a schedule does, what it will do, and the form to change it."""
    found, preview, nights, choices = await asyncio.gather(
        api.ask("GET", "/v1/schedules/{schedule_id}", schedule_id=schedule_id),
        api.get("/v1/schedules/{schedule_id}/preview", schedule_id=schedule_id, count=COMING),
        api.get("/v1/schedules/{schedule_id}/occurrences", schedule_id=schedule_id, limit=10),
        _choices(api),
    )
    told = found.document
    source = told["source"]
    newest = next((each for each in choices["datasets"] if source["kind"] == "upload" and each["name"] == source["name"]), None)
    return {
        "schedule": {**told, "when": timed(told["cron"])},
        "fields": _fields(told),
        "choices": choices,
        "coming": [] if told["paused"] or told["archived_at"] else preview["upcoming"],
        "clock_changes": preview["clock_changes"],
        "nights": [{"id": each["id"], "night": each["night"], "state": state_of(each), "reason": each["reason"]} for each in nights["items"]],
        "newest": newest,
        "today": night_of(clock.now(), told["time_zone"]).isoformat(),
    }


@pages.action("/nights/new", "nights", shows=new_schedule)
async def make(api: Ask, form: Form) -> str:
    """Make a schedule, or put the example data where one can read it."""
    if form.get("do") == "demo":
        body = await api.get("/v1/demo-data/{demo_id}", demo_id=DEMO)
        await api.post("/v1/datasets", body, once=_once(form))
        return f"/nights/new?upload={body['name']}"
    made = await api.post("/v1/schedules", _body(form, None), once=_once(form))
    return f"/nights/{made.made}"


@pages.action("/nights/{schedule_id}", "nights", shows=schedule)
async def change(schedule_id: str, api: Ask, form: Form) -> str:
    """Do what one of the page's forms asks."""
    do, here = str(form.get("do", "")), f"/nights/{schedule_id}"
    if do in ("pause", "resume"):
        await api.post(f"/v1/schedules/{{schedule_id}}/{do}", schedule_id=schedule_id)
    elif do == "archive":
        await api.ask("DELETE", "/v1/schedules/{schedule_id}", schedule_id=schedule_id)
        return "/nights"
    elif do == "start":
        asked = {"date": str(form.get("date", "")), "again": form.get("again") == "yes"}
        told = await api.post("/v1/schedules/{schedule_id}/occurrences", asked, once=_once(form), schedule_id=schedule_id)
        return f"/nights/occurrences/{told.document['id']}"
    elif do == "upload":
        await _upload(schedule_id, api, form)
    else:
        before = await api.ask("GET", "/v1/schedules/{schedule_id}", schedule_id=schedule_id)
        version = str(form.get("version", ""))
        changed = _body(form, before.document)
        await api.ask("PUT", "/v1/schedules/{schedule_id}", changed, headers={"If-Match": f'"{version}"'}, schedule_id=schedule_id)
    return here


async def _upload(schedule_id: str, api: Ask, form: Form) -> None:
    """Newer data under the name that the schedule reads. Those with faults are kept with them, and said to be of no use here."""
    told = await api.get("/v1/schedules/{schedule_id}", schedule_id=schedule_id)
    files: list[tuple[str, Any]] = [("name", (None, told["source"].get("name", "")))]
    for each in form.getlist("files"):
        if not isinstance(each, str) and each.filename:
            files.append(("files", (each.filename, await each.read(), each.content_type or "application/octet-stream")))
    if len(files) == 1:
        raise ProblemError("faulty-input", say("schedule.no_files"))
    made = await api.ask("POST", "/v1/datasets", headers={"Idempotency-Key": once} if (once := _once(form)) else {}, files=files)
    if not made.document["usable"]:
        raise ProblemError("faulty-input", say("schedule.faulty_upload", n=made.document["errors"], id=made.document["id"]))


async def _choices(api: Ask) -> dict[str, Any]:
    """What the form offers: uploads by name, scenarios, zones, tables; databases where the reader may know of them."""
    found, scenarios, connections = await asyncio.gather(api.get("/v1/datasets", limit=200), api.get("/v1/scenarios", limit=1000), _connections(api))
    brought = [each for each in found["items"] if each["created_by"] != "night"]
    datasets = [{name: each[name] for name in ("id", "name", "usable", "created_at", "as_of", "tables", "errors")} for each in brought]
    return {
        "datasets": datasets,
        "uploads": list(dict.fromkeys(each["name"] for each in datasets)),
        "scenarios": [{"id": each["id"], "name": each["name"]} for each in scenarios["items"] if not each["name"].startswith("schedule ")],
        "zones": [*ZONES, *sorted(zone for zone in available_timezones() - set(ZONES) if "/" in zone and not zone.startswith(("Etc/", "US/", "posix")))],
        "days": list(DAYS),
        "tables": list(get_args(Table)),
        "connections": connections,
    }


async def _connections(api: Ask) -> list[str] | None:
    """Names of databases; None for whom the settings are not."""
    try:
        return list((await api.get("/v1/settings"))["connections"])
    except RefusedError as error:
        if error.code != "forbidden":
            raise
        return None


def _fields(told: dict[str, Any]) -> dict[str, Any]:
    """A schedule as the form has it: every field as its text, shares as percentages, times in hours."""
    simple, source, gates, limits = timed(told["cron"]), told["source"], told["gates"], told["limits"]
    figures = {
        name: _percent(value) if name in SHARES else _short(value) for name, value in gates.items() if name not in ("tables", "promises") and value is not None
    }
    return {
        "name": told["name"], "cron": told["cron"], "zone": told["time_zone"], "when": "days" if simple else "cron",
        "time": simple["time"] if simple else "", "days": simple["days"] if simple else [],
        "source": source["kind"], "upload": source.get("name", ""), "path": source.get("path", ""), "connection": source.get("connection", ""),
        "queries": source.get("queries", {}), "newest": source.get("newest") or "",
        "scenario": told["scenario_id"] or "", "review": told["review"], "keep_offers": told["keep_offers"], "folder": told["folder"],
        "gates": figures,
        "tables": gates["tables"], "promises": gates["promises"],
        "catch_up": told["catch_up"]["rule"], "max_age": _hours(told["catch_up"]["max_age"]), "wait": _hours(told["wait_for_source"]),
        "give_up": _hours(told["give_up_after"]), "minutes": "" if limits["time_limit"] is None else _short(limits["time_limit"] / 60),
    }  # fmt: skip


def _body(form: Form, before: dict[str, Any] | None) -> dict[str, Any]:
    """What the form says, in the API's words. What the form does not have stays as it was. A number that is none is sent as it is, so that the API says so."""
    kept = {name: before[name] for name in Schedule.model_fields} if before else {}
    simple = form.get("when") != "cron"
    cron = cron_of(_text(form, "time"), [str(day) for day in form.getlist("days")]) if simple else _text(form, "cron")
    if simple and not cron:
        raise ProblemError("faulty-input", say("schedule.no_time"), faults=[Fault("no_time", say("schedule.no_time"), "", column="cron")])
    scenario = _text(form, "scenario") or None
    return {
        **kept,
        "name": _text(form, "name"),
        "cron": cron,
        "time_zone": _text(form, "zone"),
        "source": _source(form, kept.get("source", {})),
        "scenario_id": scenario,
        "scenario_version": kept.get("scenario_version") if scenario and scenario == kept.get("scenario_id") else None,
        "gates": _gates(form),
        "review": _text(form, "review") or "hold",
        "keep_offers": "keep_offers" in form,
        "catch_up": {"rule": _text(form, "catch_up") or "latest", "max_age": _duration(_text(form, "max_age"), 12)},
        "wait_for_source": _duration(_text(form, "wait"), 0),
        "give_up_after": _duration(_text(form, "give_up"), 8),
        "limits": {**kept.get("limits", {}), "time_limit": _scaled(_text(form, "minutes"), 60)},
        "folder": _text(form, "folder"),
    }


def _source(form: Form, before: dict[str, Any]) -> dict[str, Any]:
    kind = _text(form, "source")
    if kind == "folder":
        return {"kind": kind, "path": _text(form, "path")}
    if kind == "sql":
        queries = {table: _text(form, f"query_{table}") for table in get_args(Table)}
        rows = {"most_rows": before["most_rows"]} if before.get("kind") == "sql" else {}
        told = {"connection": _text(form, "connection"), "queries": {table: query for table, query in queries.items() if query}}
        return {"kind": kind, **told, "newest": _text(form, "newest") or None, **rows}
    return {"kind": "upload", "name": _text(form, "upload")}


def _gates(form: Form) -> dict[str, Any]:
    def asked(name: str, of: float = 1) -> Any:
        return _scaled(_text(form, f"gate_{name}"), of) if f"ask_{name}" in form else None

    shares = {name: asked(name, 0.01) for name in SHARES}
    most = asked("moved")
    whole = int(most) if isinstance(most, float) and most.is_integer() else most
    tables = [str(each) for each in form.getlist("tables")] if "ask_tables" in form else []
    return {**shares, "fresh_hours": asked("fresh_hours"), "moved": whole, "tables": tables, "promises": "ask_promises" in form}


def _text(form: Form, name: str) -> str:
    told = form.get(name, "")
    return told.strip() if isinstance(told, str) else ""


def _once(form: Form) -> str:
    return _text(form, "once")


def _scaled(told: str, by: float) -> float | str | None:
    """A number in the API's unit; the text itself where it is none, or none that JSON has."""
    try:
        number = float(told) * by if told else None
    except ValueError:
        return told
    return number if number is None else round(number, 10) if isfinite(number) else told


def _duration(told: str, otherwise: float) -> str:
    hours = _scaled(told, 3600) if told else otherwise * 3600
    return hours if isinstance(hours, str) else f"PT{hours:.0f}S" if hours is not None and abs(hours) < 10**12 else told


def _percent(share: float) -> str:
    return _short(share * 100)


def _hours(told: str) -> str:
    return _short(TIME.validate_python(told).total_seconds() / 3600)


def _short(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
