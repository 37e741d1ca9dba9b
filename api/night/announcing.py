"""What webhooks are told of nights and publications: that something happened, and where to read of it."""

from __future__ import annotations

import sqlalchemy as sa

from api.jobs.webhooks import Event
from api.jobs.webhooks import announce as tell
from api.service import Service


def announce(connection: sa.Connection, service: Service, board: str, event: Event, **things: str | None) -> None:
    """Tell of an event, when the transaction is kept; `things` are ids by kind."""
    tell(connection, service.queue, board, event, {kind: f"/v1/{kind}s/{name}" for kind, name in things.items() if name is not None})
