"""What follows when a run comes to its end, however it does, in the transaction of its end: who is told, and whether that was the last of a sweep."""

from __future__ import annotations

import sqlalchemy as sa

from api.clock import now
from api.jobs import webhooks
from api.store.tables import runs, sweeps


def conclude(connection: sa.Connection, run_id: str) -> None:
    """A run has ended. Its row must be locked by this transaction, and those of other runs that the transaction will still change, too."""
    run = connection.execute(sa.select(runs.c.board, runs.c.kind, runs.c.sweep_id).where(runs.c.id == run_id)).one()
    if run.sweep_id is None:
        webhooks.announce(connection, None, run.board, "run.finished", {"run": f"/v1/runs/{run_id}"})
    else:
        _end_sweep(connection, run.board, run.sweep_id)


def _end_sweep(connection: sa.Connection, board: str, sweep_id: str) -> None:
    """End a sweep where its last part has. The lock on its row lets two parts that end at the same time not overlook each other."""
    connection.execute(sa.select(sweeps.c.id).where(sweeps.c.id == sweep_id).with_for_update()).one()
    if connection.execute(sa.select(runs.c.id).where(runs.c.sweep_id == sweep_id, runs.c.finished_at.is_(None)).limit(1)).first() is not None:
        return
    mine = sa.and_(sweeps.c.id == sweep_id, sweeps.c.finished_at.is_(None))
    if connection.execute(sweeps.update().where(mine).values(finished_at=now())).rowcount == 1:
        me = f"/v1/sweeps/{sweep_id}"
        webhooks.announce(connection, None, board, "sweep.finished", {"sweep": me, "frontier": f"{me}/frontier"})
