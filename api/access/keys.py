"""API keys: 256 bits of chance, shown once, kept only as a hash; with a role, perhaps an end, and a way to be replaced without a gap.

A key is found by its hash through an index. How long that takes may tell something of hashes, but nothing of keys: to use it, one would have to find
keys whose hashes begin as wished, which is as hard as guessing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from api.access.roles import ROLES, Role, Scope
from api.clock import now
from api.ids import new_id
from api.store import audit
from api.store.tables import api_keys

OVERLAP = timedelta(hours=24)
"""How long a replaced key stays valid where nothing else is said."""


@dataclass(frozen=True)
class Caller:
    """Who asks: a key or a person logged in, for one board."""

    id: str
    board: str
    role: Role
    name: str
    expires_at: datetime | None = None
    session: str | None = None
    """The login to the pages that speaks for the key or the person; None where the key was sent itself."""

    @property
    def actor(self) -> str:
        """How the audit trail names the caller."""
        return self.id

    def may(self, scope: Scope) -> bool:
        """Whether the role has the scope."""
        return scope in ROLES[self.role]


def create(
    connection: sa.Connection,
    *,
    board: str,
    role: Role,
    name: str,
    by: str,
    expires_at: datetime | None = None,
    replaces: str | None = None,
) -> tuple[str, str]:
    """Make a key; its id, and the key itself, which is kept nowhere."""
    key_id, secret = _made(connection, board=board, role=role, name=name, created_by=by, expires_at=expires_at, replaces=replaces)
    audit.record(connection, board, by, "key.create", key_id, {"role": role, "expires_at": _iso(expires_at), "replaces": replaces})
    return key_id, secret


def rotate(connection: sa.Connection, old: Mapping[str, Any], *, by: str, expires_at: datetime | None, overlap: timedelta = OVERLAP) -> tuple[str, str]:
    """Put a new key in the place of one, which stays valid for the overlap; the new one's id, and itself."""
    told = {"board": old["board"], "role": old["role"], "name": old["name"], "replaces": old["id"]}
    key_id, secret = _made(connection, **told, created_by=by, expires_at=expires_at)
    end = now() + overlap
    until = end if old["expires_at"] is None else min(end, old["expires_at"])
    connection.execute(api_keys.update().where(api_keys.c.id == old["id"]).values(expires_at=until))
    detail = {"new": key_id, "role": old["role"], "expires_at": _iso(expires_at), "old_until": _iso(until)}
    audit.record(connection, old["board"], by, "key.rotate", old["id"], detail)
    return key_id, secret


def revoke(connection: sa.Connection, key: Mapping[str, Any], *, by: str) -> bool:
    """End a key at once, and every login with it; whether it was not revoked before."""
    mine = sa.and_(api_keys.c.id == key["id"], api_keys.c.revoked_at.is_(None))
    changed = connection.execute(api_keys.update().where(mine).values(revoked_at=now())).rowcount == 1
    if changed:
        audit.record(connection, key["board"], by, "key.revoke", key["id"])
    return changed


def usable() -> sa.ColumnElement[bool]:
    """Keys that are neither revoked nor expired, as a condition."""
    return sa.and_(api_keys.c.revoked_at.is_(None), sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now()))


def find(connection: sa.Connection, secret: str) -> Caller | None:
    """Whose key this is; None where it is unknown, expired or revoked."""
    return _caller(connection, api_keys.c.digest == digest(secret))


def by_id(connection: sa.Connection, key_id: str) -> Caller | None:
    """Who a key of that id is; None where it is unknown, expired or revoked."""
    return _caller(connection, api_keys.c.id == key_id)


def digest(secret: str) -> str:
    """What is kept of a key. A key is chance itself, so that a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _caller(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Caller | None:
    row = connection.execute(sa.select(api_keys).where(which, usable())).mappings().first()
    return None if row is None else Caller(row["id"], row["board"], row["role"], row["name"], row["expires_at"])


def _made(connection: sa.Connection, **values: Any) -> tuple[str, str]:
    secret, key_id = f"ojt_{secrets.token_urlsafe(32)}", new_id("key")
    connection.execute(api_keys.insert().values(id=key_id, prefix=secret[:10], digest=digest(secret), created_at=now(), **values))
    return key_id, secret


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
