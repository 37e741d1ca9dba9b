"""Nights are carried on by whoever comes to them; no worker is written down."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Take out the column that nothing reads or writes."""
    with op.batch_alter_table("occurrences", schema=None) as batch_op:
        batch_op.drop_column("worker_id")
