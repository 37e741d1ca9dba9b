"""What workers carry out, by the names under which it is put into the queue. Only worker processes load this file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS

from api.jobs import runs, webhooks
from api.jobs.queue import CHORES
from api.jobs.solving import solve_run
from api.jobs.worker import here
from api.night import workflow as night  # noqa: F401  registers what is carried out of a night
from api.purge import purge


@DBOS.workflow(name=runs.WORKFLOW, max_recovery_attempts=None)
def run(run_id: str) -> None:
    """An attempt at a run, from its claim to its end. How often it is attempted is counted by the run, not by the queue."""
    worker = here()
    try:
        solve_run(worker.service, worker.id, run_id)
    except runs.GoneError:
        worker.wait_for_the_end()


@DBOS.workflow(name=webhooks.WORKFLOW)
def deliver() -> None:
    """Wake a worker to send what is due. Where this comes to nothing, the workers' own looks find it a moment later."""
    here().sender.look()


@DBOS.workflow(name="purge")
def purge_nightly(_due: datetime, _context: Any) -> None:
    """Delete what is past its time."""
    purge(here().service, "service", dry_run=False)


CRON: Any = [{"schedule_name": "purge", "workflow_fn": purge_nightly, "schedule": "17 3 * * *", "queue_name": CHORES}]
"""What is done at times of the day, in UTC, by one worker each time."""
