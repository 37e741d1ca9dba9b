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


def numbered(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[int], limit: int, cursor: str | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """The rows from the cursor on by a column of numbers that are given once, and the cursor after them."""
    rows = list(connection.execute(query.where(column >= decoded_number(cursor)).order_by(column).limit(limit + 1)).mappings())
    return [dict(row) for row in rows[:limit]], encoded(str(rows[limit][column.name])) if len(rows) > limit else None


def decoded_number(cursor: str | None) -> int:
    """The number that a cursor stands for; 0 without one."""
    place = "0" if cursor is None else decoded(cursor)
    if not (place.isascii() and place.isdigit() and len(place) < 10):
        raise _no_cursor()
    return int(place)


def encoded(place: str) -> str:
    """A cursor for a place."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decoded(cursor: str) -> str:
    """The place of a cursor; ProblemError where it is none of ours."""
    try:
        place = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise _no_cursor() from None
    if not place or not place.isprintable() or encoded(place) != cursor:
        raise _no_cursor()
    return place


def _no_cursor() -> ProblemError:
    return ProblemError("bad-request", "The cursor is none that this service gave.")


def linked(request: Request, response: Response, next_cursor: str | None) -> None:
    """Tell the next piece in the Link header too."""
    if next_cursor is not None:
        response.headers["Link"] = f'<{request.url.include_query_params(cursor=next_cursor)}>; rel="next"'
