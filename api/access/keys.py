"""API keys: 256 bits of chance, shown once, kept only as a hash; with a role, perhaps an end, and a way to be replaced without a gap."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from api.access.roles import ROLES, Role, Scope
from api.clock import now
from api.ids import new_id
from api.store import audit
from api.store.tables import api_keys

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is kept when a key was last used: a write for every request would be dear."""


@dataclass(frozen=True)
class Caller:
    """Who asks: a key or a person logged in, for one board."""

    id: str
    board: str
    role: Role
    name: str

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
    secret = f"ojt_{secrets.token_urlsafe(32)}"
    key_id = new_id("key")
    connection.execute(
        api_keys.insert().values(
            id=key_id,
            board=board,
            name=name,
            role=role,
            prefix=secret[:10],
            digest=digest(secret),
            created_by=by,
            created_at=now(),
            expires_at=expires_at,
            replaces=replaces,
        )
    )
    audit.record(
        connection, board, by, "key.create", key_id, {"role": role, "expires_at": expires_at.isoformat() if expires_at else None, "replaces": replaces}
    )
    return key_id, secret


def find(connection: sa.Connection, secret: str) -> Caller | None:
    """Whose key this is; None where it is unknown, expired or revoked."""
    row = connection.execute(sa.select(api_keys).where(api_keys.c.digest == digest(secret))).mappings().first()
    if row is None or row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= now()):
        return None
    return Caller(row["id"], row["board"], row["role"], row["name"])


def seen(connection: sa.Connection, key_id: str) -> None:
    """Keep that a key was used."""
    connection.execute(api_keys.update().where(api_keys.c.id == key_id).values(last_used_at=now()))


def digest(secret: str) -> str:
    """What is kept of a key. A key is chance itself, so that a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()
