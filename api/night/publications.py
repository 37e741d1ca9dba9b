"""Publications: which plan holds. A row is the truth; sheets follow it. There is one for each due time at most; the last good one stays until another comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from api import clock
from api.ids import new_id
from api.jobs.queue import CHORES
from api.night import occurrences as life
from api.night.announcing import announce
from api.problems import ProblemError, not_found
from api.service import Service
from api.store import audit
from api.store.tables import occurrences, publications, schedules

Row = Mapping[str, Any]
SHEETS = "night_sheets"
"""The piece of work that brings the sheets in line with the publications."""


def current(connection: sa.Connection, board: str, schedule_id: str | None) -> Row | None:
    """The publication that holds for a schedule, or among those made by hand; None where there is none."""
    standing = sa.select(publications).where(publications.c.board == board, publications.c.schedule_id == schedule_id, publications.c.withdrawn_at.is_(None))
    row = connection.execute(standing.order_by(publications.c.scheduled_for.desc(), publications.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def find(connection: sa.Connection, board: str, publication_id: str) -> Row:
    """A publication of a board; ProblemError where there is none."""
    mine = sa.select(publications).where(publications.c.id == publication_id, publications.c.board == board)
    row = connection.execute(mine).mappings().first()
    if row is None:
        raise not_found("publication", publication_id)
    return dict(row)


def publish_night(connection: sa.Connection, service: Service, row: Row, by: str, note: str, summary: Mapping[str, Any]) -> str | None:
    """Publish the plan of an occurrence, whose row is held; None where a later night is published already, which ends the occurrence."""
    last = current(connection, row["board"], row["schedule_id"])
    if last is not None and last["scheduled_for"] > row["scheduled_for"]:
        life.end(connection, row, "skipped", "A later night was published before this one came to its end.", "overtaken", publication=last["id"])
        announce(connection, service, row["board"], "occurrence.skipped", occurrence=row["id"])
        return None
    values = {"schedule_id": row["schedule_id"], "scheduled_for": row["scheduled_for"], "occurrence_id": row["id"], "run_id": row["run_id"]}
    publication_id = _insert(connection, service, {**values, "board": row["board"], "summary": dict(summary), "note": note, "created_by": by}, last)
    life.end(connection, row, "published", f"Published: {summary['headline']}", publication=publication_id, by=by)
    held = occurrences.c.status == "held", occurrences.c.scheduled_for < row["scheduled_for"], occurrences.c.schedule_id == row["schedule_id"]
    for older in connection.execute(sa.select(occurrences).where(*held).with_for_update()).mappings().all():
        life.end(connection, dict(older), "skipped", "A later night was published while this one was held.", "overtaken", publication=publication_id)
        announce(connection, service, row["board"], "occurrence.skipped", occurrence=older["id"])
    return publication_id


def publish_run(connection: sa.Connection, service: Service, run: Row, by: str, note: str, summary: Mapping[str, Any]) -> str:
    """Publish the plan of a run by hand, apart from any night. ProblemError where it is published already."""
    standing = publications.c.run_id == run["id"], publications.c.withdrawn_at.is_(None)
    there = connection.execute(sa.select(publications.c.id).where(*standing)).scalar()
    if there is not None:
        raise ProblemError("conflict", f"Run {run['id']!r} is published already, as {there!r}.")
    values = {"board": run["board"], "schedule_id": None, "scheduled_for": None, "occurrence_id": None, "run_id": run["id"]}
    return _insert(connection, service, {**values, "summary": dict(summary), "note": note, "created_by": by}, current(connection, run["board"], None))


def withdraw(connection: sa.Connection, service: Service, publication_id: str, by: str) -> None:
    """Take a publication back; it stays in the history, and the one before it holds again. Harmless where it is done already."""
    mine = sa.and_(publications.c.id == publication_id, publications.c.withdrawn_at.is_(None))
    if connection.execute(publications.update().where(mine).values(withdrawn_at=clock.now(), withdrawn_by=by)).rowcount != 1:
        return
    row = connection.execute(sa.select(publications).where(publications.c.id == publication_id)).mappings().one()
    if row["occurrence_id"] is not None:
        occurrence = life.locked(connection, row["occurrence_id"])
        life.write(connection, occurrence, "withdrawn", "The publication was withdrawn; the one before it holds again.", publication=publication_id, by=by)
    audit.record(connection, row["board"], by, "publication.withdraw", publication_id, {"run": row["run_id"]})
    announce(connection, service, row["board"], "publication.withdrawn", publication=publication_id, run=row["run_id"])
    _put_sheets(connection, service, publication_id, f"{publication_id}.withdrawn")


def hold_chain(connection: sa.Connection, schedule_id: str | None) -> None:
    """Let nobody else publish for a schedule, or by hand, until the transaction ends."""
    if schedule_id is not None:
        connection.execute(sa.select(schedules.c.id).where(schedules.c.id == schedule_id).with_for_update())
    elif connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("publications by hand"))))


def _insert(connection: sa.Connection, service: Service, values: Mapping[str, Any], last: Row | None) -> str:
    publication_id = new_id("publication")
    row = {**values, "id": publication_id, "previous_id": None if last is None else last["id"], "created_at": clock.now()}
    connection.execute(publications.insert().values(**row))
    detail = {"run": row["run_id"], "schedule": row["schedule_id"], "occurrence": row["occurrence_id"], "previous": row["previous_id"]}
    audit.record(connection, row["board"], row["created_by"], "publication.create", publication_id, detail)
    announce(connection, service, row["board"], "publication.created", publication=publication_id, run=row["run_id"], occurrence=row["occurrence_id"])
    _put_sheets(connection, service, publication_id, publication_id)
    return publication_id


def _put_sheets(connection: sa.Connection, service: Service, publication_id: str, work_id: str) -> None:
    service.queue.put(connection, SHEETS, f"sheets.{work_id}", publication_id, 1, queue=CHORES)
