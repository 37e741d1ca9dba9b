"""Which files of a dataset are never given out.

Revision ID: 0002_datasets
Revises: 0002_access
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_datasets"
down_revision = "0002_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; null for datasets that were kept before."""
    with op.batch_alter_table("datasets") as batch:
        batch.add_column(sa.Column("withheld", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take it away."""
    with op.batch_alter_table("datasets") as batch:
        batch.drop_column("withheld")
