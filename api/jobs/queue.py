"""The durable queue, which is DBOS's: putting work in, in the transaction that says why; the worker's half is in engine.py.

Web replicas only put in: they use the client, because a process that launches DBOS takes work too.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from api.store.engine import Store

APPLICATION = "ojt-allocator"
VERSION = "jobs-1"
"""Version of the workflows. Open work of another version is never taken up again, so that it changes only with an incompatible change of a workflow."""
RUNS, NIGHTS, CHORES = "runs", "nights", "chores"
"""Queues: runs, each with a solver process; nights, which wait for runs; and chores, which are short."""
WAITING_OR_TAKEN = ("ENQUEUED", "PENDING", "DELAYED")

logging.getLogger("dbos").setLevel(logging.WARNING)


class Queue:
    """The client's half of the queue."""

    def __init__(self, store: Store) -> None:
        self._client = DBOSClient(system_database_url=store.url, serializer=DBOSPortableJSONSerializer(), application_name=APPLICATION)

    def put(
        self,
        connection: sa.Connection,
        workflow: str,
        work_id: str,
        *arguments: Any,
        queue: str = RUNS,
        delay: float | None = None,
        priority: int | None = None,
    ) -> None:
        """Put work in; it is there when the transaction is kept. The same `work_id` twice is one piece of work; a lower `priority` is taken first."""
        options: Any = {"workflow_name": workflow, "queue_name": queue, "workflow_id": work_id, "app_version": VERSION}
        if delay:
            options["delay_seconds"] = delay
        if priority:
            options["priority"] = priority
        self._client.enqueue_in_transaction(connection, options, *arguments)

    def states(self, work_ids: list[str]) -> dict[str, str]:
        """What the queue knows of pieces of work: ENQUEUED, PENDING, SUCCESS, ERROR, …; nothing of those it does not know."""
        found = self._client.list_workflows(workflow_ids=work_ids, load_input=False, load_output=False) if work_ids else []
        return {each.workflow_id: each.status for each in found}

    def open(self, queue: str) -> set[str]:
        """The pieces of work in a queue that wait or are worked on."""
        found = self._client.list_workflows(queue_name=queue, status=list(WAITING_OR_TAKEN), load_input=False, load_output=False)
        return {each.workflow_id for each in found}

    def finished(self, before: datetime, most: int) -> list[str]:
        """Pieces of work that ended before a moment, at most so many."""
        found = self._client.list_workflows(completed_before=before.isoformat(), limit=most, load_input=False, load_output=False)
        return [each.workflow_id for each in found if each.status not in WAITING_OR_TAKEN]

    def delete(self, work_ids: list[str]) -> None:
        """Forget finished work."""
        if work_ids:
            self._client.delete_workflows(work_ids)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()


def prepare_tables(store: Store) -> None:
    """Make the queue's own tables, or bring them up to date."""
    DBOS.migrate(store.url)
