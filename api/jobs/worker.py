"""A worker process: takes work from the queue, says every few seconds that it lives, and takes over what dead workers have left.

Each process has an id of its own that is never used again. One that falls silent for too long counts as lost: its work goes back into the queue, and
if it was only frozen, it ends itself when it wakes, because nobody waits for it any more.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSPortableJSONSerializer

from api.ids import new_id
from api.jobs import queue
from api.jobs import runs as life
from api.jobs.ends import conclude
from api.jobs.webhooks import Sender
from api.service import Service
from api.settings import Settings
from api.solving import process
from api.store import migrate
from api.store.tables import runs, workers

log = structlog.get_logger("ojt.worker")
POLL = 0.2
"""Seconds between two looks into the queue."""
RESCUE_AGAIN = timedelta(seconds=10)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
STRAY = timedelta(seconds=30)
"""Age from which a run that nobody works on is looked for in the queue."""
DECLARED_LOST = 75

_here: list[Worker] = []


def here() -> Worker:
    """The worker of this process."""
    return _here[0]


class Worker:
    """The worker of this process, from `start` to `stop`."""

    def __init__(self, service: Service) -> None:
        self.service, self.id = service, new_id("worker")
        self._stopping = threading.Event()
        self.sender = Sender(service)

    def start(self) -> None:
        """Register, take up the queue, begin to say that it lives."""
        settings, store = self.service.settings, self.service.store
        process.prepare()
        with store.begin() as connection:
            moment = _store_time(connection)
            row = {"id": self.id, "host": socket.gethostname(), "pid": os.getpid(), "solvers": settings.solvers}
            connection.execute(workers.insert().values(**row, started_at=moment, heartbeat_at=moment))
        _here[:] = [self]
        DBOS(
            config={
                "name": queue.APPLICATION,
                "system_database_url": store.url,
                "application_version": queue.VERSION,
                "executor_id": self.id,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "run_migrations": False,
            }
        )
        import api.jobs.workflows  # noqa: F401  registers what can be carried out

        DBOS.launch()
        for name, at_once in ((queue.RUNS, settings.solvers), (queue.NIGHTS, 8), (queue.CHORES, 4)):
            DBOS.register_queue(name, worker_concurrency=at_once, polling_interval_sec=POLL)
        for task, every in ((self._beat, settings.heartbeat), (self._rescue, settings.heartbeat), (self.sender.look, settings.heartbeat)):
            threading.Thread(target=self._again, args=(task, every.total_seconds()), daemon=True, name=task.__name__).start()
        log.info("worker started", worker_id=self.id, solvers=settings.solvers)

    def stop(self) -> None:
        """Leave: what is being solved goes back into the queue for others."""
        self._stopping.set()
        with self.service.store.begin() as connection:
            connection.execute(workers.update().where(workers.c.id == self.id).values(left_at=_store_time(connection)))
        DBOS.destroy(workflow_completion_timeout_sec=0)
        log.info("worker stopped", worker_id=self.id)

    def _again(self, task: object, every: float) -> None:
        assert callable(task)
        while not self._stopping.wait(every):
            try:
                task()
            except Exception:
                log.exception("a worker's task failed", task=getattr(task, "__name__", ""))

    def _beat(self) -> None:
        """Say that it lives; end the process where it was declared lost."""
        with self.service.store.begin() as connection:
            mine = sa.and_(workers.c.id == self.id, workers.c.lost_at.is_(None))
            lives = connection.execute(workers.update().where(mine).values(heartbeat_at=_store_time(connection))).rowcount == 1
        if not lives and not self._stopping.is_set():
            log.error("this worker was silent for too long and its work was given to others; it ends", worker_id=self.id)
            os._exit(DECLARED_LOST)  # solver processes end with it

    def _rescue(self) -> None:
        """Take over what lost workers have left, and what has fallen out of the queue."""
        store = self.service.store
        with store.begin() as connection:
            moment = _store_time(connection)
            silent = sa.and_(workers.c.heartbeat_at < moment - self.service.settings.lost_after, workers.c.left_at.is_(None), workers.c.lost_at.is_(None))
            for lost in connection.execute(sa.select(workers.c.id).where(silent)).scalars().all():
                log.warning("a worker is lost", worker_id=lost)
                connection.execute(workers.update().where(workers.c.id == lost, silent).values(lost_at=moment))
                self._count_deaths(connection, lost)
        for gone in self._to_rescue():
            pending = DBOS.list_workflows(status="PENDING", executor_id=gone, load_input=False, load_output=False)
            for workflow in pending:
                DBOS.resume_workflow(workflow.workflow_id, queue_name=workflow.queue_name or queue.CHORES)
            if not pending:
                self._rescued(gone)
        self._find_strays()

    def _to_rescue(self) -> list[str]:
        """Workers that are gone, each for one rescuer at a time."""
        with self.service.store.begin() as connection:
            moment = _store_time(connection)
            due = sa.or_(workers.c.rescue_at.is_(None), workers.c.rescue_at < moment)
            left = sa.or_(workers.c.lost_at.is_not(None), workers.c.left_at.is_not(None))
            gone = connection.execute(sa.select(workers.c.id).where(left, due)).scalars().all()
            again = {"rescue_at": moment + RESCUE_AGAIN}
            return [each for each in gone if connection.execute(workers.update().where(workers.c.id == each, due).values(**again)).rowcount == 1]

    def _rescued(self, gone: str) -> None:
        """Nothing of a worker is left; look no more where it is gone for a while, in which a queue could not still hand it work."""
        with self.service.store.begin() as connection:
            moment = _store_time(connection)
            long_gone = sa.func.coalesce(workers.c.lost_at, workers.c.left_at) < moment - STRAY
            connection.execute(workers.update().where(workers.c.id == gone, long_gone).values(rescue_at=NEVER))

    def _count_deaths(self, connection: sa.Connection, lost: str) -> None:
        """The runs of a lost worker have lost an attempt; after the last they fail."""
        most, failed = self.service.settings.attempts, []
        for run_id, deaths in connection.execute(sa.select(runs.c.id, runs.c.deaths).where(runs.c.worker_id == lost, runs.c.status.in_(life.OPEN))).all():
            values: dict[str, object] = {"deaths": deaths + 1}
            if deaths + 1 >= most:
                error = {"code": "worker-lost", "message": "The worker died each time the run was begun."}
                values |= {"status": "failed", "stop_reason": "error", "error": error, "worker_id": None, "finished_at": _store_time(connection)}
                failed.append(run_id)
            connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
            life.told(connection, run_id, "status", {"status": values.get("status", "queued"), "reason": "worker-lost"})
        for run_id in failed:
            conclude(connection, run_id)

    def _find_strays(self) -> None:
        """Put runs back that wait or hang although nothing in the queue will bring them further."""
        with self.service.store.read() as connection:
            alive = sa.select(workers.c.id).where(workers.c.left_at.is_(None), workers.c.lost_at.is_(None))
            held = runs.c.worker_id.in_(alive)
            old = sa.func.coalesce(runs.c.heartbeat_at, runs.c.created_at) < _store_time(connection) - STRAY
            open_ = connection.execute(sa.select(runs.c.id).where(runs.c.status.in_(life.OPEN), old, sa.or_(runs.c.worker_id.is_(None), ~held))).scalars().all()
        if not open_:
            return
        works = {run_id: [run_id, *(f"{run_id}.{again}" for again in range(1, 10))] for run_id in open_}
        states = self.service.queue.states([work for each in works.values() for work in each])
        for run_id, ids in works.items():
            if any(states.get(work) in ("ENQUEUED", "PENDING", "DELAYED") for work in ids):
                continue
            free = next((work for work in ids if work not in states), None)
            if free is not None:
                log.warning("a run had fallen out of the queue", run_id=run_id)
                with self.service.store.begin() as connection:
                    self.service.queue.put(connection, life.WORKFLOW, free, run_id)


def _store_time(connection: sa.Connection) -> datetime:
    """The time by the store's clock, because those of several machines differ."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment
    from api.clock import now

    return now()


def main(settings: Settings) -> None:
    """Work until told to end."""
    service = Service(settings)
    migrate.upgrade(service.store)
    worker, ended = Worker(service), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    worker.start()
    ended.wait()
    worker.stop()
    os._exit(0)  # threads that wait for solvers must not hold the process up; the solvers end with it
