"""Secrets that the service makes for itself and keeps in the store, where the settings name none."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from api.clock import now
from api.store.engine import Store
from api.store.tables import secrets as kept


def own_secret(store: Store, name: str) -> str:
    """The secret of a name; of several processes that make it at once, one is first and all get its."""
    query = sa.select(kept.c.value).where(kept.c.name == name)
    with store.read() as connection:
        found = connection.execute(query).scalar()
    if found is not None:
        return str(found)
    with store.begin() as connection:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(insert(kept).values(name=name, value=secrets.token_urlsafe(32), created_at=now()).on_conflict_do_nothing())
        return str(connection.execute(query).scalar_one())
