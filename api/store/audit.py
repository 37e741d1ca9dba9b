"""The audit trail: one row for each change, in the same transaction, each holding the hash of the one before it.

A row changed, removed or put in later breaks the chain, and `broken` says where. Rows name who, what and which object; they hold no personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from api.clock import now
from api.store.tables import audit

START = "0" * 64
"""What the first row of a board follows."""


def record(connection: sa.Connection, board: str, actor: str, action: str, thing: str, detail: Mapping[str, Any] | None = None) -> None:
    """Write the row for a change that this transaction makes."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"audit {board}"))))
    last = connection.execute(sa.select(audit.c.seq, audit.c.hash).where(audit.c.board == board).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, START)
    row = {"board": board, "seq": seq, "at": now(), "actor": actor, "action": action, "object": thing, "detail": dict(detail or {}), "previous": previous}
    connection.execute(audit.insert().values(**row, hash=_hash(row)))


def broken(connection: sa.Connection, board: str) -> int | None:
    """The number of the first row of a board that does not follow from the one before it; None where the chain holds."""
    previous, expected = START, 1
    for row in connection.execute(sa.select(audit).where(audit.c.board == board).order_by(audit.c.seq)).mappings():
        told = {name: row[name] for name in ("board", "seq", "at", "actor", "action", "object", "detail", "previous")}
        if row["seq"] != expected or row["previous"] != previous or row["hash"] != _hash(told):
            return expected
        previous, expected = row["hash"], expected + 1
    return None


def _hash(row: Mapping[str, Any]) -> str:
    told = {**row, "at": row["at"].isoformat()}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
