"""The life of a run: queued, running, perhaps cancelling, and one of three ends. Every change is one guarded statement.

A worker claims a run and gets a token, the number of the attempt; what it writes later holds only while the token is the run's latest. So a worker
that was frozen, given up and then wakes overwrites nothing. Whoever lets a run wait again puts it into the queue in the same transaction, so that a
run that waits always has its place there, whatever becomes of the work that brought it this far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api import telemetry
from api.clock import now
from api.ids import new_id
from api.jobs.ends import conclude
from api.jobs.queue import RUNS, Queue
from api.jobs.turns import OPEN as OPEN
from api.jobs.turns import next_turn
from api.store.blobs import keep
from api.store.engine import Store
from api.store.tables import run_events, run_files, run_unplaced, runs, workers

ENDED = ("succeeded", "failed", "cancelled")
WORKFLOW = "run"
OFTEN = 5
"""How many times as often as its solver may die a run is begun although its worker dies: a run can hardly kill a worker, but must end at last."""


class GoneError(Exception):
    """This worker was given up, or has left: it may begin nothing."""


@dataclass(frozen=True)
class Claim:
    """A worker's right to write a run, as long as no later attempt is begun."""

    run_id: str
    token: int
    worker_id: str
    traceparent: str = ""
    submitted_at: datetime | None = None

    def holds(self) -> sa.ColumnElement[bool]:
        """Whether the claim still holds, as a condition on the run's row."""
        return sa.and_(
            runs.c.id == self.run_id, runs.c.attempts == self.token, runs.c.worker_id == self.worker_id, runs.c.status.in_(("running", "cancelling"))
        )


def submit(connection: sa.Connection, queue: Queue, values: Mapping[str, Any]) -> str:
    """A new run, waiting; in the transaction that is given, so that there is no run without its place in the queue."""
    run_id = new_id("run")
    turn = next_turn(connection, values["board"])
    with telemetry.span("submit", run_id=run_id):
        row = {"id": run_id, "kind": "solve", "tags": [], "note": "", **values, "status": "queued", "turn": turn, "created_at": now()}
        connection.execute(runs.insert().values(**row | {"job": {**values["job"], **telemetry.carried()}}))
        told(connection, run_id, "status", {"status": "queued"})
        queue.put(connection, WORKFLOW, run_id, run_id, queue=RUNS, priority=turn)
    return run_id


def claim(store: Store, run_id: str, worker_id: str) -> Claim | None:
    """Begin an attempt; None where the run has ended, was cancelled before, or is held by a worker that lives, also this one.

    Raises GoneError where this worker itself was given up, whose work waits for others.
    """
    with store.begin() as connection:
        row = connection.execute(sa.select(runs).where(runs.c.id == run_id).with_for_update()).mappings().first()
        if _lives(connection, worker_id, keep=True) is False:
            raise GoneError(worker_id)
        if row is None or row["status"] in ENDED:
            return None
        if row["worker_id"] is not None and _lives(connection, row["worker_id"]):
            return None
        if row["status"] == "cancelling":
            _end(connection, run_id, "cancelled", stop_reason="cancelled")
            return None
        token = row["attempts"] + 1
        values = {
            "status": "running",
            "attempts": token,
            "worker_id": worker_id,
            "heartbeat_at": now(),
            "started_at": row["started_at"] or now(),
            "progress": None,
        }
        connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
        told(connection, run_id, "status", {"status": "running", "attempt": token})
    return Claim(run_id, token, worker_id, row["job"].get("traceparent", ""), row["created_at"])


def progress(store: Store, claim: Claim, values: Mapping[str, Any], event: tuple[str, Mapping[str, Any]] | None = None) -> bool:
    """Write how a run is doing; whether the claim still holds."""
    with store.begin() as connection:
        held: bool = connection.execute(runs.update().where(claim.holds()).values(heartbeat_at=now(), **values)).rowcount == 1
        if held and event is not None:
            told(connection, claim.run_id, *event)
    return held


def wanted(store: Store, claim: Claim) -> str | None:
    """The status of a run whose claim holds; None where it was taken away."""
    with store.read() as connection:
        return connection.execute(sa.select(runs.c.status).where(claim.holds())).scalar()


def finish(store: Store, claim: Claim, status: str, values: Mapping[str, Any], files: Mapping[str, bytes]) -> bool:
    """End a run with its files, in one transaction; whether the claim still held."""
    with store.begin() as connection:
        row = {"status": status, "finished_at": now(), "heartbeat_at": now(), "worker_id": None, **values}
        if connection.execute(runs.update().where(claim.holds()).values(**row)).rowcount != 1:
            return False
        for name, content in files.items():
            connection.execute(run_files.insert().values(run_id=claim.run_id, name=name, sha256=keep(connection, content)))
        for reason, people in ((values.get("summary") or {}).get("unplaced") or {}).items():
            connection.execute(run_unplaced.insert().values(run_id=claim.run_id, reason=reason, people=people))
        told(connection, claim.run_id, "status", {"status": status, "outcome": values.get("outcome"), "stop_reason": values.get("stop_reason")})
        conclude(connection, claim.run_id)
    return True


def died(store: Store, queue: Queue, claim: Claim, most: int, reason: Mapping[str, Any]) -> None:
    """An attempt ended with the death of its solver: the run waits for the next one, or fails after the last."""
    with store.begin() as connection:
        row = connection.execute(sa.select(runs).where(claim.holds()).with_for_update()).mappings().first()
        if row is not None:
            _given_up(connection, queue, dict(row), reason, deaths=row["deaths"] + 1, last=row["deaths"] + 1 >= most)


def abandoned(connection: sa.Connection, queue: Queue, worker_id: str, most: int, *, died: bool, but: frozenset[str] = frozenset()) -> list[str]:
    """A worker works on none of its runs any more, except those named: they wait for another. Their ids.

    It may have left in order, or died; then a run ends at last that was begun very often.
    """
    held = sa.select(runs).where(runs.c.worker_id == worker_id, runs.c.status.in_(("running", "cancelling"))).order_by(runs.c.id).with_for_update()
    left = [dict(row) for row in connection.execute(held).mappings() if row["id"] not in but]
    code = "worker-lost" if died else "worker-stopped"
    reason = {"code": code, "message": "The worker died each time the run was begun."}
    for row in left:
        _given_up(connection, queue, row, reason, deaths=row["deaths"], last=died and row["attempts"] >= most * OFTEN)
    return [row["id"] for row in left]


def _given_up(connection: sa.Connection, queue: Queue, row: Mapping[str, Any], reason: Mapping[str, Any], *, deaths: int, last: bool) -> None:
    run_id = row["id"]
    if row["status"] == "cancelling":
        _end(connection, run_id, "cancelled", deaths=deaths, stop_reason="cancelled")
    elif last:
        _end(connection, run_id, "failed", deaths=deaths, stop_reason="error", error=dict(reason))
    else:
        connection.execute(runs.update().where(runs.c.id == run_id).values(status="queued", deaths=deaths, worker_id=None, progress=None, heartbeat_at=now()))
        told(connection, run_id, "status", {"status": "queued", "reason": reason["code"]})
        queue.put(connection, WORKFLOW, f"{run_id}.{row['attempts']}", run_id, queue=RUNS, priority=row["turn"])


def _end(connection: sa.Connection, run_id: str, status: str, **values: Any) -> None:
    connection.execute(runs.update().where(runs.c.id == run_id).values(status=status, finished_at=now(), worker_id=None, **values))
    told(connection, run_id, "status", {"status": status, "stop_reason": values.get("stop_reason")})
    conclude(connection, run_id)


def cancel(connection: sa.Connection, run_id: str) -> str | None:
    """Ask a run to end: one that waits ends at once, one that runs ends with the best so far; its status then, None where there is no such run."""
    row = connection.execute(sa.select(runs.c.status).where(runs.c.id == run_id).with_for_update()).first()
    if row is None or row.status in (*ENDED, "cancelling"):
        return None if row is None else str(row.status)
    if row.status == "queued":
        _end(connection, run_id, "cancelled", cancel_requested_at=now(), stop_reason="cancelled")
        return "cancelled"
    connection.execute(runs.update().where(runs.c.id == run_id).values(status="cancelling", cancel_requested_at=now()))
    told(connection, run_id, "status", {"status": "cancelling"})
    return "cancelling"


def told(connection: sa.Connection, run_id: str, kind: str, data: Mapping[str, Any]) -> None:
    """Write an event. The run's row must have been written or locked before in the transaction, so that numbers have no gap."""
    number = sa.select(sa.func.coalesce(sa.func.max(run_events.c.seq), 0) + 1).where(run_events.c.run_id == run_id).scalar_subquery()
    connection.execute(run_events.insert().values(run_id=run_id, seq=number, type=kind, data=dict(data), at=now()))


def _lives(connection: sa.Connection, worker_id: str, *, keep: bool = False) -> bool | None:
    """Whether a worker lives, and perhaps goes on to until this transaction ends; None where it is not known."""
    query = sa.select(workers.c.left_at, workers.c.lost_at).where(workers.c.id == worker_id)
    row = connection.execute(query.with_for_update(read=True) if keep else query).first()
    return None if row is None else row.left_at is None and row.lost_at is None
