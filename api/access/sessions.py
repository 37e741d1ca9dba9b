"""Logins to the pages: a row in the store, and a cookie that names it and is signed, so that what was made up never reaches the store.

A login of a key ends with the key; one of a person, who came through an issuer, after its time. Logging out ends the row, so that a copied cookie is
worth nothing afterwards. Each login is a new row: none is ever taken over from before.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from api.access import keys
from api.access.keys import Caller
from api.access.roles import Role
from api.clock import now
from api.ids import new_id
from api.store import audit
from api.store.tables import people, sessions


def of_key(connection: sa.Connection, key: Caller, life: timedelta) -> str:
    """Begin a login of a key; its id."""
    return _begun(connection, key, life, {"how": "key"}, key_id=key.id)


def of_person(connection: sa.Connection, *, issuer: str, subject: str, name: str, role: Role, board: str, life: timedelta) -> str:
    """Begin a login of a person whom an issuer vouches for; its id."""
    who = sa.and_(people.c.board == board, people.c.issuer == issuer, people.c.subject == subject)
    audit.lock(connection, board)
    person_id = connection.execute(sa.select(people.c.id).where(who)).scalar()
    if person_id is None:
        person_id = new_id("person")
        connection.execute(people.insert().values(id=person_id, board=board, issuer=issuer, subject=subject, name=name, created_at=now(), seen_at=now()))
    else:
        connection.execute(people.update().where(who).values(name=name, seen_at=now()))
    return _begun(connection, Caller(str(person_id), board, role, name), life, {"how": "oidc", "role": role}, person_id=person_id)


def find(connection: sa.Connection, session_id: str) -> Caller | None:
    """Who a login speaks for; None where it has ended, by itself or with its key."""
    open_ = sa.and_(sessions.c.id == session_id, sessions.c.ended_at.is_(None), sessions.c.expires_at > now())
    row = connection.execute(sa.select(sessions, people.c.name).outerjoin(people, people.c.id == sessions.c.person_id).where(open_)).mappings().first()
    if row is None:
        return None
    if row["key_id"] is not None:
        key = keys.by_id(connection, row["key_id"])
        return None if key is None else replace(key, session=session_id)
    return Caller(row["person_id"], row["board"], row["role"], row["name"], row["expires_at"], session_id)


def end(connection: sa.Connection, caller: Caller) -> None:
    """End the login that a caller came by."""
    mine = sa.and_(sessions.c.id == caller.session, sessions.c.ended_at.is_(None))
    if connection.execute(sessions.update().where(mine).values(ended_at=now())).rowcount == 1:
        audit.record(connection, caller.board, caller.actor, "session.end", str(caller.session))


def signed(secret: str, value: str) -> str:
    """A value that can be told from a made-up one."""
    return f"{value}.{_signature(secret, value)}"


def read(secret: str, told: str) -> str | None:
    """The value of what `signed` made; None where it made no such thing."""
    value, _, signature = told.rpartition(".")
    return value if hmac.compare_digest(_signature(secret, value).encode(), signature.encode()) else None


def _signature(secret: str, value: str) -> str:
    return hmac.new(secret.encode(), value.encode(), hashlib.sha256).hexdigest()


def _begun(connection: sa.Connection, who: Caller, life: timedelta, detail: dict[str, Any], **of: Any) -> str:
    moment, session_id = now(), new_id("session")
    connection.execute(sessions.insert().values(id=session_id, board=who.board, role=who.role, created_at=moment, expires_at=moment + life, **of))
    audit.record(connection, who.board, who.actor, "session.begin", session_id, detail)
    return session_id
