"""what metrics and canary need."""

import sqlalchemy as sa
from alembic import op

import api.store.tables

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the gap of runs, the people they left unplaced, and the canary."""
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gap", sa.Float(), nullable=True))
        measured = ["board", "status", "outcome", "stop_reason", "created_at", "started_at", "finished_at", "gap"]
        batch_op.create_index("ix_runs_measured", measured, unique=False)
    op.create_table(
        "run_unplaced",
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_unplaced_run_id")),
        sa.PrimaryKeyConstraint("reason", "run_id", name=op.f("pk_run_unplaced")),
    )
    op.create_table(
        "canaries",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("due", api.store.tables.Moment(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(length=64), nullable=True),
        sa.Column("started_at", api.store.tables.Moment(timezone=True), nullable=False),
        sa.Column("finished_at", api.store.tables.Moment(timezone=True), nullable=True),
        sa.Column("sound", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canaries")),
        sa.UniqueConstraint("due", name=op.f("uq_canaries_due")),
    )
