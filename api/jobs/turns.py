"""Whose turn it is: the boards' runs are begun in turn, so that one that sends two hundred at once does not make the others wait for all of them.

This is start-time fair queueing. A board that has nothing open comes in at the turn that is being served; each further run of it takes the next turn.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from api.store.tables import runs

OPEN = ("queued", "running", "cancelling")
LAST = 2**31 - 1


def next_turn(connection: sa.Connection, board: str) -> int:
    """The turn of a board's new run. Two that are given at the same moment may be alike; then the older run goes first."""
    turn = runs.c.turn
    served = sa.select(sa.func.max(turn)).where(runs.c.status.in_(OPEN[1:])).scalar_subquery()
    waiting = sa.select(sa.func.min(turn)).where(runs.c.status == "queued").scalar_subquery()
    own = sa.select(sa.func.max(turn)).where(runs.c.status.in_(OPEN), runs.c.board == board).scalar_subquery()
    now_at, last = connection.execute(sa.select(sa.func.coalesce(served, waiting, 1), sa.func.coalesce(own, 0))).one()
    return min(LAST, max(int(now_at), int(last) + 1))


def positions(connection: sa.Connection, run_ids: Collection[str]) -> dict[str, int]:
    """For each of the runs that waits, how many waiting runs will be begun up to it, itself included."""
    place = sa.func.row_number().over(order_by=(runs.c.turn, runs.c.id)).label("place")
    waiting = sa.select(runs.c.id, place).where(runs.c.status == "queued").subquery()
    return dict(connection.execute(sa.select(waiting.c.id, waiting.c.place).where(waiting.c.id.in_(run_ids))).all())
