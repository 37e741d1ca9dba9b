"""Webhooks: who is told when something happened, by links and never by data (Standard Webhooks 1.0).

A delivery is a row, written in the transaction of what happened; so none is lost, and none tells of what did not happen. Workers look for rows that are
due and send them. Each attempt takes the row for a while by setting when it is due again, so that a worker's death costs that while and nothing else;
the row's id is the message's id in every attempt.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import random
import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
import structlog

from api.clock import now
from api.ids import new_id
from api.jobs.queue import CHORES, Queue
from api.outward import RefusedError, post, target
from api.service import Service
from api.store import audit
from api.store.tables import deliveries, webhooks

log = structlog.get_logger("ojt.webhooks")
Event = Literal[
    "run.finished",
    "sweep.finished",
    "occurrence.held",
    "occurrence.failed",
    "occurrence.skipped",
    "publication.created",
    "publication.withdrawn",
]
PING = "ping"
"""Event of a test; every webhook gets it when asked."""
WORKFLOW = "deliver"
WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
PAUSES = (5.0, 15.0, 60.0, 120.0, 240.0)
"""Seconds before another attempt, longer each time; the last for good, so that a receiver that comes back hears within five minutes."""
JITTER = 0.2
LONGEST = timedelta(hours=24)
"""How long a delivery is tried."""
HELD = timedelta(minutes=2)
"""How long an attempt keeps others from trying, longer than it can last."""
OVERLAP = timedelta(hours=24)
"""How long messages are signed with the secret before, too, after a new one was made."""
LANES = 8
"""Webhooks that one worker serves at the same time."""
GONE = 410


def announce(connection: sa.Connection, queue: Queue | None, board: str, event: Event, links: Mapping[str, str]) -> None:
    """Tell the board's webhooks of an event, when the transaction is kept.

    With a queue a worker begins to send at once, without one when it next looks. `links` are names and paths such as `/v1/runs/run_…`.
    """
    asked = sa.select(webhooks.c.id, webhooks.c.events).where(webhooks.c.board == board, webhooks.c.disabled_at.is_(None))
    for webhook_id, events in connection.execute(asked.with_for_update(read=True, key_share=True)).all():
        if event in events:
            add(connection, queue, board, webhook_id, event, links)


def add(connection: sa.Connection, queue: Queue | None, board: str, webhook_id: str, event: str, links: Mapping[str, str]) -> str:
    """A delivery to one webhook, due now; its id."""
    delivery_id, moment = new_id("msg"), now()
    ids = {name: path.split("/")[3] for name, path in links.items() if path.count("/") >= 3}
    body = {"type": event, "timestamp": moment.isoformat(), "data": {"ids": ids, "links": dict(links)}}
    row = {"id": delivery_id, "board": board, "webhook_id": webhook_id, "event": event, "body": body, "status": WAITING}
    connection.execute(deliveries.insert().values(**row, created_at=moment, next_at=moment, until=moment + LONGEST))
    if queue is not None:
        queue.put(connection, WORKFLOW, delivery_id, queue=CHORES)
    return delivery_id


def again(connection: sa.Connection, delivery_id: str) -> None:
    """Send a delivery once more, and go on trying for as long as a new one; the message keeps its id."""
    moment = now()
    connection.execute(
        deliveries.update().where(deliveries.c.id == delivery_id).values(status=WAITING, next_at=moment, until=moment + LONGEST, delivered_at=None)
    )


def new_secret() -> str:
    """A secret as Standard Webhooks writes it: 256 bits of chance."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message: version 1, HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(told).decode()


class Sender:
    """Sends what is due: every webhook in a lane of its own, so that a slow receiver holds up no other."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._pool = ThreadPoolExecutor(LANES, "webhooks")
        self._taken: set[str] = set()
        self._taking = threading.Lock()

    def look(self) -> None:
        """Begin a lane for every webhook with something due that has none yet."""
        with self._service.store.read() as connection:
            due = connection.execute(sa.select(deliveries.c.webhook_id).where(_due()).distinct()).scalars().all()
        for webhook_id in due:
            with self._taking:
                if webhook_id in self._taken:
                    continue
                self._taken.add(webhook_id)
            self._pool.submit(self._lane, webhook_id)

    def wait(self) -> None:
        """Until every lane that was begun has ended."""
        self._pool.shutdown()
        self._pool = ThreadPoolExecutor(LANES, "webhooks")

    def _lane(self, webhook_id: str) -> None:
        """One delivery after the other, the longest due first, as long as the receiver takes them."""
        try:
            while True:
                with self._service.store.read() as connection:
                    oldest = sa.select(deliveries.c.id).where(_due(), deliveries.c.webhook_id == webhook_id).order_by(deliveries.c.next_at, deliveries.c.id)
                    delivery_id = connection.execute(oldest.limit(1)).scalar()
                if delivery_id is None or not send(self._service, delivery_id):
                    return
        except Exception:  # a lane that breaks must not take the others along; its rows stay due
            log.exception("a webhook's deliveries stopped", webhook_id=webhook_id)
        finally:
            with self._taking:
                self._taken.discard(webhook_id)


def send(service: Service, delivery_id: str) -> bool:
    """One attempt at a delivery that is due; whether the receiver took it. Harmless where it is not due, or somebody else is at it."""
    with service.store.begin() as connection:
        receiver = (webhooks.c.url, webhooks.c.secret, webhooks.c.previous_secret, webhooks.c.previous_until, webhooks.c.disabled_at)
        joined = sa.select(deliveries, *receiver).join_from(deliveries, webhooks).where(deliveries.c.id == delivery_id, _due())
        row = connection.execute(joined.with_for_update(of=deliveries)).mappings().first()
        if row is None:
            return False
        if row["disabled_at"] is not None:
            _end(connection, delivery_id, row["attempts"], {"status": FAILED, "error": "The webhook is disabled.", "next_at": None})
            return False
        token = row["attempts"] + 1
        connection.execute(deliveries.update().where(deliveries.c.id == delivery_id).values(attempts=token, next_at=now() + HELD))
    answered, error = _attempt(service, dict(row))
    with service.store.begin() as connection:
        taken = answered is not None and 200 <= answered < 300
        ended = now()
        told: dict[str, Any] = {"answered": answered, "error": error}
        if taken:
            told |= {"status": DELIVERED, "next_at": None, "delivered_at": ended}
        elif answered == GONE or ended >= row["until"]:
            told |= {"status": FAILED, "next_at": None}
        else:
            told |= {"next_at": ended + _pause(token)}
        if answered == GONE:
            on = sa.and_(webhooks.c.id == row["webhook_id"], webhooks.c.disabled_at.is_(None))
            if connection.execute(webhooks.update().where(on).values(disabled_at=ended)).rowcount == 1:
                audit.record(connection, row["board"], "service", "webhook.disable", row["webhook_id"], {"answered": answered})
        _end(connection, delivery_id, token, told)
    log.info("webhook sent", delivery_id=delivery_id, webhook_id=row["webhook_id"], attempt=token, answered=answered, error=error)
    return taken


def _end(connection: sa.Connection, delivery_id: str, token: int, values: Mapping[str, Any]) -> None:
    """Write what came of an attempt, unless a later one was begun."""
    mine = sa.and_(deliveries.c.id == delivery_id, deliveries.c.attempts == token, deliveries.c.status == WAITING)
    connection.execute(deliveries.update().where(mine).values(**values))


def _attempt(service: Service, row: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """The status that was answered, or why there was none."""
    body = json.dumps(row["body"], sort_keys=True, separators=(",", ":")).encode()
    try:
        answered = post(target(row["url"], service.settings.webhook_hosts), body, headers(row, body, now()))
    except RefusedError as error:
        return None, str(error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return None, f"The receiver could not be reached ({type(error).__name__})."
    return answered, None if 200 <= answered < 300 else f"The receiver answered {answered}."


def headers(row: Mapping[str, Any], body: bytes, moment: datetime) -> dict[str, str]:
    """The headers of a message: its id, the time, and a signature with each secret that holds."""
    timestamp = int(moment.timestamp())
    before = row["previous_secret"] if row["previous_until"] is not None and moment < row["previous_until"] else None
    signed = [signature(secret, row["id"], timestamp, body) for secret in (row["secret"], before) if secret]
    told = {"webhook-id": row["id"], "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signed)}
    return {**told, "Content-Type": "application/json", "User-Agent": "ojt-allocator", "Connection": "close"}


def _pause(attempt: int) -> timedelta:
    return timedelta(seconds=PAUSES[min(attempt, len(PAUSES)) - 1] * random.uniform(1 - JITTER, 1 + JITTER))


def _due() -> sa.ColumnElement[bool]:
    return sa.and_(deliveries.c.status == WAITING, deliveries.c.next_at <= now())
