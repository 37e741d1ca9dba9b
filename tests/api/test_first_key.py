"""Whoever starts a service for the first time is told one command that makes a key, and where to enter it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from fastapi.testclient import TestClient
from pydantic import SecretStr

from api import first_key
from api.access import keys
from api.app import create_app
from api.service import Service
from api.settings import Settings
from api.store import migrate

ADDRESS = "http://127.0.0.1:8000"


def test_the_command_that_is_told_makes_a_key_that_opens_the_pages_from_any_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "a service's data")
    service = Service(settings)
    migrate.upgrade(service.store)
    assert first_key.nobody_has_one(service.store)
    told = first_key.told(settings, ADDRESS)
    assert ADDRESS in told
    line = next(line.strip() for line in told.splitlines() if line.startswith("    "))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OJT_")}
    made = subprocess.run(["sh", "-c", line], cwd="/", env=clean, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"ojt_\S+\n", made.stdout)
    assert made.stderr == "", "what is said to people is not said to scripts"
    assert not first_key.nobody_has_one(service.store)
    with TestClient(create_app(settings), follow_redirects=False) as browser:
        entered = browser.post("/login", data={"key": made.stdout.strip(), "next": "/"}, headers={"Origin": "http://testserver"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert browser.get("/", headers={"Accept": "text/html"}).status_code == 200
    service.close()


def test_a_password_of_a_database_is_not_told_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr("postgresql://ojt:secret@db/ojt"))
    told = first_key.told(settings, ADDRESS)
    assert "secret" not in told
    assert "with the same OJT_DATABASE_URL" in told


def test_the_login_says_where_the_first_key_comes_from_as_long_as_there_is_none(service: Service) -> None:
    with TestClient(create_app(service.settings)) as browser:
        assert "Nobody has a key yet" in browser.get("/login").text
        with service.store.begin() as connection:
            keys.create(connection, board="main", role="viewer", name="A viewer", by="test")
        assert "Nobody has a key yet" not in browser.get("/login").text
