"""Sources: what each gives, and what it refuses."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from api.datasets import keep_dataset, understand
from api.night import sources
from api.night.schedule import Schedule
from api.night.sources import SourceError, read_source
from api.service import Service
from api.settings import Settings
from tests.api.made import PAPER
from tests.api.night_simulation import replace_processes
from tests.api.nightly import SCHEDULE

NIGHT = date(2026, 11, 2)


def _schedule(**source: Any) -> Schedule:
    return Schedule.model_validate(SCHEDULE | {"source": source})


@pytest.fixture
def asked(service: Service, tmp_path: Path) -> Service:
    """A service that knows a database with two tables."""
    place = tmp_path / "cases.sqlite3"
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE people (id TEXT, partner TEXT, changed TEXT)")
        database.executemany("INSERT INTO people VALUES (?, ?, ?)", [("P1", "CBO", "2026-11-01T20:00:00"), ("P2", None, "2026-11-01T21:00:00")])
        database.execute("CREATE TABLE jobs (id TEXT, seats INTEGER)")
        database.execute("INSERT INTO jobs VALUES ('A', 2)")
    database.close()
    chosen = Settings(**{**service.settings.model_dump(), "sql_sources": (f"cases=sqlite:///{place}",)})
    service.settings = chosen
    return service


QUERIES = {"seekers": "SELECT id AS seeker_id, partner AS partner_id FROM people ORDER BY id", "slots": "SELECT id AS slot_id, seats AS openings FROM jobs"}


def test_queries_give_tables_and_the_moment_of_the_newest_record(asked: Service) -> None:
    found = read_source(asked, "main", _schedule(kind="sql", connection="cases", queries=QUERIES, newest="SELECT max(changed) FROM people"), NIGHT)
    assert found.files["seekers.csv"].decode() == "seeker_id,partner_id\nP1,CBO\nP2,\n"
    assert found.files["slots.csv"].decode() == "slot_id,openings\nA,2\n"
    assert found.newest == datetime(2026, 11, 2, 5, tzinfo=UTC), "a time without a zone is of the schedule's"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"queries": QUERIES | {"slots": "DELETE FROM jobs"}}, "bad-query"), ({"queries": QUERIES | {"slots": "SELECT secret FROM nowhere"}}, "bad-query"),
        ({"queries": QUERIES | {"slots": "VACUUM INTO '{beside}'"}}, "bad-query"), ({"queries": QUERIES | {"slots": "ATTACH '{beside}' AS o"}}, "bad-query"),
        ({"queries": QUERIES | {"slots": "PRAGMA query_only=OFF"}}, "bad-query"),
        ({"queries": QUERIES | {"slots": "DELETE FROM jobs RETURNING id AS slot_id, seats AS openings"}}, "bad-query"),
        ({"most_rows": 1}, "too-many"), ({"connection": "other"}, "no-connection"),
    ],
)  # fmt: skip
def test_what_a_query_may_not_do_is_refused_and_nothing_is_written(asked: Service, tmp_path: Path, change: dict[str, Any], code: str) -> None:
    change = json.loads(json.dumps(change).replace("{beside}", str(tmp_path / "beside")))
    with pytest.raises(SourceError) as refused:
        read_source(asked, "main", _schedule(**{"kind": "sql", "connection": "cases", "queries": QUERIES} | change), NIGHT)
    assert refused.value.code == code
    assert "secret" not in refused.value.message
    assert not (tmp_path / "beside").exists()
    found = read_source(asked, "main", _schedule(kind="sql", connection="cases", queries=QUERIES), NIGHT)
    assert found.files["slots.csv"].decode() == "slot_id,openings\nA,2\n"


def test_the_newest_upload_of_the_name_and_the_board_counts(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_processes(monkeypatch)
    schedule = _schedule(kind="upload", name="cases")
    with pytest.raises(SourceError, match="Nothing was uploaded"):
        read_source(service, "main", schedule, NIGHT)
    files = {path.name: path.read_bytes() for path in PAPER.iterdir() if path.suffix == ".csv"}
    told = understand(service.settings, files, name="cases", as_of=NIGHT)
    with service.store.begin() as connection:
        keep_dataset(connection, "main", told, "test", "cases")
        newest = keep_dataset(connection, "main", told, "test", "cases")
        keep_dataset(connection, "other", told, "test", "cases")
    assert read_source(service, "main", schedule, NIGHT).dataset_id == newest


def test_a_folder_is_named_by_the_night_and_links_out_of_it_are_not_followed(service: Service, tmp_path: Path) -> None:
    place = service.settings.sources / "cases" / "2026-11-02"
    place.mkdir(parents=True)
    (place / "seekers.csv").write_text("seeker_id\nP1\n")
    (tmp_path / "slots.csv").write_text("slot_id,openings\nA,1\n")
    (place / "slots.csv").symlink_to(tmp_path / "slots.csv")
    (place / "notes.docx").write_text("not for us")
    assert set(read_source(service, "main", _schedule(kind="folder", path="cases/{night}"), NIGHT).files) == {"seekers.csv"}
    (service.settings.sources / "out").symlink_to(tmp_path)
    for path, code in (("out", "outside"), ("../..", "outside"), ("cases", "no-files"), ("nowhere", "unreadable")):
        with pytest.raises(SourceError) as refused:
            read_source(service, "main", _schedule(kind="folder", path=path), NIGHT)
        assert refused.value.code == code, path


def test_a_query_without_end_is_ended(asked: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STATEMENT_SECONDS", 0.2)
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) AS seeker_id FROM c"
    with pytest.raises(SourceError) as refused:
        read_source(asked, "main", _schedule(kind="sql", connection="cases", queries={"seekers": endless}), NIGHT)
    assert refused.value.code == "bad-query"


@pytest.mark.parametrize(
    "query",
    ["COMMIT; CREATE TABLE written (x int); COMMIT; SELECT 'S1' AS seeker_id", "SELECT 1; COMMIT; CREATE TABLE written (x int)", "COPY (SELECT 1) TO STDOUT"],
)
def test_postgresql_takes_one_select_that_cannot_end_the_transaction(service: Service, query: str) -> None:
    if service.store.embedded:
        pytest.skip("only PostgreSQL takes several statements at once")
    chosen = {"sql_sources": (f"cases={service.store.url}",)}
    service.settings = Settings(**{**service.settings.model_dump(), **chosen})
    with pytest.raises(SourceError) as refused:
        read_source(service, "main", _schedule(kind="sql", connection="cases", queries={"seekers": query}), NIGHT)
    assert refused.value.code == "bad-query"
    with service.store.read() as connection:
        assert not sa.inspect(connection).has_table("written")
    told = read_source(service, "main", _schedule(kind="sql", connection="cases", queries={"seekers": "SELECT 'a%b' AS seeker_id WHERE 'ab' LIKE 'a%'"}), NIGHT)
    assert told.files["seekers.csv"].decode() == "seeker_id\na%b\n"


def test_a_board_reads_neither_folders_nor_databases_of_another(asked: Service) -> None:
    top, (url,) = asked.settings.sources, [told.partition("=")[2] for told in asked.settings.sql_sources]
    asked.settings = Settings(**{**asked.settings.model_dump(), "sql_sources": (f"cases={url}", f"theirs@east={url}")})
    for place in (top / "cases", top / "@east" / "cases"):
        place.mkdir(parents=True)
        (place / "seekers.csv").write_text(f"seeker_id\n{place.parent.name}\n")
    assert b"@east" in read_source(asked, "east", _schedule(kind="folder", path="cases"), NIGHT).files["seekers.csv"]
    assert b"@east" not in read_source(asked, "main", _schedule(kind="folder", path="cases"), NIGHT).files["seekers.csv"]
    (top / "link").symlink_to(top / "@east")
    for board, path in (("east", "../cases"), ("main", "@east/cases"), ("main", "link/cases"), ("west", "../@east/cases")):
        with pytest.raises(SourceError) as refused:
            read_source(asked, board, _schedule(kind="folder", path=path), NIGHT)
        assert refused.value.code == "outside", (board, path)
    assert read_source(asked, "east", _schedule(kind="sql", connection="theirs", queries=QUERIES), NIGHT).files
    for board, name in (("east", "cases"), ("main", "theirs"), ("main", "theirs@east"), ("west", "theirs")):
        with pytest.raises(SourceError) as refused:
            read_source(asked, board, _schedule(kind="sql", connection=name, queries=QUERIES), NIGHT)
        assert refused.value.code == "no-connection", (board, name)
