"""Which workers live, by the store's clock, because those of several machines differ."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from api.clock import now
from api.store.tables import workers


def living() -> sa.ColumnElement[bool]:
    """Workers that neither left nor were given up, as a condition."""
    return sa.and_(workers.c.left_at.is_(None), workers.c.lost_at.is_(None))


def count_alive(connection: sa.Connection, lost_after: timedelta) -> int:
    """How many workers live and were heard of lately."""
    heard = workers.c.heartbeat_at > store_time(connection) - lost_after
    return int(connection.execute(sa.select(sa.func.count()).where(living(), heard)).scalar_one())


def store_time(connection: sa.Connection) -> datetime:
    """The time by the store's clock."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment
    return now()
