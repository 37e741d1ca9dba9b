"""Webhooks have a secret before, deliveries an end of trying, sweeps an end."""

import sqlalchemy as sa
from alembic import op

import api.store.tables

revision = "0002_sweeps"
down_revision = "0002_datasets"


def upgrade() -> None:
    """Add columns and indexes."""
    with op.batch_alter_table("webhooks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("previous_secret", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("previous_until", api.store.tables.Moment(timezone=True), nullable=True))
        batch_op.create_index("ix_webhooks_board_id", ["board", "id"], unique=False)
    with op.batch_alter_table("sweeps", schema=None) as batch_op:
        batch_op.add_column(sa.Column("finished_at", api.store.tables.Moment(timezone=True), nullable=True))
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("until", api.store.tables.Moment(timezone=True), nullable=True))
        batch_op.create_index("ix_deliveries_webhook_id", ["webhook_id"], unique=False)
