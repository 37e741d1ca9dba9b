"""A service to test: on SQLite always, on PostgreSQL where `OJT_TEST_POSTGRES` names a server (and `OJT_REQUIRE_POSTGRES` makes it compulsory)."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api import logs
from api.access import keys
from api.access.roles import Role
from api.app import create_app
from api.jobs.solving import solve_run
from api.service import Service
from api.settings import Settings
from api.solving import process
from api.store import migrate
from api.store.engine import Store
from api.store.tables import runs
from tests.api.postgres import database, server
from tests.api.standing import Standing

STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="session", autouse=True)
def _plain_lines() -> None:
    """Logs as the service writes them: without configuration, structlog paints every error with all its variables, which takes seconds."""
    logs.configure(Settings(), "tests")


@pytest.fixture
def logged_as() -> Iterator[Callable[[Settings, str], None]]:
    """Configures the logs for one test."""
    yield logs.configure
    logs.configure(Settings(), "tests")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the newest shape, to be copied."""
    place = tmp_path_factory.mktemp("store") / "empty.sqlite3"
    store = Store(f"sqlite:///{place}")
    migrate.upgrade(store)
    with store.writer.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]  # an open connection has a driver
    store.close()
    return place


@pytest.fixture(scope="session")
def empty_postgres() -> Iterator[str]:
    """The same as a database that new ones are made from."""
    with database(server(), f"ojt_empty_{uuid.uuid4().hex[:12]}") as url:
        store = Store(Settings(database_url=url).url)
        migrate.upgrade(store)
        store.close()
        yield url


@pytest.fixture(params=STORES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a service of its own, on each kind of store."""
    with settings_on(request, tmp_path / "service") as made:
        yield made


@contextmanager
def settings_on(request: pytest.FixtureRequest, folder: Path, **more: Any) -> Iterator[Settings]:
    """Settings of a service in a folder, on the kind of store that the fixture is asked for."""
    folder.mkdir()
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_sqlite"), folder / "ojt.sqlite3")
        yield Settings(data_dir=folder, **more)
        return
    template = request.getfixturevalue("empty_postgres").rsplit("/", 1)[1]
    with database(server(), f"ojt_test_{uuid.uuid4().hex[:12]}", template) as url:
        yield Settings(data_dir=folder, database_url=url, **more)


@pytest.fixture(scope="module", params=STORES)
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A service that stands for the whole module, on each kind of store; it lets anybody try any number of keys."""
    request.getfixturevalue("solvers")
    with settings_on(
        request, tmp_path_factory.mktemp("standing") / "service", auth_failures=10**9, webhook_hosts=("hooks.example", "hooks.example.org")
    ) as chosen:
        made = Service(chosen)
        with TestClient(create_app(chosen), raise_server_exceptions=False) as client:
            yield Standing(made, client)
        made.close()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """The service without web server and worker."""
    made = Service(settings)
    yield made
    made.close()


@pytest.fixture
def web(service: Service) -> Iterator[TestClient]:
    """The web application on the service's store; `ask_as` makes clients with keys of it."""
    with TestClient(create_app(service.settings), raise_server_exceptions=False) as client:
        yield client


Ask = Callable[..., TestClient]


@pytest.fixture
def ask_as(web: TestClient, service: Service) -> Ask:
    """A client with a fresh key of a role, on a board."""

    def client(role: Role, board: str = "main") -> TestClient:
        with service.store.begin() as connection:
            _, secret = keys.create(connection, board=board, role=role, name=role, by="test")
        return TestClient(web.app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {secret}"})

    return client


@pytest.fixture(scope="session")
def solvers() -> None:
    """The server that solver processes are forked from."""
    process.prepare()


@pytest.fixture
def finish(service: Service, request: pytest.FixtureRequest) -> Callable[[], list[dict[str, Any]]]:
    """Solve every waiting run here and now; their rows."""
    request.getfixturevalue("solvers")

    def solve_all() -> list[dict[str, Any]]:
        with service.store.read() as connection:
            waiting = connection.execute(sa.select(runs.c.id).where(runs.c.status == "queued").order_by(runs.c.id)).scalars().all()
        for run_id in waiting:
            solve_run(service, "worker_of_the_test", run_id)
        with service.store.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(runs).where(runs.c.id.in_(waiting)).order_by(runs.c.id)).mappings()]

    return solve_all


STORE_PROVES_NOTHING = (
    "test_access", "test_answers", "test_answering", "test_app", "test_conventions", "test_headers", "test_login", "test_mutations", "test_openapi",
    "test_outward", "test_problem_pages", "test_redaction", "test_references", "test_sheets", "test_telemetry", "test_uploads",
)  # fmt: skip
"""Files whose tests ask what the routes do with a request, not what the store does with a transaction: on PostgreSQL with the slow ones only."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what the second store cannot show to the slow tests."""
    for item in items:
        if item.path.stem in STORE_PROVES_NOTHING and "postgresql" in item.name:
            item.add_marker(pytest.mark.slow)


def pytest_report_header() -> str:
    """Say whether PostgreSQL is there."""
    return f"PostgreSQL for the tests: {os.environ.get('OJT_TEST_POSTGRES') or 'none (set OJT_TEST_POSTGRES to a server that may make databases)'}"
