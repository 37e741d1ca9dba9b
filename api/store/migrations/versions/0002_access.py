"""heads of audit trails, people and sessions."""

import sqlalchemy as sa
from alembic import op

import api.store.tables

revision = "0002"
down_revision = "0001"

MOMENT = api.store.tables.Moment(timezone=True)


def upgrade() -> None:
    """Make the tables; the head of a trail that there is already is its last row."""
    op.create_table(
        "audit_heads",
        sa.Column("board", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("board", name=op.f("pk_audit_heads")),
    )
    op.execute(
        "INSERT INTO audit_heads (board, seq, hash) SELECT board, seq, hash FROM audit AS last "
        "WHERE seq = (SELECT max(seq) FROM audit WHERE audit.board = last.board)"
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("board", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("board", "issuer", "subject", name=op.f("uq_people_board_issuer_subject")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("board", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=True),
        sa.Column("person_id", sa.String(length=64), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_sessions_key_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_api_keys_board_id", "api_keys", ["board", "id"])
    op.create_index("ix_audit_board_actor", "audit", ["board", "actor", "seq"])
    op.create_index("ix_audit_board_object", "audit", ["board", "object", "seq"])
