"""What the service tells of its settings: what an admin has to know, and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from api.access import keys
from api.access.roles import ROLES, Role
from api.app import create_app
from api.service import Service
from api.settings import Settings
from api.store import migrate

SECRETS = {
    "session_secret": "sessions-are-signed-with-this",
    "oidc_client_secret": "the-issuer-gave-this",
    "sql_sources": ("case=postgresql://reader:hunter2@db/case", "other@north=postgresql://reader:hunter3@db/north"),
}


def _told(tmp_path: Path, role: Role, board: str = "main", **more: Any) -> httpx.Response:
    """What somebody of a role is told by a service with such settings."""
    settings = Settings(data_dir=tmp_path / "data", **more)
    service = Service(settings)
    migrate.upgrade(service.store)
    with service.store.begin() as connection:
        secret = keys.create(connection, board=board, role=role, name="somebody", by="test")[1]
    service.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {secret}"}) as client:
        return client.get("/v1/settings")


def test_every_setting_is_told_by_the_name_that_sets_it(tmp_path: Path) -> None:
    told = _told(tmp_path, "admin").json()
    assert [line["name"] for line in told["items"]] == [f"OJT_{name.upper()}" for name in Settings.model_fields]
    assert all(line["about"] for line in told["items"])


def test_values_are_told_as_they_are_written_and_whether_somebody_set_them(tmp_path: Path) -> None:
    told = _told(tmp_path, "admin", keep_runs="P30D", webhook_hosts=("a.example", "b.example"), telemetry=False).json()
    lines = {line["name"]: line for line in told["items"]}
    assert (lines["OJT_KEEP_RUNS"]["value"], lines["OJT_KEEP_RUNS"]["set"]) == ("P30D", True)
    assert lines["OJT_WEBHOOK_HOSTS"]["value"] == "a.example,b.example"
    assert (lines["OJT_TELEMETRY"]["value"], lines["OJT_TELEMETRY"]["set"]) == ("0", False)
    assert lines["OJT_CANARY"]["value"] is None


def test_no_secret_is_in_the_answer_and_connections_are_those_of_the_board(tmp_path: Path) -> None:
    answer = _told(tmp_path, "admin", **SECRETS)
    for secret in ("sessions-are", "issuer-gave", "hunter2", "hunter3", "north"):
        assert secret not in answer.text
    told = answer.json()
    assert told["connections"] == ["case"]
    assert {line["name"] for line in told["items"] if line["secret"]} == {"OJT_DATABASE_URL", "OJT_SQL_SOURCES", "OJT_OIDC_CLIENT_SECRET", "OJT_SESSION_SECRET"}
    assert all(line["value"] is None for line in told["items"] if line["secret"])


def test_groups_of_other_boards_are_left_out(tmp_path: Path) -> None:
    told = _told(tmp_path, "admin", board="north", oidc_roles=("a=viewer", "b=admin@north", "c=planner@south")).json()
    assert next(line["value"] for line in told["items"] if line["name"] == "OJT_OIDC_ROLES") == "b=admin@north"


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_only_admins_may_ask(role: Role, tmp_path: Path) -> None:
    assert _told(tmp_path, role).status_code == 403
