"""The worker's half of the queue: takes work out and carries it out. All that is touched of DBOS beyond its documented face is touched here.

DBOS gives work back only to a process with the same id as the one that died. Ids of workers are never used again, so that work of the dead is found and
put back by the living (`rescue.py`), each piece only as long as it is still the dead one's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from dbos import DBOS, DBOSPortableJSONSerializer

from api.jobs import queue

POLL = 0.2
"""Seconds between two looks into the queue."""
SLOW = 15.0
"""Seconds in which work that was taken is also begun."""
NIGHTS_AT_ONCE, CHORES_AT_ONCE = 8, 4


@dataclass(frozen=True)
class Taken:
    """A piece of work that a worker has taken."""

    id: str
    worker_id: str
    queue: str
    since: float


class Engine:
    """DBOS in this process."""

    def __init__(self, url: str, worker_id: str, solvers: int) -> None:
        self.worker_id = worker_id
        self._at_once = {queue.RUNS: solvers, queue.NIGHTS: NIGHTS_AT_ONCE, queue.CHORES: CHORES_AT_ONCE}
        self._dbos: Any = DBOS(
            config={
                "name": queue.APPLICATION,
                "system_database_url": url,
                "application_version": queue.VERSION,
                "executor_id": worker_id,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "run_migrations": False,
            }
        )

    def start(self) -> None:
        """Begin to take work."""
        from api.jobs.workflows import CRON  # registers what can be carried out

        DBOS.launch()
        self._mind_own_size()
        for name, at_once in self._at_once.items():
            DBOS.register_queue(name, worker_concurrency=at_once, polling_interval_sec=POLL)
        DBOS.apply_schedules(CRON)

    def _mind_own_size(self) -> None:
        """Take as much as this worker can do: what is kept of a queue is one number for all workers, and machines differ."""
        read = self._dbos._sys_db.get_queue

        def sized(name: str, *arguments: Any, **more: Any) -> Any:
            found = read(name, *arguments, **more)
            if found is not None and name in self._at_once:
                found._worker_concurrency = self._at_once[name]
            return found

        self._dbos._sys_db.get_queue = sized

    def taken(self) -> list[Taken]:
        """What is taken and not finished, by whichever worker."""
        found = DBOS.list_workflows(status="PENDING", app_version=queue.VERSION, load_input=False, load_output=False)
        return [
            Taken(each.workflow_id, each.executor_id or "", each.queue_name or queue.CHORES, (each.dequeued_at or each.created_at or 0) / 1000)
            for each in found
        ]

    def forgotten(self, work: Taken) -> bool:
        """Whether this worker took the work, but the connection broke before it could begin."""
        mine = work.worker_id == self.worker_id and work.id not in self._dbos._active_workflows_set.activeList()
        return mine and time.time() - work.since > SLOW

    def put_back(self, work: Taken) -> bool:
        """Let work wait again, unless it is another's by now."""
        return bool(self._dbos._sys_db.reenqueue_for_recovery(work.id, [work.worker_id], work.queue))
