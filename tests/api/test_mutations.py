"""Every operation that changes something writes one row of the audit trail, in the transaction of the change; every other one changes nothing.

Generated from OpenAPI: an operation that writes and is not in `WRITES` fails the first test, and is tried by its documented example once it is there.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.routes.schedules import EXAMPLE
from api.store import audit as trail
from api.store.tables import audit, metadata
from tests.api.operations import WRITING, Operation, as_documented, asked, filled, operations, path_for
from tests.api.standing import Standing
from tests.api.world import PROMISE, World

Recipe = Callable[[TestClient, Operation, World], httpx.Response]


def sent(**body: Any) -> Recipe:
    """The operation with another body than the documented one; a callable makes a value from the world."""

    def send(client: TestClient, operation: Operation, world: World) -> httpx.Response:
        return asked(client, operation, path_for(operation, world), {name: value(world) if callable(value) else value for name, value in body.items()})

    return send


def about(make: Callable[[World], str]) -> Recipe:
    """The operation as documented, but about something else than the world would give it."""

    def send(client: TestClient, operation: Operation, world: World) -> httpx.Response:
        bodies = operation.bodies()
        path = re.sub(r"\{\w+\}", make(world), operation.path, count=1)
        return asked(client, operation, path, filled(bodies[0], world) if bodies else None)

    return send


def a_name(_: World) -> str:
    """A name that nothing has."""
    return uuid.uuid4().hex


AXIS = {"path": f"{PROMISE}.count", "range": "1:2:1"}
WRITES: dict[str, Recipe] = {
    "POST /v1/api-keys": as_documented,
    "POST /v1/api-keys/{key_id}/rotate": as_documented,
    "DELETE /v1/api-keys/{key_id}": as_documented,
    "POST /v1/datasets": as_documented,
    "DELETE /v1/datasets/{dataset_id}": as_documented,
    "POST /v1/runs/{run_id}/repair": about(lambda world: world.infeasible()),
    "POST /v1/schedules/{schedule_id}/occurrences": as_documented,
    "POST /v1/occurrences/{occurrence_id}/reject": about(lambda world: world.held()),
    "POST /v1/publications": sent(run_id=lambda world: world.solved_anew(), note="by hand"),
    "DELETE /v1/publications/{publication_id}": as_documented,
    "POST /v1/runs": as_documented,
    "POST /v1/runs/{run_id}/cancel": about(lambda world: world.run()),
    "POST /v1/scenarios": as_documented,
    "PATCH /v1/scenarios/{scenario_id}": as_documented,
    "DELETE /v1/scenarios/{scenario_id}": as_documented,
    "POST /v1/schedules": sent(**{**EXAMPLE, "name": a_name}),
    "PUT /v1/schedules/{schedule_id}": sent(**{**EXAMPLE, "name": a_name, "cron": "15 3 * * *"}),
    "DELETE /v1/schedules/{schedule_id}": as_documented,
    "POST /v1/schedules/{schedule_id}/pause": as_documented,
    "POST /v1/schedules/{schedule_id}/resume": about(lambda world: world.paused()),
    "POST /v1/studies": as_documented,
    "DELETE /v1/studies/{study_id}": as_documented,
    "POST /v1/sweeps": sent(scenario_id=lambda world: world.scenario(), axes=[AXIS]),
    "POST /v1/sweeps/{sweep_id}/cancel": about(lambda world: world.sweep()),
    "POST /v1/sweeps/{sweep_id}/promote": sent(name="one seat", values=[1]),
    "POST /v1/webhooks": as_documented,
    "PATCH /v1/webhooks/{webhook_id}": as_documented,
    "DELETE /v1/webhooks/{webhook_id}": as_documented,
    "POST /v1/webhooks/{webhook_id}/rotate": as_documented,
    "POST /v1/webhooks/{webhook_id}/ping": as_documented,
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend": as_documented,
}
"""Every operation that changes something, and how to make it do so: as documented, about things that a world makes, unless that would change nothing."""

MANY = {"POST /v1/purges"}
"""Operations that make any number of changes, each thing that they delete in a transaction and with a row of its own; test_purge.py looks at those."""
EVERY = operations()
CHANGING = [each for each in EVERY if each.method in WRITING and each.scope not in ("compute", "read") and str(each) not in MANY]
ANSWERING = [each for each in EVERY if each not in CHANGING and str(each) not in MANY]
BESIDE = {"idempotency_keys", "audit", "audit_heads"}
"""Tables that are written with or beside a change."""
STATEMENT = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)")


def test_every_operation_that_writes_is_listed() -> None:
    missing = {str(each) for each in CHANGING} - set(WRITES)
    assert missing == set(), "list it in WRITES, with a recipe where its example alone changes nothing"
    assert set(WRITES) - {str(each) for each in CHANGING} == set(), "these are no more"


@contextmanager
def kept(store: Any) -> Iterator[list[list[str]]]:
    """What each transaction of an engine that was kept has written: verb and table, as a list that fills while the block runs."""
    transactions: list[list[str]] = []

    def write(connection: sa.Connection, _: object, statement: str, *__: object) -> None:
        found = STATEMENT.match(statement)
        if found and found[2] in metadata.tables and "SET last_used_at" not in statement:
            connection.info.setdefault("written", []).append(f"{found[1].split()[0]} {found[2]}")

    def commit(connection: sa.Connection) -> None:
        if written := connection.info.pop("written", None):
            transactions.append(written)

    def rollback(connection: sa.Connection) -> None:
        connection.info.pop("written", None)

    listeners = (("before_cursor_execute", write), ("commit", commit), ("rollback", rollback))
    for name, listener in listeners:
        sa.event.listen(store.writer, name, listener)
    try:
        yield transactions
    finally:
        for name, listener in listeners:
            sa.event.remove(store.writer, name, listener)


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_a_change_is_told_once_in_its_own_transaction(operation: Operation, standing: Standing, admin: TestClient, world: World) -> None:
    recipe = WRITES.get(str(operation), as_documented)
    before = rows(standing)
    with kept(standing.web.app.state.service.store) as transactions:  # type: ignore[attr-defined]
        answer = recipe(admin, operation, world)
    assert answer.status_code < 300, answer.text
    changes = [written for written in transactions if {each.split()[1] for each in written} - BESIDE]
    assert len(changes) == 1, transactions
    assert [each for written in transactions for each in written].count("INSERT audit") == 1, transactions
    assert "INSERT audit" in changes[0]
    (new,) = [row for row in rows(standing) if row not in before and row.actor != "test"]
    assert new.actor == admin.get("/v1/me").json()["id"]
    assert trail.verify(standing.service.store, "main").holds


@pytest.mark.parametrize("operation", CHANGING, ids=str)
def test_a_change_that_cannot_be_told_is_not_made(
    operation: Operation, standing: Standing, admin: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = WRITES.get(str(operation), as_documented)
    made: list[dict[str, Any]] = []

    def broken(*_: object, **__: object) -> None:
        made.append({})
        raise RuntimeError("no trail")

    def prepared(client: TestClient, operation: Operation, world: World) -> httpx.Response:
        """The recipe, with the trail broken only while the application answers."""
        send = client.request

        def breaking(*given: Any, **more: Any) -> httpx.Response:
            before.append(dump(standing))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(trail, "record", broken)
                return send(*given, **more)

        monkeypatch.setattr(client, "request", breaking)
        return recipe(client, operation, world)

    before: list[Any] = []
    answer = prepared(admin, operation, world)
    assert (answer.status_code, len(made)) == (500, 1), answer.text
    assert dump(standing) == before[-1]


@pytest.mark.parametrize("operation", ANSWERING, ids=str)
def test_an_answer_changes_nothing(operation: Operation, standing: Standing, admin: TestClient, world: World) -> None:
    """What the test makes goes through another store than the application's."""
    with kept(standing.web.app.state.service.store) as transactions:  # type: ignore[attr-defined]
        answer = as_documented(admin, operation, world)
    assert (answer.status_code < 500 or str(operation) == "GET /readyz", transactions) == (True, []), answer.text


def rows(standing: Standing) -> list[Any]:
    with standing.service.store.read() as connection:
        return list(connection.execute(sa.select(audit).where(audit.c.board == "main")).all())


def dump(standing: Standing) -> dict[str, list[str]]:
    """Every row of every table, but for when a key was last used."""
    with standing.service.store.read() as connection:
        columns = {table.name: [column for column in table.c if column.name != "last_used_at"] for table in metadata.sorted_tables}
        return {name: sorted(map(str, connection.execute(sa.select(*told)).all())) for name, told in columns.items()}


@pytest.fixture
def admin(standing: Standing) -> TestClient:
    return standing.client("admin")


@pytest.fixture(scope="module")
def world(standing: Standing) -> World:
    return standing.world("main")
