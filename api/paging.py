"""Long lists a piece at a time: newest first, with a cursor that stays right while rows are added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

import sqlalchemy as sa
from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from api.problems import ProblemError

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000, description="Most items in the answer.")]
Cursor = Annotated[str | None, Query(max_length=200, description="Where to go on: `next_cursor` of the answer before.")]


class Page(BaseModel, Generic[T]):
    """A piece of a list."""

    items: list[T]
    next_cursor: str | None = Field(None, description="Cursor of the next piece; null at the end.")


def piece(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[str], limit: int, cursor: str | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """The rows after the cursor, newest first by a column of identifiers that sort by age, and the cursor after them."""
    query = query.order_by(column.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(column < decoded(cursor))
    rows = list(connection.execute(query).mappings())
    return [dict(row) for row in rows[:limit]], encoded(rows[limit - 1][column.name]) if len(rows) > limit else None


def encoded(place: str) -> str:
    """A cursor for a place."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decoded(cursor: str) -> str:
    """The place of a cursor; ProblemError where it is none of ours."""
    try:
        return base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise ProblemError("bad-request", "The cursor is none that this service gave.") from None


def linked(request: Request, response: Response, next_cursor: str | None) -> None:
    """Tell the next piece in the Link header too."""
    if next_cursor is not None:
        response.headers["Link"] = f'<{request.url.include_query_params(cursor=next_cursor)}>; rel="next"'
