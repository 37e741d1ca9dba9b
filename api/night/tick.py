"""The tick: every worker looks every few seconds what is due, and what is due has its row once however many of them look.

`planned_to` of a schedule is the moment up to which every due time has a row. The tick moves it forward, in the transaction that makes the rows and puts
their work into the queue; the schedule's row is held meanwhile. After downtime there are several due times, and the schedule's rule says which of them are
still run; the others are skipped with the reason, so that the calendar has no holes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
import structlog

from api.jobs import runs as run_life
from api.jobs.living import store_time
from api.jobs.queue import WAITING_OR_TAKEN
from api.night import occurrences as life
from api.night.announcing import announce
from api.night.schedule import Schedule
from api.night.times import due_times, night_of
from api.service import Service
from api.store.tables import occurrences, runs, schedules

log = structlog.get_logger("ojt.nights")
Row = Mapping[str, Any]
ON_TIME = timedelta(minutes=10)
"""Age up to which a due time is not counted as missed."""
MOST_AT_ONCE = 200
"""Due times that one transaction plans; the next tick goes on from there."""


class Nights:
    """A worker's look at what is due, by the store's clock, because those of several machines differ."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def look(self) -> None:
        """Everything there is to do now."""
        with self._service.store.read() as connection:
            moment = store_time(connection)
        tick(self._service, moment)


def tick(service: Service, moment: datetime) -> None:
    """Everything there is to do at a moment; harmless at any time, by any number of workers at once."""
    plan_all(service, moment)
    bring_on(service)


def plan_all(service: Service, moment: datetime) -> None:
    """Rows for every due time up to a moment."""
    with service.store.read() as connection:
        behind = sa.select(schedules).where(schedules.c.archived_at.is_(None), schedules.c.planned_to < moment)
        rows = [dict(row) for row in connection.execute(behind).mappings()]
    for row in rows:
        try:
            if any(True for _ in _due(row, moment)):
                with service.store.begin() as connection:
                    plan_one(connection, service, row["id"], moment)
        except Exception:  # one schedule that cannot be planned must not keep the others from their nights
            log.exception("a schedule could not be planned", schedule_id=row["id"])


def plan_one(connection: sa.Connection, service: Service, schedule_id: str, moment: datetime) -> None:
    """Rows for a schedule's due times up to a moment; `planned_to` is at the last of them then."""
    row = dict(connection.execute(sa.select(schedules).where(schedules.c.id == schedule_id).with_for_update()).mappings().one())
    if row["archived_at"] is not None:
        return
    due = list(islice(_due(row, moment), MOST_AT_ONCE))
    schedule = Schedule.model_validate(row["document"])
    for number, (each, skipped) in enumerate(zip(due, _missed(schedule, due, moment, paused=row["paused"]), strict=True)):
        made = life.add(connection, row, each, night_of(each, schedule.time_zone), "schedule")
        if made is None:
            continue
        if skipped is not None:
            life.end(connection, life.read(connection, made), "skipped", *skipped)
            announce(connection, service, row["board"], "occurrence.skipped", occurrence=made)
        else:
            life.start(connection, service.queue, made, delay=float(number) if number else None)
        log.info("a night is due", occurrence_id=made, skipped=skipped is not None)
    if due:
        connection.execute(schedules.update().where(schedules.c.id == schedule_id).values(planned_to=due[-1]))


def bring_on(service: Service) -> None:
    """Put a piece of work into the queue for every occurrence that could go on and has none there: its run has ended, or its work was lost."""
    with service.store.read() as connection:
        joined = sa.select(occurrences.c.id, occurrences.c.attempts).outerjoin(runs, runs.c.id == occurrences.c.run_id)
        ready = sa.or_(occurrences.c.run_id.is_(None), runs.c.status.in_(run_life.ENDED))
        found = connection.execute(joined.where(occurrences.c.status.in_(life.OPEN), ready)).all()
    if not found:
        return
    pieces = {occurrence_id: [life.piece(occurrence_id, number) for number in range(max(1, attempts - 20), attempts + 1)] for occurrence_id, attempts in found}
    states = service.queue.states([piece for each in pieces.values() for piece in each])
    for occurrence_id, attempts in found:
        if any(states.get(piece) in WAITING_OR_TAKEN for piece in pieces[occurrence_id]):
            continue
        with service.store.begin() as connection:
            row = life.locked(connection, occurrence_id)
            if row["status"] in life.OPEN and row["attempts"] == attempts:
                tries = life.tries(row)
                life.start(connection, service.queue, occurrence_id, delay=min(60.0, 2.0**tries) if tries > 1 else None)


def _due(row: Row, moment: datetime) -> Iterator[datetime]:
    return due_times(row["document"]["cron"], row["document"]["time_zone"], row["planned_to"], moment)


def _missed(schedule: Schedule, due: list[datetime], moment: datetime, *, paused: bool) -> Iterator[tuple[str, str] | None]:
    """For each due time, sentence and code where it is skipped, None where it is run."""
    rule, newest = schedule.catch_up.rule, len(due) - 1
    for number, each in enumerate(due):
        age = moment - each
        if paused:
            yield "The schedule was paused.", "paused"
        elif age <= ON_TIME:
            yield None
        elif rule == "none":
            yield f"No worker lived when it was due; it was noticed {_told(age)} later, and missed nights are not run.", "missed"
        elif age > schedule.catch_up.max_age:
            yield (
                f"No worker lived when it was due; it was noticed {_told(age)} later, and nights are run at most {_told(schedule.catch_up.max_age)} late.",
                "too-late",
            )
        elif rule == "latest" and number < newest:
            yield "No worker lived when it was due; a later night is run in its place.", "missed"
        else:
            yield None


def _told(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours >= 1.95 else f"{age.total_seconds() / 60:.0f} minutes"
