"""API keys: make, replace, end. A key is told once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.access import keys
from api.access.roles import Role, within
from api.clock import now
from api.moments import Length, Moment
from api.once import Once, OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, piece
from api.problems import ProblemError, not_found
from api.routing import Me, Router, Use
from api.store import audit
from api.store.tables import api_keys

router = Router(tags=["api-keys"])
State = Literal["active", "expired", "revoked"]
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$", description="Whose key it is, for lists and the audit trail.")]


def _not_too_late(end: datetime) -> datetime:
    if end >= LATEST:
        raise ValueError(f"a key ends before the year {LATEST.year}")
    return end


End = Annotated[Moment, AfterValidator(_not_too_late)]


class NewKey(BaseModel):
    """A key to be made, for the board of the one that makes it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "the match system", "role": "service"},
                {"name": "a visiting analyst", "role": "analyst", "expires_at": "2999-12-31T00:00:00Z"},
            ]
        },
    )

    name: Name
    role: Role
    expires_at: End | None = Field(None, description="When it ends; when the key ends that makes it, where absent.")


class Rotation(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"overlap": "PT24H"}, {"overlap": "PT0S"}]})

    overlap: Length = Field(keys.OVERLAP, ge=timedelta(0), le=timedelta(days=30), description="How long the old key stays valid, so that none is left out.")
    expires_at: End | None = Field(None, description="When the new key ends; when the old one was to end, where absent.")


USUAL = Rotation()
"""What an empty body asks for."""


class KeyDocument(BaseModel):
    """A key, without itself."""

    id: str
    name: str
    role: Role
    state: State
    prefix: str = Field(description="How the key begins, to tell it from others.")
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute, and written up to a minute late.")
    replaces: str | None = Field(description="The key in whose place it was made.")
    replaced_by: str | None = Field(description="The key that was made in its place.")


class NewKeyDocument(KeyDocument):
    """A key that was just made."""

    secret: str | None = Field(description="The key itself. It is told this once and kept nowhere: null where the answer is repeated for an Idempotency-Key.")


def _query(board: str) -> sa.Select[Any]:
    after = api_keys.alias("after")
    replaced_by = sa.select(sa.func.min(after.c.id)).where(after.c.replaces == api_keys.c.id).scalar_subquery()
    return sa.select(api_keys, replaced_by.label("replaced_by")).where(api_keys.c.board == board)


def _find(connection: sa.Connection, board: str, key_id: str) -> Mapping[str, Any]:
    row = connection.execute(_query(board).where(api_keys.c.id == key_id)).mappings().first()
    if row is None:
        raise not_found("API key", key_id)
    return dict(row)


def _state(row: Mapping[str, Any]) -> State:
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if row["expires_at"] is not None and row["expires_at"] <= now() else "active"


def _document(row: Mapping[str, Any]) -> KeyDocument:
    return KeyDocument(**{name: row[name] for name in KeyDocument.model_fields if name in row}, state=_state(row))


@router.operation("GET", "/v1/api-keys", "keys", fails=(400,))
def list_keys(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[State | None, Query(description="Only keys in this state.")] = None,
) -> Page[KeyDocument]:
    """The board's keys, newest first."""
    ended = sa.and_(api_keys.c.revoked_at.is_(None), ~keys.usable())
    conditions = {"active": keys.usable(), "expired": ended, "revoked": api_keys.c.revoked_at.is_not(None)}
    query = _query(me.board) if state is None else _query(me.board).where(conditions[state])
    with service.store.read() as connection:
        rows, following = piece(connection, query, api_keys.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[_document(row) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/api-keys/{key_id}", "keys")
def read_key(key_id: str, me: Me, service: Use) -> KeyDocument:
    """A key of the board."""
    with service.store.read() as connection:
        return _document(_find(connection, me.board, key_id))


@router.operation("POST", "/v1/api-keys", "keys", fails=(409,), status=201, response_model=NewKeyDocument)
def create_key(new: NewKey, me: Me, service: Use, once: OnceOnly) -> Response:
    """Make a key; it can do no more, and last no longer, than the one that makes it."""
    once.start(new.model_dump(mode="json"))
    end = _end(me, new.expires_at, me.expires_at)
    if not within(new.role, me.role):
        raise ProblemError("forbidden", f"The role {me.role} cannot make a key of the role {new.role}, which may more.")
    with service.store.begin() as connection:
        key_id, secret = keys.create(connection, board=me.board, role=new.role, name=new.name, by=me.actor, expires_at=end)
        return _told(connection, once, me, key_id, secret)


@router.operation("POST", "/v1/api-keys/{key_id}/rotate", "keys", fails=(409,), status=201, response_model=NewKeyDocument)
def rotate_key(key_id: str, me: Me, service: Use, once: OnceOnly, rotation: Rotation = USUAL) -> Response:
    """Put a new key in the place of one; the old one stays valid for the overlap, so that whoever uses it can change over."""
    once.start(rotation.model_dump(mode="json"))
    with service.store.begin() as connection:
        audit.lock(connection, me.board)
        old = _find(connection, me.board, key_id)
        end = _end(me, rotation.expires_at, old["expires_at"])
        if not within(old["role"], me.role):
            raise ProblemError("forbidden", f"The role {me.role} cannot replace a key of the role {old['role']}, which may more.")
        if _state(old) != "active" or old["replaced_by"] is not None:
            said = f"was replaced by {old['replaced_by']!r}" if old["replaced_by"] else f"is {_state(old)}"
            raise ProblemError("conflict", f"API key {key_id!r} {said}, and cannot be replaced.")
        new_id, secret = keys.rotate(connection, old, by=me.actor, expires_at=end, overlap=rotation.overlap)
        return _told(connection, once, me, new_id, secret)


@router.operation("DELETE", "/v1/api-keys/{key_id}", "keys", fails=(409,), status=204)
def revoke_key(key_id: str, me: Me, service: Use) -> None:
    """End a key at once, with every login to the pages that it was used for. Harmless where it has ended."""
    with service.store.begin() as connection:
        audit.lock(connection, me.board)
        key = _find(connection, me.board, key_id)
        if not within(key["role"], me.role):
            raise ProblemError("forbidden", f"The role {me.role} cannot end a key of the role {key['role']}, which may more.")
        if key_id == me.id and _last_admin(connection, key):
            raise ProblemError("conflict", "This is the board's last key that can make keys; make another before it ends itself.")
        keys.revoke(connection, key, by=me.actor)


def _last_admin(connection: sa.Connection, key: Mapping[str, Any]) -> bool:
    """Whether no other admin's key of the board is good and going to stay."""
    after = api_keys.alias("after")
    stays = ~sa.exists().where(after.c.replaces == api_keys.c.id)
    others = sa.and_(api_keys.c.board == key["board"], api_keys.c.role == "admin", api_keys.c.id != key["id"], keys.usable(), stays)
    return key["role"] == "admin" and connection.execute(sa.select(sa.func.count()).select_from(api_keys).where(others)).scalar_one() == 0


def _end(me: keys.Caller, asked: datetime | None, otherwise: datetime | None) -> datetime | None:
    """When a new key ends; ProblemError where that is past, or after the end of the key that makes it."""
    end = asked or otherwise
    if end is not None and end <= now():
        raise ProblemError("conflict", "The key would have ended before it began.")
    limit = None if me.session and me.id.startswith("person_") else me.expires_at
    if limit is not None and end is None:
        return limit
    if limit is not None and end is not None and end > limit:
        raise ProblemError("forbidden", f"This key ends at {limit.isoformat()}; it cannot make one that ends later.")
    return end


def _told(connection: sa.Connection, once: Once, me: keys.Caller, key_id: str, secret: str) -> JSONResponse:
    """The answer with the key; what is kept for a repetition is without it."""
    document = _document(_find(connection, me.board, key_id)).model_dump(mode="json")
    place = f"/v1/api-keys/{key_id}"
    once.keep(connection, answered({**document, "secret": None}, location=place))
    return answered({**document, "secret": secret}, location=place)
