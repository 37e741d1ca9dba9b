"""Idempotency-Key: a creating request sent twice has one effect, and both get the same answer (IETF draft-ietf-httpapi-idempotency-key-header).

The key is taken in a transaction of its own before any work, so that a second request in the meantime is told so (409); the answer is kept in the
transaction of the effect, so that there is never one without the other. A request that fails gives its key back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse

from api.access.keys import Caller
from api.clock import now
from api.problems import ProblemError
from api.routing import caller, service
from api.service import Service
from api.store.tables import idempotency_keys as kept

HELD = timedelta(seconds=20)
"""How long a key is held by a request that does not come to an end, because its process died. One that is only slow loses the key, and its effect with it."""


class ReplayedError(Exception):
    """The request was answered before; here is the answer."""

    def __init__(self, response: JSONResponse) -> None:
        super().__init__("replayed")
        self.response = response


class Once:
    """The key of one request, where it has one."""

    def __init__(self, service: Service, caller: Caller, operation: str, key: str | None) -> None:
        self._service, self._board, self._operation, self._key = service, caller.board, operation, key
        self._since: datetime | None = None

    def start(self, body: object) -> None:
        """Take the key for this body.

        Raises ReplayedError where the request was answered before, ProblemError where the key is taken by another body or still in work.
        """
        if self._key is None:
            return
        told = json.dumps(body, sort_keys=True, default=str, ensure_ascii=False)
        fingerprint = hashlib.sha256(f"{self._operation}\n{told}".encode(errors="surrogatepass")).hexdigest()
        since = now()
        row = {"board": self._board, "key": self._key, "operation": self._operation, "fingerprint": fingerprint, "created_at": since}
        with self._service.store.begin() as connection:
            connection.execute(kept.delete().where(self._mine(), kept.c.status.is_(None), kept.c.created_at < since - HELD))
            connection.execute(kept.delete().where(self._mine(), kept.c.created_at < since - self._service.settings.keep_keys))
            there = connection.execute(sa.select(kept).where(self._mine())).mappings().first()
            if there is None:
                try:
                    with connection.begin_nested():
                        connection.execute(kept.insert().values(**row))
                    self._since = since
                    return
                except sa.exc.IntegrityError:
                    there = connection.execute(sa.select(kept).where(self._mine())).mappings().first()
        if there is None or (there["fingerprint"] == fingerprint and there["status"] is None):
            raise ProblemError("in-flight", "The first request with this key is not answered yet.", headers={"Retry-After": "1"})
        if there["fingerprint"] != fingerprint:
            raise ProblemError("other-body", f"Idempotency-Key {self._key!r} came with another request before; use a new key for a new request.")
        headers = {**there["headers"], "Idempotency-Replayed": "true"}
        raise ReplayedError(JSONResponse(there["body"], there["status"], headers))

    def keep(self, connection: sa.Connection, response: JSONResponse) -> JSONResponse:
        """Keep the answer in the transaction of the effect."""
        if self._since is not None:
            headers = {name: value for name, value in response.headers.items() if name in ("location", "etag", "retry-after")}
            values = {"status": response.status_code, "headers": headers, "body": json.loads(bytes(response.body))}
            if connection.execute(kept.update().where(self._holding()).values(**values)).rowcount != 1:
                raise ProblemError("in-flight", "The request took so long that its key was given away.")
        return response

    def release(self) -> None:
        """Give the key back where nothing was kept under it."""
        if self._since is not None:
            with self._service.store.begin() as connection:
                connection.execute(kept.delete().where(self._holding()))

    def _mine(self) -> sa.ColumnElement[bool]:
        return sa.and_(kept.c.board == self._board, kept.c.key == self._key)

    def _holding(self) -> sa.ColumnElement[bool]:
        """Whether the key is held by this request, not by a later one that it was given to."""
        return sa.and_(self._mine(), kept.c.status.is_(None), kept.c.created_at == self._since)


def once(
    request: Request,
    service: Annotated[Service, Depends(service)],
    caller: Annotated[Caller, Depends(caller)],
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", min_length=1, max_length=255, description="Any text of yours; the same request with the same key is carried out once."),
    ] = None,
) -> Iterator[Once]:
    """The key of the request."""
    held = Once(service, caller, f"{request.method} {request.url.path}", key)
    try:
        yield held
    except BaseException:
        held.release()
        raise


OnceOnly = Annotated[Once, Depends(once)]


def answered(document: Any, status: int = 201, *, location: str | None = None, etag: str | None = None, retry_after: int | None = None) -> JSONResponse:
    """The answer to a creating request."""
    told = {"Location": location, "ETag": etag, "Retry-After": str(retry_after) if retry_after else None}
    return JSONResponse(document, status, {name: value for name, value in told.items() if value is not None})
