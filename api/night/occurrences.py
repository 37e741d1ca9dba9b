"""The row of an occurrence: one for each time a schedule is due, from waiting to its end, with a log of what happened.

    waiting     put into the queue, not begun
    running     begun; where it stands follows from what is there: a dataset, a run, gates
    held        a plan is ready, and waits for somebody to publish it
    finished    published, skipped or failed, the last two with their reason

Every change is made in a transaction that holds the row and looks whether the row still asks for it, so that two workers that carry out the same
step change it once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from api import clock
from api.ids import new_id
from api.jobs.queue import NIGHTS, Queue
from api.problems import not_found
from api.store.tables import occurrences, schedules

WORKFLOW = "night"
OPEN = ("waiting", "running")
Row = Mapping[str, Any]


def add(connection: sa.Connection, schedule: Row, due: datetime, night: date, trigger: str) -> str | None:
    """A row for a due time; None where there is one already."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = {"id": new_id("occurrence"), "board": schedule["board"], "schedule_id": schedule["id"], "night": night, "scheduled_for": due, "trigger": trigger}
    made = insert(occurrences).values(**row, status="waiting", log=[], created_at=clock.now()).on_conflict_do_nothing()
    return connection.execute(made.returning(occurrences.c.id)).scalar()  # PostgreSQL counts no rows of an INSERT


def start(connection: sa.Connection, queue: Queue, occurrence_id: str, delay: float | None = None) -> None:
    """Put its next piece of work into the queue. `attempts` counts the pieces, and the row is locked, so that no two are the same."""
    connection.execute(occurrences.update().where(occurrences.c.id == occurrence_id).values(attempts=occurrences.c.attempts + 1))
    number = connection.execute(sa.select(occurrences.c.attempts).where(occurrences.c.id == occurrence_id)).scalar_one()
    queue.put(connection, WORKFLOW, piece(occurrence_id, number), occurrence_id, queue=NIGHTS, delay=delay)


def piece(occurrence_id: str, number: int) -> str:
    """How a piece of work is called in the queue."""
    return f"{occurrence_id}.{number}"


def locked(connection: sa.Connection, occurrence_id: str) -> Row:
    """The row, held until the transaction ends. Its schedule is held first, so that all who hold both do it in one order."""
    schedule = sa.select(occurrences.c.schedule_id).where(occurrences.c.id == occurrence_id).scalar_subquery()
    connection.execute(sa.select(schedules.c.id).where(schedules.c.id == schedule).with_for_update())
    return dict(connection.execute(sa.select(occurrences).where(occurrences.c.id == occurrence_id).with_for_update()).mappings().one())


def read(connection: sa.Connection, occurrence_id: str) -> Row:
    """The row as it is."""
    return dict(connection.execute(sa.select(occurrences).where(occurrences.c.id == occurrence_id)).mappings().one())


def find(connection: sa.Connection, board: str, occurrence_id: str) -> Row:
    """The row, where it is the board's; ProblemError where there is none."""
    mine = sa.select(occurrences).where(occurrences.c.id == occurrence_id, occurrences.c.board == board)
    row = connection.execute(mine).mappings().first()
    if row is None:
        raise not_found("occurrence", occurrence_id)
    return dict(row)


def write(connection: sa.Connection, row: Row, step: str, sentence: str, values: Mapping[str, Any] | None = None, **facts: Any) -> Row:
    """Change the row, and say in its log what happened, in a sentence and in figures. No line names a person. The row must be held.

    A line whose figures say `again` takes the place of one like it.
    """
    line = {"at": clock.now().isoformat(), "step": step, "sentence": sentence, "piece": row["attempts"], "facts": facts}
    before = row["log"][:-1] if facts.get("again") and row["log"] and row["log"][-1]["step"] == step else row["log"]
    changed = {**(values or {}), "log": [*before, line]}
    connection.execute(occurrences.update().where(occurrences.c.id == row["id"]).values(**changed))
    return {**row, **changed}


def end(connection: sa.Connection, row: Row, result: str, sentence: str, code: str = "", **facts: Any) -> Row:
    """The end of an occurrence: published, skipped or failed; the last two with their reason."""
    reason = {"code": code, "message": sentence, **facts} if code else None
    values = {"status": "finished", "result": result, "reason": reason, "finished_at": clock.now()}
    return write(connection, row, result, sentence, values, **facts)


def fact(row: Row, step: str, name: str) -> Any:
    """What the log's latest line of a step says of something; None where it says nothing."""
    return next((line["facts"].get(name) for line in reversed(row["log"]) if line["step"] == step), None)


def tries(row: Row) -> int:
    """Pieces of work since anything last happened: how often a worker has begun the next step without coming to its end."""
    return int(row["attempts"]) - (row["log"][-1]["piece"] if row["log"] else 0)


def latest_start(row: Row) -> datetime:
    """When it was last asked for: when its row was made, or it was started again by hand."""
    again = next((line["at"] for line in reversed(row["log"]) if line["step"] == "again"), None)
    made: datetime = row["created_at"]
    return made if again is None else datetime.fromisoformat(again)
