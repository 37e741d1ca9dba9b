"""Boards take turns in the queue; what a lost worker left is found without a mark on the worker."""

import sqlalchemy as sa
from alembic import op

revision = "0002_workers"
down_revision = "0002_sweeps"


def upgrade() -> None:
    """Give every run its turn: those that wait keep their order."""
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn", sa.Integer(), server_default="1", nullable=False))
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.drop_column("rescue_at")
