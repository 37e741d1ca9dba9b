"""A store of the first shape, with runs that are still open, is brought to the newest, and the runs come to their end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from api.clock import now
from api.ids import new_id
from api.jobs import runs as life
from api.jobs.queue import RUNS, Queue
from api.service import Service
from api.settings import Settings
from api.store import migrate
from api.store.blobs import keep
from api.store.engine import Store
from api.store.tables import metadata, occurrences, publications, runs
from tests.api.conftest import STORES
from tests.api.made import PAPER
from tests.api.postgres import database, server

FIRST = "0001"


@pytest.fixture(params=STORES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A service with a store that is empty even of tables."""
    if request.param == "sqlite":
        yield Settings(data_dir=tmp_path)
        return
    with database(server(), f"ojt_old_{new_id('x')[2:14]}") as url:
        yield Settings(data_dir=tmp_path, database_url=url)


def of_that_time(connection: sa.Connection, table: str) -> sa.Table:
    """A table as it was, not as the code of today knows it."""
    return sa.Table(table, sa.MetaData(), autoload_with=connection)


def fill(store: Store) -> dict[str, str]:
    """Rows as the first version wrote them: a run in each status; ids by status. Those that are open have their place in the queue."""
    moment, ids = now(), {}
    queue = Queue(store)
    plain = {"board": "main", "created_by": "test"}
    at = moment.replace(tzinfo=None) if store.embedded else moment
    with store.begin() as connection:
        files = {path.name: keep(connection, path.read_bytes()) for path in PAPER.iterdir() if path.suffix in (".csv", ".toml")}
        dataset, scenario = new_id("dataset"), new_id("scenario")
        row = {"id": dataset, **plain, "name": "paper", "digest": "0" * 64, "as_of": moment.date(), "files": files, "counts": {}, "created_at": at}
        connection.execute(of_that_time(connection, "datasets").insert().values(**row, errors=0, warnings=0))
        row = {"id": scenario, **plain, "version": 1, "created_at": at, "updated_at": at}
        connection.execute(of_that_time(connection, "scenarios").insert().values(**row))
        row = {"scenario_id": scenario, "version": 1, "name": "paper", "dataset_id": dataset, "layers": [], "changes": [], "note": "", "tags": []}
        connection.execute(of_that_time(connection, "scenario_versions").insert().values(**row, created_by="test", created_at=at))
        worker = {"id": "worker_before", "host": "h", "pid": 1, "solvers": 1, "started_at": at, "heartbeat_at": at, "lost_at": at}
        connection.execute(of_that_time(connection, "workers").insert().values(**worker))
        table, events = of_that_time(connection, "runs"), of_that_time(connection, "run_events")
        for status in (*life.OPEN, *life.ENDED):
            ids[status] = run_id = new_id("run")
            held = {"worker_id": "worker_before", "attempts": 1, "started_at": at} if status in ("running", "cancelling") else {}
            ended = {"finished_at": at} if status in life.ENDED else {}
            job = {"seed": 0, "layers": []}
            row = {"id": run_id, **plain, "kind": "solve", "scenario_id": scenario, "scenario_version": 1, "dataset_id": dataset, "job": job}
            connection.execute(table.insert().values(**row, status=status, tags=[], created_at=at, **held, **ended))
            connection.execute(events.insert().values(run_id=run_id, seq=1, type="status", data={"status": status}, at=at))
            if status in life.OPEN:
                queue.put(connection, life.WORKFLOW, run_id, run_id, queue=RUNS)
    queue.close()
    return ids


def test_open_runs_of_the_first_shape_finish_under_the_newest(settings: Settings, request: pytest.FixtureRequest) -> None:
    store = Store(settings.url)
    migrate.upgrade(store, FIRST)
    ids = fill(store)
    assert migrate.revision(store) == FIRST
    migrate.upgrade(store)
    assert migrate.revision(store) == migrate.head()
    migrate.upgrade(store)
    store.close()
    service = Service(settings)
    try:
        finish: Callable[[], object] = request.getfixturevalue("finish_on")(service)
        finish()
        with service.store.read() as connection:
            ended = {row.id: row.status for row in connection.execute(sa.select(runs.c.id, runs.c.status))}
            assert {status: ended[run_id] for status, run_id in ids.items()} == {
                "queued": "succeeded",
                "running": "succeeded",
                "cancelling": "cancelled",
                "succeeded": "succeeded",
                "failed": "failed",
                "cancelled": "cancelled",
            }
    finally:
        service.close()


def test_a_published_night_of_the_first_shape_stays_what_it_was(settings: Settings) -> None:
    store = Store(settings.url)
    migrate.upgrade(store, FIRST)
    run_id = fill(store)["succeeded"]
    moment, plain = now(), {"board": "main", "created_by": "test"}
    at = moment.replace(tzinfo=None) if store.embedded else moment
    with store.begin() as connection:
        row = {"id": "schedule_before", **plain, "name": "nightly", "version": 1, "document": {}, "created_at": at, "updated_at": at, "planned_to": at}
        connection.execute(of_that_time(connection, "schedules").insert().values(**row))
        row = {"id": "occurrence_before", "board": "main", "schedule_id": "schedule_before", "night": moment.date(), "scheduled_for": at, "trigger": "schedule"}
        done = {"status": "finished", "result": "published", "run_id": run_id, "log": ["it went well"], "worker_id": "worker_before"}
        connection.execute(of_that_time(connection, "occurrences").insert().values(**row, **done, created_at=at))
        row = {"id": "publication_before", **plain, "schedule_id": "schedule_before", "scheduled_for": at, "occurrence_id": "occurrence_before"}
        connection.execute(of_that_time(connection, "publications").insert().values(**row, run_id=run_id, summary={}, created_at=at))
    migrate.upgrade(store)
    with store.reader.connect() as connection:
        joined = sa.select(occurrences.c.result, occurrences.c.log, publications.c.run_id)
        told = connection.execute(joined.join(publications, publications.c.occurrence_id == occurrences.c.id)).one()
        assert tuple(told) == ("published", ["it went well"], run_id)
        if store.embedded:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    store.close()


@pytest.fixture
def finish_on(request: pytest.FixtureRequest) -> Callable[[Service], Callable[[], None]]:
    """Bring every open run of a service to its end, as a worker does."""
    from api.jobs.solving import solve_run

    request.getfixturevalue("solvers")

    def on(service: Service) -> Callable[[], None]:
        def finish() -> None:
            for run_id in sorted(service.queue.open(RUNS)):
                solve_run(service, "worker_of_the_test", run_id)

        return finish

    return on


def test_the_migrations_make_what_the_tables_say(settings: Settings) -> None:
    store = Store(settings.url)
    migrate.upgrade(store)
    with store.reader.connect() as connection:
        told = {"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        assert compare_metadata(MigrationContext.configure(connection, opts=told), metadata) == []
    store.close()


def test_the_migrations_stand_in_one_line_from_the_first() -> None:
    script = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    line = [each.revision for each in script.walk_revisions()]
    assert line[-1] == FIRST
    assert len(script.get_heads()) == 1


def test_a_migration_that_is_broken_off_leaves_the_shape_before(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = Store(settings.url)
    migrate.upgrade(store, FIRST)
    copy = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", copy)
    newest = migrate.head()
    broken = f'import sqlalchemy as sa\nfrom alembic import op\nrevision = "broken"\ndown_revision = "{newest}"\n\n\ndef upgrade():\n'
    (copy / "versions" / "9999_broken.py").write_text(broken + '    op.create_table("half", sa.Column("id", sa.Integer()))\n    raise RuntimeError("power")\n')
    config = migrate._config()
    config.set_main_option("script_location", str(copy))
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "_config", lambda: config)
        with pytest.raises(RuntimeError, match="power"):
            migrate.upgrade(store)
    with store.reader.connect() as connection:
        assert "half" not in sa.inspect(connection).get_table_names()
    assert migrate.revision(store) in (FIRST, newest)
    migrate.upgrade(store)
    assert migrate.revision(store) == newest
    store.close()
