"""The audit trail: one row for each change, in the same transaction, each holding the hash of the one before it.

A row changed, removed, put in or moved later breaks the chain, and `verify` says where. The last row is kept a second time, as the trail's head, so
that a trail cut short is seen too. Whoever may write the store can forge rows and head alike; against that, note the head somewhere else, and have
`verify` look whether the trail still holds it. Rows name who, what and which object; they hold no personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from api.clock import now
from api.store.engine import Store
from api.store.tables import audit, audit_heads

START = "0" * 64
"""What the first row of a board follows."""
TOLD = ("board", "seq", "at", "actor", "action", "object", "detail", "previous")
"""What a row's hash is made of."""


def record(connection: sa.Connection, board: str, actor: str, action: str, thing: str, detail: Mapping[str, Any] | None = None) -> None:
    """Write the row for a change that this transaction makes; best as its last act, because others of the board wait for it from here on."""
    lock(connection, board)
    head = connection.execute(sa.select(audit_heads).where(audit_heads.c.board == board)).first()
    seq, previous = (head.seq + 1, head.hash) if head else (1, START)
    row = {"board": board, "seq": seq, "at": now(), "actor": actor, "action": action, "object": thing, "detail": dict(detail or {}), "previous": previous}
    hashed = _hash(row)
    connection.execute(audit.insert().values(**row, hash=hashed))
    if head:
        connection.execute(audit_heads.update().where(audit_heads.c.board == board).values(seq=seq, hash=hashed))
    else:
        connection.execute(audit_heads.insert().values(board=board, seq=seq, hash=hashed))


def lock(connection: sa.Connection, board: str) -> None:
    """Let no other transaction write the board's trail until this one ends. SQLite needs nothing: a transaction that writes is alone there.

    PostgreSQL takes a new snapshot for each statement, so that the head read after this is the one that the last holder of the lock has kept.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"audit {board}"))))


@dataclass(frozen=True)
class Verdict:
    """Whether a trail is what was written."""

    rows: int
    head: str | None
    broken_at: int | None = None
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.reason is None


def verify(store: Store, board: str, noted: str | None = None) -> Verdict:
    """Follow the chain of a board from its first row to its head, at one moment; `noted` is a head from before, `seq:hash`, that it must still hold."""
    with store.reader.connect() as connection:
        if not store.embedded:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        head = connection.execute(sa.select(audit_heads).where(audit_heads.c.board == board)).first()
        told = f"{head.seq}:{head.hash}" if head else None
        seq, _, known = (noted or "0:").partition(":")
        previous, count = START, 0
        query = sa.select(audit).where(audit.c.board == board).order_by(audit.c.seq).execution_options(yield_per=1000)
        with connection.execute(query) as rows:
            for row in rows.mappings():
                count += 1
                wrong = _wrong(row, count, previous)
                if wrong is None and count == int(seq) and row["hash"] != known:
                    wrong = "It is not the row that the noted head names: the trail was written anew."
                if wrong is not None:
                    return Verdict(count, told, count, wrong)
                previous = row["hash"]
        if head is None and count:
            return Verdict(count, told, count, "The trail has no head.")
        if head is not None and head.seq > count:
            return Verdict(count, told, count + 1, f"The trail ends before its head, row {head.seq}: rows were removed.")
        if head is not None and (head.seq, head.hash) != (count, previous):
            return Verdict(count, told, head.seq, "The trail does not end with its head: rows were put in, or the head was changed.")
        if count < int(seq):
            return Verdict(count, told, count + 1, f"The trail ends before the noted head, row {seq}: rows were removed.")
        return Verdict(count, told)


def _wrong(row: Mapping[Any, Any], expected: int, previous: str) -> str | None:
    if row["seq"] != expected:
        return f"Row {expected} is missing."
    if row["previous"] != previous:
        return "It does not follow from the row before it."
    if row["hash"] != _hash({name: row[name] for name in TOLD}):
        return "It is not what was written."
    return None


def _hash(row: Mapping[str, Any]) -> str:
    told = {**row, "at": row["at"].isoformat()}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
