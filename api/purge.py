"""Retention: what is past its time is deleted, and what a run or a dataset was stays to be read: by whom, when, from what, with which figures.

A finished run goes `keep_runs` after its end, unless a publication, a night that waits for somebody, another run or the tag `keep` holds it. A dataset goes
with the last run and scenario that use it. Each goes in a transaction of its own with its audit row; a purge that is broken off goes on the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from api.clock import now
from api.jobs import runs as life
from api.service import Service
from api.store import audit
from api.store.tables import (
    dataset_issues,
    datasets,
    deliveries,
    idempotency_keys,
    occurrences,
    publications,
    run_events,
    run_files,
    runs,
    scenario_versions,
    scenarios,
    sessions,
    workers,
)
from api.store.unused import forget

log = structlog.get_logger("ojt.purge")
TAG = "keep"
"""Tag that keeps a run for ever."""
WORK = timedelta(days=7)
"""How long finished work, workers that are gone and logins that have ended are remembered."""
DELIVERIES = timedelta(days=90)
"""How long it can be read what was sent to webhooks."""
BATCH = 500


@dataclass(frozen=True)
class Purged:
    """How much was past its time."""

    runs: int = 0
    datasets: int = 0
    files: int = 0
    bytes: int = 0
    idempotency_keys: int = 0
    deliveries: int = 0
    sessions: int = 0
    workers: int = 0
    work: int = 0

    def __add__(self, other: Purged) -> Purged:
        return Purged(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Purged)))

    def as_dict(self) -> dict[str, int]:
        """The figures by name."""
        return asdict(self)


def purge(service: Service, by: str, *, board: str | None = None, dry_run: bool = True) -> Purged:
    """Delete what is past its time, of one board or of all and of the service itself; or, in a dry run, only count it."""
    with service.store.read() as connection:
        old_runs = due_runs(connection, now() - service.settings.keep_runs, board)
        old_datasets = due_datasets(connection, now() - service.settings.keep_runs, board, without=old_runs)
    if dry_run:
        total = Purged(runs=len(old_runs), datasets=len(old_datasets))
    else:
        total = sum((_each(service, _purge_run, old_runs, by), _each(service, _purge_dataset, old_datasets, by)), Purged())
    total += _rows(service, board, dry_run=dry_run)
    if board is None:
        total += Purged(work=_work(service, dry_run=dry_run))
    log.info("purged", dry_run=dry_run, board=board, **total.as_dict())
    return total


def due_runs(connection: sa.Connection, before: datetime, board: str | None) -> list[str]:
    """Runs past their time that nothing holds, those last that others of them refer to."""
    ended = sa.and_(runs.c.status.in_(life.ENDED), runs.c.finished_at < before, runs.c.purged_at.is_(None), _of(runs, board))
    rows = connection.execute(sa.select(runs.c.id, runs.c.tags).where(ended, ~_published(), ~_awaited()).order_by(runs.c.id.desc()))
    due = [run_id for run_id, tags in rows if TAG not in tags]
    refers = sa.and_(runs.c.reference_run.is_not(None), runs.c.purged_at.is_(None))
    referrers = connection.execute(sa.select(runs.c.id, runs.c.reference_run).where(refers)).all()
    going = set(due)
    while held := {referred for run_id, referred in referrers if run_id not in going} & going:
        going -= held
    return [run_id for run_id in due if run_id in going]


def due_datasets(connection: sa.Connection, before: datetime, board: str | None, without: Collection[str] = (), only: str | None = None) -> list[str]:
    """Datasets past their time, or archived, that neither a scenario nor a run uses, where those without are gone."""
    theirs = runs.c.dataset_id == datasets.c.id
    current = sa.and_(scenarios.c.id == scenario_versions.c.scenario_id, scenarios.c.archived_at.is_(None), scenario_versions.c.dataset_id == datasets.c.id)
    used = sa.or_(sa.exists().where(current), sa.exists().where(occurrences.c.dataset_id == datasets.c.id, occurrences.c.status != "finished"))
    old = sa.and_(
        sa.or_(datasets.c.created_at < before, datasets.c.purged_at.is_not(None)),
        ~used,
        _of(datasets, board),
        sa.true() if only is None else datasets.c.id == only,
    )
    found = dict(connection.execute(sa.select(datasets.c.id, datasets.c.files).where(old).order_by(datasets.c.id)).all())
    kept = sa.select(runs.c.id, runs.c.dataset_id).join(datasets, theirs).where(old, runs.c.purged_at.is_(None))
    going = set(without)
    in_use = {dataset_id for run_id, dataset_id in connection.execute(kept) if run_id not in going}
    return [dataset_id for dataset_id, files in found.items() if files and dataset_id not in in_use]


def _each(service: Service, delete: Callable[[Service, sa.Connection, str, str], Purged], ids: list[str], by: str) -> Purged:
    total = Purged()
    for each in ids:
        with service.store.begin() as connection:
            total += delete(service, connection, each, by)
    return total


def _purge_run(_: Service, connection: sa.Connection, run_id: str, by: str) -> Purged:
    """Delete what a run has made. It is looked at again under its lock: something may have come to refer to it."""
    row = (
        connection.execute(sa.select(runs).where(runs.c.id == run_id, runs.c.purged_at.is_(None), ~_published(), ~_awaited()).with_for_update())
        .mappings()
        .first()
    )
    later = sa.select(runs.c.id).where(runs.c.reference_run == run_id, runs.c.purged_at.is_(None))
    if row is None or connection.execute(later.limit(1)).first() is not None:
        return Purged()
    digests = connection.execute(sa.select(run_files.c.sha256).where(run_files.c.run_id == run_id)).scalars().all()
    connection.execute(run_files.delete().where(run_files.c.run_id == run_id))
    connection.execute(run_events.delete().where(run_events.c.run_id == run_id, run_events.c.type != "status"))
    error = row["error"] and {name: told for name, told in row["error"].items() if name != "faults"}  # faults quote the data
    connection.execute(runs.update().where(runs.c.id == run_id).values(purged_at=now(), error=error))
    files, size = forget(connection, digests)
    audit.record(connection, row["board"], by, "run.purge", run_id, {"files": len(digests)})
    return Purged(runs=1, files=files, bytes=size)


def _purge_dataset(service: Service, connection: sa.Connection, dataset_id: str, by: str) -> Purged:
    """Delete a dataset's files and issues, which quote them."""
    row = connection.execute(sa.select(datasets).where(datasets.c.id == dataset_id).with_for_update()).mappings().one()
    if not due_datasets(connection, now() - service.settings.keep_runs, row["board"], only=dataset_id):
        return Purged()
    connection.execute(dataset_issues.delete().where(dataset_issues.c.dataset_id == dataset_id))
    connection.execute(datasets.update().where(datasets.c.id == dataset_id).values(files={}, purged_at=row["purged_at"] or now()))
    files, size = forget(connection, set(row["files"].values()))
    audit.record(connection, row["board"], by, "dataset.purge", dataset_id, {"files": len(row["files"])})
    return Purged(datasets=1, files=files, bytes=size)


def _rows(service: Service, board: str | None, *, dry_run: bool) -> Purged:
    """Rows that only serve for a while."""
    moment = now()
    gone = sa.func.coalesce(workers.c.left_at, workers.c.lost_at) < moment - WORK
    past: dict[str, tuple[sa.Table, sa.ColumnElement[bool]]] = {
        "idempotency_keys": (idempotency_keys, sa.and_(idempotency_keys.c.created_at < moment - service.settings.keep_keys, _of(idempotency_keys, board))),
        "deliveries": (
            deliveries,
            sa.and_(deliveries.c.created_at < moment - DELIVERIES, deliveries.c.status != "waiting", _of(deliveries, board)),
        ),
        "sessions": (sessions, sa.and_(sessions.c.expires_at < moment - WORK, _of(sessions, board))),
    }
    if board is None:
        past["workers"] = (workers, sa.and_(gone, workers.c.id.not_in(sa.select(runs.c.worker_id).where(runs.c.worker_id.is_not(None)))))
    if dry_run:
        with service.store.read() as connection:
            return Purged(**{name: _count(connection, table, due) for name, (table, due) in past.items()})
    with service.store.begin() as connection:
        return Purged(**{name: connection.execute(table.delete().where(due)).rowcount for name, (table, due) in past.items()})


def _count(connection: sa.Connection, table: sa.Table, due: sa.ColumnElement[bool]) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(due)).scalar_one())


def _work(service: Service, *, dry_run: bool) -> int:
    """Finished work that the queue remembers."""
    total, before = 0, now() - WORK
    while True:
        finished = service.queue.finished(before, BATCH)
        if dry_run or not finished:
            return total + len(finished)
        service.queue.delete(finished)
        total += len(finished)


def _published() -> sa.ColumnElement[bool]:
    return sa.exists().where(publications.c.run_id == runs.c.id)


def _awaited() -> sa.ColumnElement[bool]:
    return sa.exists().where(occurrences.c.run_id == runs.c.id, occurrences.c.status != "finished")


def _of(table: sa.Table, board: str | None) -> sa.ColumnElement[bool]:
    column: sa.Column[Any] = table.c.board
    return sa.true() if board is None else column == board
