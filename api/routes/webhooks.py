"""Webhooks: who is told of what, what was sent, and whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from allocator import Fault, InputError
from api.access.keys import Caller
from api.clock import now
from api.ids import new_id
from api.jobs import webhooks as life
from api.jobs.webhooks import Event
from api.once import Once, OnceOnly, answered
from api.outward import RefusedError, target
from api.paging import Cursor, Limit, Page, linked, piece
from api.problems import ProblemError, not_found
from api.routing import Me, Router, Use
from api.service import Service
from api.store import audit
from api.store.tables import deliveries, webhooks

router = Router(tags=["webhooks"])
MOST = 50
"""Webhooks of one board."""
WebhookId = Annotated[str, Path(max_length=64, pattern=r"^\w+$")]
DeliveryId = Annotated[str, Path(max_length=64, pattern=r"^\w+$")]
Url = Annotated[str, Field(max_length=2000, description="Where to send to; its host must be one that `OJT_WEBHOOK_HOSTS` allows.")]
Events = Annotated[list[Event], Field(min_length=1, max_length=50, description="What to tell of.")]


class NewWebhook(BaseModel):
    """A webhook to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"url": "https://hooks.example.org/ojt", "events": ["publication.created", "occurrence.held"]}]}
    )

    url: Url
    events: Events

    @field_validator("events")
    @classmethod
    def _once_each(cls, events: list[Event]) -> list[Event]:
        return list(dict.fromkeys(events))


class WebhookChange(BaseModel):
    """What to change of a webhook; what is absent stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"events": ["run.finished"], "enabled": True}]})

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = Field(None, description="False sends nothing more; true begins again, also after a receiver answered 410.")


class WebhookDocument(BaseModel):
    """A webhook."""

    id: str
    url: str
    events: list[Event]
    enabled: bool
    disabled_at: datetime | None = Field(description="When it was switched off, by hand or because its receiver answered 410.")
    previous_until: datetime | None = Field(description="Until when messages are signed with the secret before, too.")
    created_by: str
    created_at: datetime
    links: dict[str, str]


class WebhookWithSecret(WebhookDocument):
    """A webhook with its secret, which is shown this once."""

    secret: str | None = Field(description="Signs messages as Standard Webhooks 1.0 says: HMAC-SHA256 over `id.timestamp.body`. Null in a repeated answer.")


class DeliveryDocument(BaseModel):
    """A message to a webhook: what it says, and what became of it."""

    id: str = Field(description="The `webhook-id` of every attempt.")
    webhook_id: str
    event: str
    status: Literal["waiting", "delivered", "failed"]
    attempts: int
    answered: int | None = Field(description="HTTP status of the last answer; null where there was none.")
    error: str | None
    body: dict[str, Any]
    created_at: datetime
    next_at: datetime | None = Field(description="When it is tried next.")
    until: datetime | None = Field(description="When trying ends.")
    delivered_at: datetime | None
    links: dict[str, str]


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook's row as its document."""
    me = f"/v1/webhooks/{row['id']}"
    told = {name: row[name] for name in WebhookDocument.model_fields if name in row}
    until = row["previous_until"]
    told |= {"previous_until": until if until is not None and until > now() else None}
    return WebhookDocument(**told, enabled=row["disabled_at"] is None, links={"self": me, "deliveries": f"{me}/deliveries"}).model_dump(mode="json")


def find(connection: sa.Connection, board: str, webhook_id: str) -> Mapping[str, Any]:
    """A webhook of a board; ProblemError where there is none."""
    row = connection.execute(sa.select(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.board == board)).mappings().first()
    if row is None:
        raise not_found("webhook", webhook_id)
    return dict(row)


def _delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    hook = f"/v1/webhooks/{row['webhook_id']}"
    told = {name: row[name] for name in DeliveryDocument.model_fields if name in row}
    return DeliveryDocument(**told, links={"self": f"{hook}/deliveries/{row['id']}", "webhook": hook}).model_dump(mode="json")


def _find_delivery(connection: sa.Connection, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    row = connection.execute(sa.select(deliveries).where(deliveries.c.id == delivery_id, deliveries.c.webhook_id == webhook_id)).mappings().first()
    if row is None:
        raise not_found("delivery", delivery_id)
    return dict(row)


def _require_allowed(service: Service, url: str) -> str:
    """The host of a URL that may be sent to; InputError where it may not."""
    try:
        return target(url, service.settings.webhook_hosts).host
    except RefusedError as error:
        fix = "Let whoever runs the service add the host to OJT_WEBHOOK_HOSTS, or choose another."
        raise InputError([Fault("host_not_allowed", str(error), fix, column="url")]) from None


@router.operation("POST", "/v1/webhooks", "webhooks", fails=(409,), status=201, response_model=WebhookWithSecret)
def create(new: NewWebhook, me: Me, service: Use, once: OnceOnly) -> Response:
    """Tell a place of events from now on. The secret is in this answer and nowhere else."""
    host = _require_allowed(service, new.url)
    once.start(new.model_dump(mode="json"))
    with service.store.begin() as connection:
        if connection.execute(sa.select(sa.func.count()).where(webhooks.c.board == me.board)).scalar_one() >= MOST:
            raise ProblemError("conflict", f"A board has {MOST} webhooks at most; delete one first.")
        webhook_id, secret = new_id("webhook"), life.new_secret()
        row = {"id": webhook_id, "board": me.board, "url": new.url, "secret": secret, "events": new.events, "created_by": me.id, "created_at": now()}
        connection.execute(webhooks.insert().values(**row))
        audit.record(connection, me.board, me.actor, "webhook.create", webhook_id, {"host": host, "events": new.events})
        return _told(connection, once, me, webhook_id, secret, 201)


@router.operation("GET", "/v1/webhooks", "webhooks", fails=(400,))
def list_webhooks(request: Request, response: Response, me: Me, service: Use, limit: Limit = 100, cursor: Cursor = None) -> Page[WebhookDocument]:
    """Webhooks, newest first."""
    with service.store.read() as connection:
        rows, following = piece(connection, sa.select(webhooks).where(webhooks.c.board == me.board), webhooks.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[WebhookDocument(**document(row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/webhooks/{webhook_id}", "webhooks", response_model=WebhookDocument)
def read(webhook_id: WebhookId, me: Me, service: Use) -> Response:
    """A webhook, without its secret."""
    with service.store.read() as connection:
        return JSONResponse(document(find(connection, me.board, webhook_id)))


@router.operation("PATCH", "/v1/webhooks/{webhook_id}", "webhooks", response_model=WebhookDocument)
def change(webhook_id: WebhookId, asked: WebhookChange, me: Me, service: Use) -> Response:
    """Change where or of what it tells, or switch it off and on."""
    values: dict[str, Any] = {} if asked.events is None else {"events": list(dict.fromkeys(asked.events))}
    detail: dict[str, Any] = dict(values)
    if asked.url is not None:
        detail["host"] = _require_allowed(service, asked.url)
        values["url"] = asked.url
    with service.store.begin() as connection:
        row = find(connection, me.board, webhook_id)
        if asked.enabled is not None and asked.enabled != (row["disabled_at"] is None):
            values["disabled_at"] = None if asked.enabled else now()
            detail["enabled"] = asked.enabled
        if values:
            connection.execute(webhooks.update().where(webhooks.c.id == webhook_id).values(**values))
            audit.record(connection, me.board, me.actor, "webhook.change", webhook_id, detail)
        return JSONResponse(document(find(connection, me.board, webhook_id)))


@router.operation("DELETE", "/v1/webhooks/{webhook_id}", "webhooks", status=204, response_class=Response)
def delete(webhook_id: WebhookId, me: Me, service: Use) -> None:
    """Tell it nothing more, and forget what was sent to it."""
    with service.store.begin() as connection:
        find(connection, me.board, webhook_id)
        connection.execute(sa.select(webhooks.c.id).where(webhooks.c.id == webhook_id).with_for_update())  # deliveries that are being written come first
        connection.execute(deliveries.delete().where(deliveries.c.webhook_id == webhook_id))
        connection.execute(webhooks.delete().where(webhooks.c.id == webhook_id))
        audit.record(connection, me.board, me.actor, "webhook.delete", webhook_id)


@router.operation("POST", "/v1/webhooks/{webhook_id}/rotate", "webhooks", fails=(409,), response_model=WebhookWithSecret)
def rotate(webhook_id: WebhookId, me: Me, service: Use, once: OnceOnly) -> Response:
    """A new secret. For a day messages have two signatures, one with the secret before, so that the receiver can change over without a gap."""
    once.start({"webhook": webhook_id})
    with service.store.begin() as connection:
        row, secret = find(connection, me.board, webhook_id), life.new_secret()
        values = {"secret": secret, "previous_secret": row["secret"], "previous_until": now() + life.OVERLAP}
        connection.execute(webhooks.update().where(webhooks.c.id == webhook_id).values(**values))
        audit.record(connection, me.board, me.actor, "webhook.rotate", webhook_id)
        return _told(connection, once, me, webhook_id, secret, 200)


@router.operation("POST", "/v1/webhooks/{webhook_id}/ping", "webhooks", fails=(409,), status=202, response_model=DeliveryDocument)
def ping(webhook_id: WebhookId, me: Me, service: Use) -> Response:
    """Send a test message of the type `ping`; its delivery says whether it arrived."""
    with service.store.begin() as connection:
        if find(connection, me.board, webhook_id)["disabled_at"] is not None:
            raise ProblemError("conflict", f"Webhook {webhook_id!r} is switched off.")
        delivery_id = life.add(connection, service.queue, me.board, webhook_id, life.PING, {"webhook": f"/v1/webhooks/{webhook_id}"})
        audit.record(connection, me.board, me.actor, "webhook.ping", webhook_id)
        told = _delivery(_find_delivery(connection, webhook_id, delivery_id))
    return JSONResponse(told, 202, {"Location": told["links"]["self"]})


@router.operation("GET", "/v1/webhooks/{webhook_id}/deliveries", "webhooks", fails=(400,))
def list_deliveries(
    webhook_id: WebhookId,
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    status: Literal["waiting", "delivered", "failed"] | None = None,
) -> Page[DeliveryDocument]:
    """What was and will be sent to a webhook, newest first."""
    with service.store.read() as connection:
        find(connection, me.board, webhook_id)
        query = sa.select(deliveries).where(deliveries.c.webhook_id == webhook_id)
        rows, following = piece(connection, query if status is None else query.where(deliveries.c.status == status), deliveries.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[DeliveryDocument(**_delivery(row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", "webhooks", response_model=DeliveryDocument)
def read_delivery(webhook_id: WebhookId, delivery_id: DeliveryId, me: Me, service: Use) -> Response:
    """One message, and what became of it."""
    with service.store.read() as connection:
        find(connection, me.board, webhook_id)
        return JSONResponse(_delivery(_find_delivery(connection, webhook_id, delivery_id)))


@router.operation("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", "webhooks", fails=(409,), status=202, response_model=DeliveryDocument)
def resend(webhook_id: WebhookId, delivery_id: DeliveryId, me: Me, service: Use) -> Response:
    """Send a message once more, now; it keeps its id, so that a receiver that has it already knows it again."""
    with service.store.begin() as connection:
        if find(connection, me.board, webhook_id)["disabled_at"] is not None:
            raise ProblemError("conflict", f"Webhook {webhook_id!r} is switched off.")
        _find_delivery(connection, webhook_id, delivery_id)
        life.again(connection, delivery_id)
        audit.record(connection, me.board, me.actor, "webhook.resend", webhook_id, {"delivery": delivery_id})
        told = _delivery(_find_delivery(connection, webhook_id, delivery_id))
    return JSONResponse(told, 202, {"Location": told["links"]["self"]})


def _told(connection: sa.Connection, once: Once, me: Caller, webhook_id: str, secret: str, status: int) -> Response:
    """The answer with the secret; what is kept for a repetition is without it."""
    shown, place = document(find(connection, me.board, webhook_id)), f"/v1/webhooks/{webhook_id}" if status == 201 else None
    once.keep(connection, answered({**shown, "secret": None}, status, location=place))
    return answered({**shown, "secret": secret}, status, location=place)
