"""How Alembic reaches the store: on the connection it is given, in batches, because SQLite cannot change a table in place."""

from __future__ import annotations

from alembic import context

from api.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, include_name=lambda name, kind, _: kind != "table" or name in metadata.tables
)
with context.begin_transaction():
    context.run_migrations()
