"""The row of a schedule: made, changed, paused, archived; what it will do next; a night of it started by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from allocator.errors import Fault, InputError
from api import clock
from api.ids import new_id
from api.night import occurrences as life
from api.night.schedule import FolderSource, QuerySource, Schedule
from api.night.sources import known_connections, place_of
from api.night.tick import plan_one
from api.night.times import due_on, moment_of, next_due, night_of, require_cron, told
from api.problems import ProblemError, not_found
from api.scenarios import find_version
from api.service import Service
from api.settings import Settings
from api.store import audit
from api.store.tables import occurrences, schedules

Row = Mapping[str, Any]
FARTHEST_BACK = timedelta(days=400)


def find(connection: sa.Connection, board: str, schedule_id: str, *, hold: bool = False) -> Row:
    """A schedule of a board; ProblemError where there is none."""
    mine = sa.select(schedules).where(schedules.c.id == schedule_id, schedules.c.board == board)
    row = connection.execute(mine.with_for_update() if hold else mine).mappings().first()
    if row is None:
        raise not_found("schedule", schedule_id)
    return dict(row)


def create(connection: sa.Connection, service: Service, board: str, schedule: Schedule, by: str) -> Row:
    """A new schedule; its first night is the next one that is due."""
    require_sound(connection, service.settings, board, schedule)
    _require_free(connection, board, schedule)
    moment = clock.now()
    row = {"id": new_id("schedule"), "board": board, "name": schedule.name, "version": 1, "document": schedule.model_dump(mode="json")}
    times = {"created_at": moment, "updated_at": moment, "planned_to": moment}
    try:
        with connection.begin_nested():
            connection.execute(schedules.insert().values(**row, **times, created_by=by))
    except sa.exc.IntegrityError:
        raise _taken(schedule) from None
    audit.record(connection, board, by, "schedule.create", str(row["id"]), {"name": schedule.name, "cron": schedule.cron, "time_zone": schedule.time_zone})
    return find(connection, board, str(row["id"]))


def change(connection: sa.Connection, service: Service, row: Row, schedule: Schedule, by: str) -> Row:
    """The schedule as it is to be from now on; what was due until now was due by the old one."""
    _require_open(row)
    require_sound(connection, service.settings, row["board"], schedule)
    _require_free(connection, row["board"], schedule, but=row["id"])
    moment = clock.now()
    _settle(connection, service, row, moment)
    values = {"name": schedule.name, "document": schedule.model_dump(mode="json"), "planned_to": max(row["planned_to"], moment)}
    try:
        with connection.begin_nested():
            _write(connection, row, values)
    except sa.exc.IntegrityError:
        raise _taken(schedule) from None
    changed = sorted(name for name, value in values["document"].items() if row["document"].get(name) != value)
    audit.record(connection, row["board"], by, "schedule.change", row["id"], {"version": row["version"] + 1, "changed": changed})
    return find(connection, row["board"], row["id"])


def pause(connection: sa.Connection, service: Service, row: Row, by: str, *, paused: bool) -> Row:
    """Stop or go on; nights that are due meanwhile are skipped. Harmless where it is so already."""
    _require_open(row)
    if row["paused"] == paused:
        return row
    _settle(connection, service, row, clock.now())
    _write(connection, row, {"paused": paused})
    audit.record(connection, row["board"], by, "schedule.pause" if paused else "schedule.resume", row["id"])
    return find(connection, row["board"], row["id"])


def archive(connection: sa.Connection, service: Service, row: Row, by: str) -> Row:
    """End a schedule for good; its nights and publications stay, and its name is free again. Harmless where it has ended."""
    if row["archived_at"] is not None:
        return row
    moment = clock.now()
    _settle(connection, service, row, moment)
    _write(connection, row, {"archived_at": moment, "name": f"{row['name']} (archived {row['id']})"})
    audit.record(connection, row["board"], by, "schedule.archive", row["id"])
    return find(connection, row["board"], row["id"])


def upcoming(schedule: Schedule, after: datetime, count: int) -> list[dict[str, Any]]:
    """The next due times, with what is unusual about them."""
    lines = []
    for due in next_due(schedule.cron, schedule.time_zone, after, count):
        night = night_of(due, schedule.time_zone)
        local = due.astimezone(_zone(schedule))
        lines.append(
            {"scheduled_for": due, "local": local.isoformat(), "night": night, "seed": schedule.seed_for(night), "note": told(due, schedule.time_zone)}
        )
    return lines


def jumps(schedule: Schedule, after: datetime) -> list[dict[str, Any]]:
    """What happens to the due times around each jump of the clock in the thirteen months to come: both of a year are always among them."""
    lines, moment, zone = [], after, _zone(schedule)
    while moment < after + timedelta(days=396):
        later = moment + timedelta(hours=1)
        before, behind = moment.astimezone(zone).utcoffset(), later.astimezone(zone).utcoffset()
        if before is not None and behind is not None and before != behind:
            day = later.astimezone(zone).date()
            forward = behind > before
            word = "forward" if forward else "back"
            runs = [due.astimezone(zone).isoformat() for due in due_on(schedule.cron, schedule.time_zone, day)]
            minutes = abs(int((behind - before).total_seconds() // 60))
            lines.append({"night": day, "sentence": f"The clock is put {word} by {minutes} minutes on this day.", "due": runs})
        moment = later
    return lines


def start_night(connection: sa.Connection, service: Service, row: Row, night: date, by: str, *, again: bool) -> tuple[Row, bool]:
    """The occurrence of a night, and whether this has started it. One that is there already is given back; `again` starts it anew where it has been skipped
    or has failed, without ever publishing it twice."""
    _require_open(row)
    schedule = Schedule.model_validate(row["document"])
    today = night_of(clock.now(), schedule.time_zone)
    if not today - FARTHEST_BACK <= night <= today + timedelta(days=1):
        fix = f"Name a day from {(today - FARTHEST_BACK).isoformat()} to tomorrow."
        raise InputError([Fault("night_out_of_range", f"The night of {night.isoformat()} is too far away.", fix, column="date", value=night.isoformat())])
    mine = sa.select(occurrences).where(occurrences.c.schedule_id == row["id"], occurrences.c.night == night).order_by(occurrences.c.scheduled_for.desc())
    there = connection.execute(mine.limit(1)).mappings().first()
    if there is None:
        due = due_on(schedule.cron, schedule.time_zone, night)
        moment = due[0] if due else moment_of(datetime.combine(night, time()), schedule.time_zone)
        made = life.add(connection, row, moment, night, "manual")
        assert made is not None, "the schedule's row is held, and there was none"
        life.start(connection, service.queue, made)
        audit.record(connection, row["board"], by, "occurrence.start", made, {"night": night.isoformat()})
        return life.read(connection, made), True
    if again and there["status"] == "finished" and there["result"] in ("skipped", "failed"):
        anew = {
            "status": "waiting",
            "result": None,
            "reason": None,
            "dataset_id": None,
            "run_id": None,
            "gates": None,
            "finished_at": None,
            "trigger": "manual",
        }
        life.write(connection, life.locked(connection, there["id"]), "again", "Started again by hand.", anew, by=by)
        life.start(connection, service.queue, there["id"])
        audit.record(connection, row["board"], by, "occurrence.start", there["id"], {"night": night.isoformat(), "again": True})
        return life.read(connection, there["id"]), True
    return dict(there), False


def require_sound(connection: sa.Connection, settings: Settings, board: str, schedule: Schedule) -> None:
    """InputError or ProblemError where a schedule names what there is not."""
    require_cron(schedule.cron, schedule.time_zone, clock.now())
    schedule.change_set()
    faults = []
    if isinstance(schedule.source, FolderSource) and place_of(settings, board, schedule.source.path, clock.now().date()) is None:
        faults.append(
            Fault(
                "outside",
                "The folder is outside of the board's part of OJT_SOURCES_DIR.",
                "Name a folder under it.",
                column="source.path",
                value=schedule.source.path,
            )
        )
    if isinstance(schedule.source, QuerySource) and schedule.source.connection not in known_connections(settings, board):
        message = f"There is no connection {schedule.source.connection!r} for the board."
        faults.append(Fault("unknown_connection", message, "Name one of OJT_SQL_SOURCES.", column="source.connection", value=schedule.source.connection))
    if faults:
        raise InputError(faults)
    if schedule.scenario_id is not None:
        find_version(connection, board, schedule.scenario_id, schedule.scenario_version)


def _require_free(connection: sa.Connection, board: str, schedule: Schedule, but: str = "") -> None:
    """ProblemError where another schedule has the name or writes its sheets there."""
    others = sa.select(schedules.c.document).where(schedules.c.board == board, schedules.c.archived_at.is_(None), schedules.c.id != but)
    for document in connection.execute(others).scalars():
        other = Schedule.model_validate(document)
        if other.name == schedule.name:
            raise _taken(schedule)
        if other.sheets_folder == schedule.sheets_folder:
            raise ProblemError("conflict", f"The schedule {other.name!r} writes its sheets into {schedule.sheets_folder!r} already; name another folder.")


def _taken(schedule: Schedule) -> ProblemError:
    return ProblemError("conflict", f"There is a schedule {schedule.name!r} already.")


def _require_open(row: Row) -> None:
    if row["archived_at"] is not None:
        raise ProblemError("conflict", f"Schedule {row['id']!r} is archived.")


def _settle(connection: sa.Connection, service: Service, row: Row, moment: datetime) -> None:
    """Rows for what was due until now, by the rules that held until now."""
    plan_one(connection, service, row["id"], moment)


def _write(connection: sa.Connection, row: Row, values: Mapping[str, Any]) -> None:
    connection.execute(schedules.update().where(schedules.c.id == row["id"]).values(**values, version=row["version"] + 1, updated_at=clock.now()))


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.time_zone)
