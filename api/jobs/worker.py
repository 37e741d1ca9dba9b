"""A worker process: takes work from the queue, says every few seconds that it lives, and takes over what dead workers have left.

Each process has an id of its own that is never used again. One that falls silent for too long counts as lost: its work goes back into the queue, and
if it was only frozen, it ends itself when it wakes, because nobody waits for it any more.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable

import sqlalchemy as sa
import structlog

from api import canary, logs, telemetry
from api.clock import now
from api.ids import new_id
from api.jobs import runs as life
from api.jobs.engine import Engine
from api.jobs.living import store_time
from api.jobs.place import Place
from api.jobs.rescue import Rescue
from api.jobs.solving import held_here
from api.jobs.webhooks import Sender
from api.night.tick import Nights
from api.service import Service
from api.settings import Settings
from api.solving import process
from api.store import migrate
from api.store.tables import runs, workers

log = structlog.get_logger("ojt.worker")
LOOK = 5.0
"""Seconds between two looks at the canary."""
DECLARED_LOST = 75

_here: list[Worker] = []


def here() -> Worker:
    """The worker of this process."""
    return _here[0]


class Worker:
    """The worker of this process, from `start` to `stop`."""

    def __init__(self, service: Service) -> None:
        self.service, self.id = service, new_id("worker")
        self.place = Place(service.settings.work, self.id)
        self._engine = Engine(service.store.url, self.id, service.settings.solvers)
        self._rescue = Rescue(service, self._engine, self.place, self.id)
        self._stopping = threading.Event()
        self.sender = Sender(service)
        self._nights = Nights(service)

    def start(self) -> None:
        """Register, take up the queue, begin to say that it lives."""
        settings, store = self.service.settings, self.service.store
        self.place.take()
        self.place.sweep_old()
        process.prepare()
        with store.begin() as connection:
            moment = store_time(connection)
            row = {"id": self.id, "host": socket.gethostname(), "pid": os.getpid(), "solvers": settings.solvers}
            connection.execute(workers.insert().values(**row, started_at=moment, heartbeat_at=moment))
        _here[:] = [self]
        logs.always(worker_id=self.id)
        every = settings.heartbeat.total_seconds()
        self._keep_on(self._beat, every)  # first, because on a busy machine the rest may take longer than silence may last
        self._engine.start()
        for task in (self._rescue.look, self.sender.look, self._nights.look):
            self._keep_on(task, every)
        self._keep_on(self._look_after_the_canary, LOOK)
        log.info("worker started", worker_id=self.id, solvers=settings.solvers)

    def stop(self) -> None:
        """Leave: what is being solved waits for others. Nothing else is to be done, because a worker may die at any moment anyway."""
        self._stopping.set()
        with self.service.store.begin() as connection:
            moment = store_time(connection)
            connection.execute(workers.update().where(workers.c.id == self.id).values(left_at=moment))
            life.abandoned(connection, self.service.queue, self.id, self.service.settings.attempts, died=False)
        self.place.leave()
        log.info("worker stopped", worker_id=self.id)

    def wait_for_the_end(self) -> None:
        """For work that came to this worker after it was given up: it stays taken until the process ends, and is then put back by others."""
        threading.Event().wait()

    def _keep_on(self, task: Callable[[], None], every: float) -> None:
        threading.Thread(target=self._again, args=(task, every), daemon=True, name=task.__name__).start()

    def _again(self, task: Callable[[], None], every: float) -> None:
        while True:
            try:
                task()
            except Exception:  # heartbeats and rescues go on after any failure, or the worker counts as lost
                log.exception("a worker's task failed", task=task.__name__)
            if self._stopping.wait(every):
                return

    def _beat(self) -> None:
        """Say that it lives, and which runs it works on; end the process where it was declared lost."""
        with self.service.store.begin() as connection:
            mine = sa.and_(workers.c.id == self.id, workers.c.lost_at.is_(None))
            lives = connection.execute(workers.update().where(mine).values(heartbeat_at=store_time(connection))).rowcount == 1
            works_on = sa.and_(runs.c.id.in_(held_here()), runs.c.worker_id == self.id, runs.c.status.in_(("running", "cancelling")))
            connection.execute(runs.update().where(works_on).values(heartbeat_at=now()))
        if not lives and not self._stopping.is_set():
            log.error("this worker was silent for too long and its work was given to others; it ends", worker_id=self.id)
            os._exit(DECLARED_LOST)  # solver processes end with it

    def _look_after_the_canary(self) -> None:
        canary.look(self.service)


def main(settings: Settings) -> None:
    """Work until told to end."""
    service = Service(settings)
    migrate.upgrade(service.store)
    worker, ended = Worker(service), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    worker.start()
    ended.wait()
    try:
        worker.stop()
    except Exception:  # it must end in any case
        log.exception("the worker could not leave in order; others take its work over when they miss it")
    telemetry.stop()
    os._exit(0)  # threads that wait for solvers must not hold the process up; the solvers end with it
