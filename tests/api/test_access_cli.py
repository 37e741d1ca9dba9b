"""`ojt keys` and `ojt audit`: what whoever runs the service does at the prompt, without a key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from allocator.cli import app
from api.service import Service
from api.settings import Settings
from api.settings import settings as chosen
from api.store import audit as trail
from api.store import migrate
from api.store.engine import Store
from api.store.tables import api_keys, audit, audit_heads, metadata

Ojt = Callable[..., Result]


@pytest.fixture
def ojt(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ojt]:
    """The command on the test's store."""
    monkeypatch.setenv("OJT_DATA_DIR", str(settings.data_dir))
    if settings.database_url is not None:
        monkeypatch.setenv("OJT_DATABASE_URL", settings.database_url.get_secret_value())
    chosen.cache_clear()
    yield lambda *words: CliRunner().invoke(app, list(words))
    chosen.cache_clear()


def test_keys_are_made_replaced_and_ended_at_the_prompt(ojt: Ojt, web: TestClient) -> None:
    def works(secret: str) -> bool:
        return web.get("/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 200

    first = ojt("keys", "create", "--role", "admin", "--name", "Ana")
    assert (first.exit_code, first.stdout.count("\n"), works(first.stdout.strip())) == (0, 1, True)
    (told,) = json.loads(ojt("keys", "list", "--json").stdout)["keys"]
    assert (told["name"], told["role"], told["board"], told["created_by"], told["last_used_at"]) == ("Ana", "admin", "main", "command line", None)
    assert first.stdout.strip() not in json.dumps(told)
    second = ojt("keys", "rotate", told["id"], "--overlap", "1").stdout.strip()
    assert (works(first.stdout.strip()), works(second)) == (True, True)
    assert "revoked" in ojt("keys", "revoke", told["id"]).stdout
    assert (works(first.stdout.strip()), works(second)) == (False, True)
    assert ojt("keys", "rotate", told["id"]).exit_code == 2
    assert told["id"] in ojt("keys", "list", "--all").stdout
    assert told["id"] not in ojt("keys", "list").stdout
    assert [
        ojt("keys", *words).exit_code for words in (("revoke", "key_x"), ("create", "--role", "root"), ("create", "--role", "viewer", "--board", "x" * 65))
    ] == [2] * 3


def test_the_trail_is_verified_at_the_prompt(ojt: Ojt, service: Service) -> None:
    ojt("keys", "create", "--role", "admin")
    whole = ojt("audit", "verify")
    assert (whole.exit_code, "1 rows, and the chain holds" in whole.stdout) == (0, True)
    head = whole.stdout.split()[-1]
    assert ojt("audit", "verify", "--head", head).exit_code == 0
    assert ojt("audit", "verify", "--head", "7:x").exit_code == 2
    with service.store.begin() as connection:
        connection.execute(audit.update().values(actor="nobody"))
    broken = ojt("audit", "verify", "--json")
    assert (broken.exit_code, json.loads(broken.stdout)["broken_at"]) == (3, 1)


def test_a_trail_from_before_heads_gets_its_head(settings: Settings) -> None:
    store = Store(settings.url)
    with store.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE alembic_version"))
    migrate.upgrade(store, "0001")
    with store.begin() as connection:
        previous = trail.START
        for seq in (1, 2, 3):
            row = {"board": "main", "seq": seq, "at": trail.now(), "actor": "a", "action": "b", "object": "c", "detail": {}, "previous": previous}
            previous = trail._hash(row)
            connection.execute(audit.insert().values(**row, hash=previous))
    migrate.upgrade(store)
    assert trail.verify(store, "main") == trail.Verdict(3, f"3:{previous}")
    with store.begin() as connection:
        trail.record(connection, "main", "a", "b", "c")
    assert trail.verify(store, "main").holds
    with store.read() as connection:
        assert connection.execute(sa.select(audit_heads.c.seq)).scalar_one() == 4
        assert connection.execute(sa.select(sa.func.count()).select_from(api_keys)).scalar_one() == 0
    store.close()
