"""What is never told: ids of people and what is known of them, in logs, metrics, the trail and messages; and protected facts, but in the equity report.

Canaries are put into every table of a board. Then every operation there is runs, as documented, with values that it must refuse, and with everything
broken below it, with all logs at their most talkative; and nothing that is kept or sent may hold a canary.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.settings import Settings
from api.store import audit as trail
from api.store.tables import audit, deliveries
from tests.api import world as worlds
from tests.api.made import PAPER
from tests.api.operations import Operation, asked, filled, operations, path_for
from tests.api.standing import Standing
from tests.api.world import Fixed, World, copied

PERSON, PARTNER, PROTECTED = "canaryperson", "canarypartner", "canaryprotected"
DEMOGRAPHICS = f"seeker_id,sex,race_ethnicity,age_band\n{PERSON}1,{PROTECTED}a,{PROTECTED}b,{PROTECTED}c\nQ1,{PROTECTED}d,{PROTECTED}e,{PROTECTED}f\n"


def test_nothing_tells_on_anybody(
    standing: Standing, tmp_path: Path, capfd: pytest.CaptureFixture[str], logged_as: Callable[[Settings, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(worlds.NO_THINGS, "seeker_id", f"{PERSON}1")
    folder = copied(PAPER, tmp_path / "canary", lambda _, text: re.sub(r"\bP(\d)\b", rf"{PERSON}\1", text).replace("A community organization", PARTNER))
    (folder / "demographics.csv").write_text(DEMOGRAPHICS)
    admin = standing.client("admin")
    logged_as(standing.service.settings.model_copy(update={"log_level": "DEBUG", "log_format": "json"}), "web")
    world = standing.world("main", Fixed, folder=folder)
    paths = {each: path_for(each, world) for each in operations()}
    viewer = standing.client("viewer")
    seen = {each: list(looked_at(viewer, each, path, world)) for each, path in paths.items() if each.method == "GET"}
    assert sum(answer.status_code == 200 for each in seen.values() for answer in each) > len(seen) / 2
    answers = {each: list(tried(admin, each, path, world)) for each, path in paths.items()}
    broken = [answer for each, path in paths.items() for answer in broken_below(admin, each, path, world, monkeypatch)]
    written = "".join(capfd.readouterr())
    assert sum(answer.status_code == 500 for answer in broken) >= len(paths) - 4, "everything was broken, but for what is open to everybody"
    assert any(PERSON in answer.text for each in answers.values() for answer in each), "the canaries are there to be told"
    with standing.service.store.read() as connection:
        kept = str(connection.execute(sa.select(audit)).all()) + str(connection.execute(sa.select(deliveries)).all())
    metrics = admin.get("/metrics").text
    for canary in (PERSON, PARTNER, PROTECTED):
        for name, text in (
            ("logs", written),
            ("the trail or messages", kept),
            ("metrics", metrics),
            ("500s", str([each.json() | {"instance": ""} for each in broken if each.status_code == 500])),
        ):
            assert canary not in text, f"{name}: {_around(text, canary)}"
    for each, given in seen.items():
        assert [_around(words(answer), PROTECTED) for answer in given if PROTECTED in words(answer)] == [], str(each)


def looked_at(viewer: TestClient, operation: Operation, path: str, world: World) -> Iterator[httpx.Response]:
    """An operation as documented, and about the protected table, by somebody who may not see the equity report."""
    for each in dict.fromkeys([path, path.replace("/seekers", "/demographics")]):
        yield asked(viewer, operation, each, None, operation.query(world))


def words(answer: httpx.Response) -> str:
    """What an answer says, also inside of a zip archive or a workbook."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def tried(admin: TestClient, operation: Operation, path: str, world: World) -> Iterator[httpx.Response]:
    """An operation as documented, and with what it must refuse."""
    bodies = [filled(body, world) for body in operation.bodies()]
    yield asked(admin, operation, path, bodies[0] if bodies else None, operation.query(world))
    name = {"seeker_id": f"{PERSON}1", PERSON: PROTECTED}
    yield asked(admin, operation, path, {f"{PERSON}2": PROTECTED}, {"cursor": PERSON, "limit": PERSON, "seeker_id": f"{PERSON}1"})
    yield asked(admin, operation, f"{path}/{PERSON}1")
    for spoilt in bodies:
        if isinstance(spoilt, dict):
            yield asked(admin, operation, path, {**spoilt, **name})
            yield asked(admin, operation, path, dict.fromkeys(spoilt, f"{PERSON}1"))
    yield admin.request(operation.method, path, content=f'{{"{PERSON}1": '.encode(), headers={"content-type": "application/json"})


def broken_below(admin: TestClient, operation: Operation, path: str, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Response]:
    """An operation with the store broken: by a mistake of ours that names a person, and by a statement with their id that the database refuses."""
    bodies = operation.bodies()
    body = filled(bodies[0], world) if bodies else None

    def mistaken(*_: Any, **__: Any) -> Any:
        raise KeyError(f"{PERSON}1 {PROTECTED}")

    def refused(connection: sa.Connection, *_: Any, **__: Any) -> Any:
        connection.execute(sa.text("SELECT * FROM nothing WHERE person = :person"), {"person": f"{PERSON}1"})

    with monkeypatch.context() as patch:
        patch.setattr(trail, "record", refused)
        if operation.method != "GET" and operation.scope != "compute":
            yield asked(admin, operation, path, body, operation.query(world))
        patch.setattr("api.store.engine.Store.read", mistaken)
        patch.setattr("api.store.engine.Store.begin", mistaken)
        if operation.scope is not None:
            yield asked(admin, operation, path, body, operation.query(world))


def _around(text: str, word: str) -> str:
    at = text.index(word)
    return text[max(0, at - 200) : at + 100]
