"""Which files of a dataset are never given out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; null for datasets that were kept before."""
    with op.batch_alter_table("datasets") as batch:
        batch.add_column(sa.Column("withheld", sa.JSON(none_as_null=True), nullable=True))
