"""The tables of the store. Every row that belongs to somebody names its board; nothing is read without it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

CANARY = "canary"
"""The board of the canary's runs."""


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite, which knows no time zones, keeps it without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC) if dialect.name != "sqlite" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _id() -> Column[str]:
    return Column("id", String(64), primary_key=True)


def _board() -> Column[str]:
    return Column("board", String(64), nullable=False)


def _moment(name: str, *, required: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=not required)


def _text(name: str, *, required: bool = True, default: str | None = None) -> Column[str]:
    return Column(name, sa.Text, nullable=not required, server_default=default)


def _json(name: str, *, required: bool = True) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=not required)


def _of(name: str, table: str, *, required: bool = True) -> Column[str]:
    return Column(name, String(64), ForeignKey(f"{table}.id"), nullable=not required)


blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    _moment("created_at", required=True),
)
"""Contents of files, kept once whatever refers to them."""

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _board(),
    _text("name"),
    Column("role", String(16), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("expires_at"),
    _moment("revoked_at"),
    _moment("last_used_at"),
    _of("replaces", "api_keys", required=False),
    Index("ix_api_keys_board_id", "board", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("board", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    _moment("at", required=True),
    _text("actor"),
    Column("action", String(64), nullable=False),
    _text("object"),
    _json("detail"),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_board_actor", "board", "actor", "seq"),
    Index("ix_audit_board_object", "board", "object", "seq"),
)
"""What was changed by whom; each row holds the hash of the one before it."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("board", String(64), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""The last row of each board's trail. The next row follows this and not the last one there is, so that a trail cut short is never mended by writing on."""

people = Table(
    "people",
    metadata,
    _id(),
    _board(),
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    _text("name"),
    _moment("created_at", required=True),
    _moment("seen_at", required=True),
    UniqueConstraint("board", "issuer", "subject"),
)
"""Users who logged in through an issuer of OpenID Connect."""

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _board(),
    Column("key_id", String(64), ForeignKey("api_keys.id"), nullable=True),
    Column("person_id", String(64), ForeignKey("people.id"), nullable=True),
    Column("role", String(16), nullable=False),
    _moment("created_at", required=True),
    _moment("expires_at", required=True),
    _moment("ended_at"),
    Index("ix_sessions_expires_at", "expires_at"),
)
"""Logins to the pages: each of a key, with which it ends, or of a person."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("board", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    _text("operation"),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=True),
    _json("headers", required=False),
    _json("body", required=False),
    _moment("created_at", required=True),
)
"""Answers to creating requests; without a status, one that is still being worked on."""

datasets = Table(
    "datasets",
    metadata,
    _id(),
    _board(),
    _text("name"),
    Column("digest", String(64), nullable=False),
    Column("as_of", sa.Date, nullable=False),
    _json("files"),
    _json("counts"),
    Column("errors", Integer, nullable=False),
    Column("warnings", Integer, nullable=False),
    _json("withheld", required=False),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("purged_at"),
    Index("ix_datasets_board_id", "board", "id"),
)
"""
Uploads, never changed; `files` are names with the hash of their contents, `counts` records by table, `withheld` the files that are never given out; all
of them where it is null.
"""

dataset_issues = Table(
    "dataset_issues",
    metadata,
    Column("dataset_id", String(64), ForeignKey("datasets.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    _json("fault"),
)

scenarios = Table(
    "scenarios",
    metadata,
    _id(),
    _board(),
    Column("version", Integer, nullable=False),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("updated_at", required=True),
    _moment("archived_at"),
    Index("ix_scenarios_board_id", "board", "id"),
)

scenario_versions = Table(
    "scenario_versions",
    metadata,
    Column("scenario_id", String(64), ForeignKey("scenarios.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    _text("name"),
    _of("dataset_id", "datasets"),
    _of("base_id", "scenarios", required=False),
    Column("base_version", Integer, nullable=True),
    _json("layers"),
    _json("changes"),
    _text("note"),
    _json("tags"),
    _text("created_by"),
    _moment("created_at", required=True),
)
"""What a scenario said at each version: `changes` are its own, `layers` those of its bases, first to last, so that a version says all by itself."""

runs = Table(
    "runs",
    metadata,
    _id(),
    _board(),
    Column("kind", String(16), nullable=False),
    _of("scenario_id", "scenarios"),
    Column("scenario_version", Integer, nullable=False),
    _of("dataset_id", "datasets"),
    Column("sweep_id", String(64), ForeignKey("sweeps.id"), nullable=True),
    _of("reference_run", "runs", required=False),
    Column("occurrence_id", String(64), nullable=True),
    _json("job"),
    Column("status", String(16), nullable=False),
    Column("outcome", String(16), nullable=True),
    Column("stop_reason", String(32), nullable=True),
    Column("verified", Boolean, nullable=False, server_default=sa.false()),
    Column("gap", sa.Float, nullable=True),
    _json("error", required=False),
    _json("progress", required=False),
    _json("summary", required=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("turn", Integer, nullable=False, server_default="1"),
    Column("worker_id", String(64), nullable=True),
    _text("note", default=""),
    _json("tags"),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("started_at"),
    _moment("heartbeat_at"),
    _moment("last_improvement_at"),
    _moment("cancel_requested_at"),
    _moment("finished_at"),
    _moment("purged_at"),
    Index("ix_runs_board_id", "board", "id"),
    Index("ix_runs_status", "status"),
    Index("ix_runs_sweep_id", "sweep_id"),
    Index("ix_runs_occurrence_id", "occurrence_id"),
    Index("ix_runs_measured", "board", "status", "outcome", "stop_reason", "created_at", "started_at", "finished_at", "gap"),
)
"""
Runs. `attempts` counts how often one was begun, and is the token that fences writers: only the latest attempt may write. `deaths` counts the attempts
that ended with the death of their solver. `turn` is its place in the queue: boards take turns, so that none waits behind all that another has sent.
`gap` is the largest relative gap of any goal at the end. `ix_runs_measured` is all that the metrics look at.
"""

run_files = Table(
    "run_files",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False),
)

run_unplaced = Table(
    "run_unplaced",
    metadata,
    Column("reason", String(32), primary_key=True),
    Column("run_id", String(64), ForeignKey("runs.id"), primary_key=True),
    Column("people", Integer, nullable=False),
)
"""People without a slot in a run's plan, by reason; for the metrics, which cannot open every result."""

run_events = Table(
    "run_events",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", String(16), nullable=False),
    _json("data"),
    _moment("at", required=True),
)

sweeps = Table(
    "sweeps",
    metadata,
    _id(),
    _board(),
    _of("scenario_id", "scenarios"),
    Column("scenario_version", Integer, nullable=False),
    _json("axes"),
    _json("terms"),
    _text("note", default=""),
    _json("tags"),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("cancel_requested_at"),
    _moment("finished_at"),
    Index("ix_sweeps_board_id", "board", "id"),
)
"""Sweeps. How one stands follows from the runs that are its parts; `finished_at` is when the last of them came to its end."""

studies = Table(
    "studies",
    metadata,
    _id(),
    _board(),
    Column("kind", String(16), nullable=False),
    _text("title"),
    _json("runs"),
    _of("sweep_id", "sweeps", required=False),
    _json("view"),
    _text("created_by"),
    _moment("created_at", required=True),
    Index("ix_studies_board_id", "board", "id"),
)
"""Questions put to the pages and kept: `runs` side by side, the base first, or a sweep; `view` is what else the page's address says."""

workers = Table(
    "workers",
    metadata,
    _id(),
    _text("host"),
    Column("pid", Integer, nullable=False),
    Column("solvers", Integer, nullable=False),
    _moment("started_at", required=True),
    _moment("heartbeat_at", required=True),
    _moment("left_at"),
    _moment("lost_at"),
)
"""Worker processes: `left_at` where one ended as asked, `lost_at` where it died or fell silent."""

schedules = Table(
    "schedules",
    metadata,
    _id(),
    _board(),
    _text("name"),
    Column("version", Integer, nullable=False),
    _json("document"),
    Column("paused", Boolean, nullable=False, server_default=sa.false()),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("updated_at", required=True),
    _moment("planned_to", required=True),
    _moment("archived_at"),
    UniqueConstraint("board", "name"),
)
"""`planned_to` is the moment up to which every occurrence has its row."""

occurrences = Table(
    "occurrences",
    metadata,
    _id(),
    _board(),
    _of("schedule_id", "schedules"),
    Column("night", sa.Date, nullable=False),
    _moment("scheduled_for", required=True),
    Column("trigger", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("result", String(16), nullable=True),
    _json("reason", required=False),
    Column("dataset_id", String(64), ForeignKey("datasets.id"), nullable=True),
    Column("run_id", String(64), ForeignKey("runs.id"), nullable=True),
    _json("gates", required=False),
    _json("log"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _moment("created_at", required=True),
    _moment("started_at"),
    _moment("finished_at"),
    UniqueConstraint("schedule_id", "scheduled_for"),
    Index("ix_occurrences_board_id", "board", "id"),
)
"""One row for each time a schedule is due: `status` waiting, running, held (for review), finished; `result` published, skipped, failed."""

publications = Table(
    "publications",
    metadata,
    _id(),
    _board(),
    Column("schedule_id", String(64), ForeignKey("schedules.id"), nullable=True),
    _moment("scheduled_for"),
    Column("occurrence_id", String(64), ForeignKey("occurrences.id"), nullable=True),
    _of("run_id", "runs"),
    Column("previous_id", String(64), ForeignKey("publications.id"), nullable=True),
    _json("summary"),
    _text("note", default=""),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("withdrawn_at"),
    Column("withdrawn_by", sa.Text, nullable=True),
    UniqueConstraint("schedule_id", "scheduled_for"),
    Index("ix_publications_board_id", "board", "id"),
)
"""What was published, once for each due time."""

webhooks = Table(
    "webhooks",
    metadata,
    _id(),
    _board(),
    _text("url"),
    _text("secret"),
    Column("previous_secret", sa.Text, nullable=True),
    _moment("previous_until"),
    _json("events"),
    _text("created_by"),
    _moment("created_at", required=True),
    _moment("disabled_at"),
    Index("ix_webhooks_board_id", "board", "id"),
)
"""Who is told of what. `previous_secret` signs beside `secret` until `previous_until`."""

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _board(),
    _of("webhook_id", "webhooks"),
    Column("event", String(64), nullable=False),
    _json("body"),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("answered", Integer, nullable=True),
    Column("error", sa.Text, nullable=True),
    _moment("created_at", required=True),
    _moment("next_at"),
    _moment("until"),
    _moment("delivered_at"),
    Index("ix_deliveries_status_next_at", "status", "next_at"),
    Index("ix_deliveries_webhook_id", "webhook_id"),
)
"""Messages to webhooks: `status` waiting, delivered, failed; a waiting one is due at `next_at`, and given up after `until`."""

canaries = Table(
    "canaries",
    metadata,
    _id(),
    _moment("due", required=True),
    Column("run_id", String(64), nullable=True),
    _moment("started_at", required=True),
    _moment("finished_at"),
    Column("sound", Boolean, nullable=True),
    _text("reason", default=""),
    UniqueConstraint("due"),
)
"""
Small allocations run from end to end to see that everything works: one for each due moment, whichever worker was first. `sound` says whether the
known answer came out. Their runs are deleted once they are judged; dataset and scenario serve the next ones, too.
"""

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    _text("value"),
    _moment("created_at", required=True),
)
"""What the service made for itself and must keep, such as what signs its cookies."""
