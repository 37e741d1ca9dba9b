"""The audit trail: what was changed by whom, and whether the trail is whole."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from api.moments import Moment
from api.paging import Cursor, Limit, Page, decoded_number, encoded, linked
from api.routing import Me, Router, Use
from api.store import audit as trail
from api.store.tables import api_keys, audit, people

router = Router(tags=["audit"])
Word = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]
When = Annotated[Moment | None, Query()]
LOGINS = ("session.begin", "session.end")
"""Actions that change nothing but who is logged in, and are more than all others where people use the pages."""
HEAD = r"^[1-9][0-9]{0,8}:[0-9a-f]{64}$"


class Entry(BaseModel):
    """A row of the trail."""

    seq: int = Field(description="Its number on the board, without gaps.")
    at: datetime
    actor: str = Field(description="The key or the person that did it, or `command line`, or a worker.")
    actor_name: str | None = Field(description="The name of that key or person, where the store knows it; not part of the chain.")
    action: str
    object: str
    detail: dict[str, Any]
    previous: str
    hash: str = Field(description="SHA-256 of everything above but `actor_name`, and `previous`.")


class Verification(BaseModel):
    """Whether the trail is what was written."""

    holds: bool
    rows: int = Field(description="Rows that were looked at.")
    head: str | None = Field(description="Number and hash of the last row. Note it outside of the service, and give it back as `head`.")
    broken_at: int | None = Field(description="The first row that is wrong or missing.")
    reason: str | None


@router.operation("GET", "/v1/audit", "audit", fails=(400,))
def list_audit(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    actor: Word = None,
    action: Word = None,
    object: Word = None,
    since: When = None,
    until: When = None,
    logins: Annotated[bool, Query(description="Whether logging in and out is among it.")] = True,
) -> Page[Entry]:
    """The board's trail, newest first: all of it, or that of an actor, an action, an object, from `since` to before `until`, or without logins."""
    query = sa.select(audit).where(audit.c.board == me.board).order_by(audit.c.seq.desc()).limit(limit + 1)
    for column, value in ((audit.c.actor, actor), (audit.c.action, action), (audit.c.object, object)):
        query = query if value is None else query.where(column == value)
    query = query if since is None else query.where(audit.c.at >= since)
    query = query if until is None else query.where(audit.c.at < until)
    query = query if logins else query.where(audit.c.action.not_in(LOGINS))
    if cursor is not None:
        query = query.where(audit.c.seq < decoded_number(cursor))
    with service.store.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
        names = _names(connection, me.board, {row["actor"] for row in rows})
    following = encoded(str(rows[limit - 1]["seq"])) if len(rows) > limit else None
    linked(request, response, following)
    items = [Entry(**{name: row[name] for name in Entry.model_fields if name in row}, actor_name=names.get(row["actor"])) for row in rows[:limit]]
    return Page(items=items, next_cursor=following)


@router.operation("GET", "/v1/audit/verify", "audit")
def verify_audit(
    me: Me,
    service: Use,
    head: Annotated[str | None, Query(pattern=HEAD, description="A head that was noted before; the trail must still hold it.")] = None,
) -> Verification:
    """Follow the chain of hashes from the first row to the last, and say where it breaks. It takes some seconds for a million rows."""
    found = trail.verify(service.store, me.board, head)
    return Verification(holds=found.holds, rows=found.rows, head=found.head, broken_at=found.broken_at, reason=found.reason)


def _names(connection: sa.Connection, board: str, actors: set[str]) -> dict[str, str]:
    known = [sa.select(table.c.id, table.c.name).where(table.c.board == board, table.c.id.in_(actors)) for table in (api_keys, people)]
    return {row.id: row.name for query in known for row in connection.execute(query)}
