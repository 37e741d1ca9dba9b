"""What becomes of the work of workers that died or left: it is found by looking, every few seconds, at what no living worker holds.

Nothing is remembered between two looks, and each change is guarded by what it presumes, so that any number of workers may rescue at the same time.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from api.clock import now
from api.jobs import queue
from api.jobs import runs as life
from api.jobs.engine import Engine
from api.jobs.living import living, store_time
from api.jobs.place import Place
from api.jobs.solving import held_here
from api.service import Service
from api.store.tables import runs, workers

log = structlog.get_logger("ojt.worker")
STRAY = timedelta(seconds=30)
"""Age from which a run that nobody works on is looked for in the queue."""
STRAYS_EVERY = timedelta(seconds=10)
FORGOTTEN = timedelta(seconds=15)
"""Time in which a worker that has claimed a run also knows of it."""


class Rescue:
    """Looks after the work of others, and after what this worker itself has lost."""

    def __init__(self, service: Service, engine: Engine, place: Place, worker_id: str) -> None:
        self._service, self._engine, self._place, self._id = service, engine, place, worker_id
        self._looked: datetime | None = None
        self._awake_since: datetime | None = None
        self._strays_at: datetime | None = None

    def look(self) -> None:
        """One look at everything."""
        self._bury_the_dead_of_this_machine()
        self._give_up_the_silent()
        self._put_work_back()
        self._take_up_own_runs()
        self._find_strays()

    def _bury_the_dead_of_this_machine(self) -> None:
        for dead in self._place.dead():
            with self._service.store.begin() as connection:
                self._lost(connection, dead, store_time(connection))
            self._place.sweep(dead)

    def _give_up_the_silent(self) -> None:
        """Workers that have not been heard of for too long are lost; unless this one was itself away, and cannot know."""
        patience = self._service.settings.lost_after
        with self._service.store.begin() as connection:
            moment = store_time(connection)
            before, self._looked = self._looked, moment
            if before is not None and moment - before > patience / 2:
                self._awake_since = moment
            if self._awake_since is not None and moment - self._awake_since < patience:
                return
            silent = sa.select(workers.c.id).where(living(), workers.c.heartbeat_at < moment - patience, workers.c.id != self._id)
            for worker_id in connection.execute(silent).scalars().all():
                self._lost(connection, worker_id, moment)

    def _lost(self, connection: sa.Connection, worker_id: str, moment: datetime) -> None:
        """Give a worker up with all that it holds; harmless where that was done."""
        gone = workers.update().where(workers.c.id == worker_id, living()).values(lost_at=moment)
        if connection.execute(gone).rowcount == 1:
            left = life.abandoned(connection, self._service.queue, worker_id, self._service.settings.attempts, died=True)
            log.warning("a worker is lost", worker_id=worker_id, runs=left)

    def _put_work_back(self) -> None:
        taken = self._engine.taken()
        if not taken:
            return
        with self._service.store.read() as connection:
            alive = set(connection.execute(sa.select(workers.c.id).where(living())).scalars())
        for work in taken:
            if (work.worker_id not in alive or self._engine.forgotten(work)) and self._engine.put_back(work):
                log.info("work is put back", work_id=work.id, worker_id=work.worker_id)

    def _take_up_own_runs(self) -> None:
        """A run that is this worker's by its row, but that it does not know of: the store took the claim, and the answer was lost."""
        with self._service.store.read() as connection:
            old = sa.and_(runs.c.worker_id == self._id, runs.c.status.in_(life.OPEN), runs.c.heartbeat_at < now() - FORGOTTEN)
            mine = connection.execute(sa.select(runs.c.id).where(old)).scalars().all()
        if set(mine) - held_here():
            with self._service.store.begin() as connection:
                life.abandoned(connection, self._service.queue, self._id, self._service.settings.attempts, died=True, but=frozenset(held_here()))

    def _find_strays(self) -> None:
        """Put back into the queue what waits although it is not there, and give up what is held by a worker that there is not."""
        moment = now()
        if self._strays_at is not None and moment < self._strays_at:
            return
        self._strays_at = moment + STRAYS_EVERY
        with self._service.store.read() as connection:
            old = sa.func.coalesce(runs.c.heartbeat_at, runs.c.created_at) < moment - STRAY
            waiting = dict(connection.execute(sa.select(runs.c.id, runs.c.turn).where(runs.c.status == "queued", old)).all())
            alive = sa.select(workers.c.id).where(living())
            astray = sa.select(runs.c.worker_id).where(runs.c.status.in_(("running", "cancelling")), old, runs.c.worker_id.not_in(alive))
            holders = set(connection.execute(astray).scalars())
        there = {work_id.split(".")[0] for work_id in self._service.queue.open(queue.RUNS)} if waiting else set()
        for run_id, turn in waiting.items():
            if run_id not in there:
                log.warning("a run had fallen out of the queue", run_id=run_id)
                with self._service.store.begin() as connection:
                    self._service.queue.put(connection, life.WORKFLOW, f"{run_id}.{secrets.token_hex(4)}", run_id, priority=turn)
        for holder in holders:
            with self._service.store.begin() as connection:
                life.abandoned(connection, self._service.queue, holder, self._service.settings.attempts, died=True)
