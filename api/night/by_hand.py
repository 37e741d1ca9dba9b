"""A night started at the prompt: given to the workers that live, or, where none does, carried out by this process, which is one until the night has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from allocator.errors import Fault, InputError
from api.jobs.living import count_alive
from api.jobs.worker import Worker
from api.night import occurrences as life
from api.night.schedules import find, start_night
from api.night.sheets import written
from api.service import Service
from api.store.tables import occurrences, publications, schedules

Row = Mapping[str, Any]
BY = "command line"
LOOK = 0.5
SHEETS_WITHIN = 120.0
"""Seconds that the sheets may take after the publication."""


class NobodyError(Exception):
    """No worker lives any more that could bring the night to its end."""


def schedule_named(service: Service, board: str, name: str | None) -> Row:
    """The schedule of that name or id; the only one where none is named. InputError where it is not clear which."""
    with service.store.read() as connection:
        mine = sa.select(schedules).where(schedules.c.board == board, schedules.c.archived_at.is_(None)).order_by(schedules.c.name)
        found = [dict(row) for row in connection.execute(mine).mappings()]
    chosen = found if name is None else [row for row in found if name in (row["name"], row["id"])]
    if len(chosen) == 1:
        return chosen[0]
    listed = f"There are: {', '.join(row['name'] for row in found)}." if found else "There is none yet; make one with POST /v1/schedules."
    if name is None:
        raise InputError([Fault("which_schedule", "It is not clear which schedule is meant.", listed, column="--schedule")])
    raise InputError([Fault("unknown_schedule", f"There is no schedule {name!r}.", listed, column="--schedule", value=name)])


def begin(service: Service, schedule: Row, night: date, *, again: bool) -> tuple[Row, bool]:
    """The occurrence of the night, and whether this has started it."""
    with service.store.begin() as connection:
        return start_night(connection, service, find(connection, schedule["board"], schedule["id"], hold=True), night, BY, again=again)


def somebody_works(service: Service) -> bool:
    """Whether a worker lives."""
    with service.store.read() as connection:
        return count_alive(connection, service.settings.lost_after) > 0


def carry_out(service: Service, occurrence_id: str, tell: Callable[[Mapping[str, Any]], None]) -> Row:
    """Be a worker until the night has come to its end and its sheets are written."""
    worker = Worker(service)
    worker.start()
    try:
        return follow(service, occurrence_id, tell)
    finally:
        worker.stop()


def follow(service: Service, occurrence_id: str, tell: Callable[[Mapping[str, Any]], None]) -> Row:
    """Tell each line of the log as it comes, until the night has come to its end, or waits for somebody.

    Raises NobodyError where no worker lives any more.
    """
    told: list[Any] = []
    silent = 0.0
    while True:
        with service.store.read() as connection:
            row = life.read(connection, occurrence_id)
        for line in row["log"]:
            if line["at"] not in told:
                told.append(line["at"])
                tell(line)
        if row["status"] not in life.OPEN:
            break
        silent = 0.0 if somebody_works(service) else silent + LOOK
        if silent > service.settings.lost_after.total_seconds():
            raise NobodyError
        time.sleep(LOOK)
    until = time.monotonic() + SHEETS_WITHIN
    while row["result"] == "published" and folder_of(service, row) is None and time.monotonic() < until and somebody_works(service):
        time.sleep(LOOK)
    return row


def folder_of(service: Service, row: Row) -> str | None:
    """The folder of a night's sheets on this machine; None where they are not there."""
    with service.store.read() as connection:
        mine = sa.select(publications).where(publications.c.occurrence_id == row["id"])
        publication = connection.execute(mine).mappings().first()
        place = None if publication is None else written(connection, service, dict(publication))
    return None if place is None else str(place)


def nights(service: Service, board: str, schedule: Row | None, most: int) -> list[Row]:
    """The latest nights, newest first, each with its schedule's name."""
    joined = sa.select(occurrences, schedules.c.document["name"].as_string().label("schedule")).join(schedules, schedules.c.id == occurrences.c.schedule_id)
    mine = joined.where(occurrences.c.board == board)
    mine = mine if schedule is None else mine.where(occurrences.c.schedule_id == schedule["id"])
    with service.store.read() as connection:
        return [dict(row) for row in connection.execute(mine.order_by(occurrences.c.scheduled_for.desc()).limit(most)).mappings()]


def night_of(service: Service, schedule: Row, night: date) -> Row:
    """The latest occurrence of a night; InputError where there is none."""
    mine = sa.select(occurrences).where(occurrences.c.schedule_id == schedule["id"], occurrences.c.night == night)
    with service.store.read() as connection:
        row = connection.execute(mine.order_by(occurrences.c.scheduled_for.desc()).limit(1)).mappings().first()
    if row is None:
        raise InputError(
            [Fault("unknown_night", f"There is no night of {night.isoformat()} of {schedule['name']}.", "`ojt nightly list` shows those there are.")]
        )
    return dict(row)
