"""Examples of deployment name only what there is; a backup can be restored."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer

from allocator.cli import app
from api.access import keys
from api.jobs.queue import RUNS
from api.jobs.solving import solve_run
from api.results import open_run, result_files
from api.service import Service
from api.settings import Settings
from api.store import audit, migrate
from api.store.tables import runs
from tests.api.conftest import Ask
from tests.api.made import make_scenario

ROOT = Path(__file__).parents[2]
EXAMPLES = ("Dockerfile", "compose.yaml", "docs/service.md", "README.md", "Makefile")
NOT_SETTINGS = {"OJT_POSTGRES_PASSWORD", "OJT_TEST_POSTGRES", "OJT_REQUIRE_POSTGRES", "OJT_FUZZ_CASES"}


@pytest.mark.parametrize("page", EXAMPLES)
def test_examples_name_only_settings_and_commands_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = set(re.findall(r"\bOJT_[A-Z_]+", text)) - NOT_SETTINGS
    assert named <= {f"OJT_{name.upper()}" for name in Settings.model_fields}
    commands: Any = typer.main.get_command(app)
    for line in re.findall(r'\bojt"?,? "?((?:serve|worker|keys|canary|nightly|purge|audit)\b[^\n`]*)', text):
        first, *rest = re.findall(r"[\w-]+", line)
        command = commands.commands[first]
        told = {option for each in (command, *getattr(command, "commands", {}).values()) for parameter in each.params for option in parameter.opts}
        assert {f"{word}" for word in rest if word.startswith("--")} <= told, line


def test_the_image_runs_without_rights_from_the_pinned_set() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    _, built, run = text.split("\nFROM ")
    assert "--require-hashes -r requirements.txt" in built
    assert "\nUSER ojt\n" in run
    assert "HEALTHCHECK" in run
    assert not re.search(r"^ADD |:latest|curl ", text, flags=re.MULTILINE)


def test_the_image_is_built_from_all_that_the_package_is_made_of() -> None:
    """Whatever the package takes in is let into the build and copied there; one that was not failed every build."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    taken = {"pyproject.toml", told["project"]["readme"], *told["project"]["license-files"], *wheel["packages"], *wheel["force-include"]}
    first = {path.split("/")[0] for path in taken}
    build = (ROOT / "Dockerfile").read_text("utf-8").split("\nFROM ")[1]
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+)$", build, flags=re.MULTILINE) for name in line.split()[:-1]}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert first <= copied <= let_in


def test_the_compose_file_has_what_it_says() -> None:
    yaml = pytest.importorskip("yaml")
    told = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    services = told["services"]
    assert set(services) == {"store", "web", "worker"}
    assert [services[name]["deploy"]["replicas"] for name in ("web", "worker")] == [2, 2]
    assert all(each["depends_on"]["store"]["condition"] == "service_healthy" for name, each in services.items() if name != "store")
    volumes = {volume.split(":")[0] for each in services.values() for volume in each.get("volumes", []) if not volume.startswith((".", "/"))}
    assert volumes == set(told["volumes"])
    assert services["worker"]["environment"]["OJT_DATABASE_URL"] == services["web"]["environment"]["OJT_DATABASE_URL"]


@pytest.mark.usefixtures("solvers")
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_backup_of_the_running_store_is_restored(service: Service, ask_as: Ask, finish: Callable[[], list[dict[str, Any]]], tmp_path: Path) -> None:
    """The drill of docs/service.md: finished runs have their results, the audit chain holds, what waited is solved, keys still open."""
    planner, scenario = ask_as("planner"), make_scenario(service)
    done = planner.post("/v1/runs", json={"scenario_id": scenario}).json()["id"]
    finish()
    waiting = planner.post("/v1/runs", json={"scenario_id": scenario}).json()["id"]
    before = result_files(service, done)

    restored = tmp_path / "restored"
    restored.mkdir()
    source, copy = sqlite3.connect(service.settings.data_dir / "ojt.sqlite3"), sqlite3.connect(restored / "ojt.sqlite3")
    source.backup(copy)
    source.close()
    copy.close()
    later = planner.post("/v1/runs", json={"scenario_id": scenario}).json()["id"]

    again = Service(Settings(data_dir=restored))
    migrate.upgrade(again.store)
    there = again.queue.open(RUNS)
    assert waiting in there
    assert later not in there
    solve_run(again, "worker_after_the_restore", waiting)
    with again.store.read() as connection:
        rows = {row["id"]: dict(row) for row in connection.execute(sa.select(runs)).mappings()}
        found = keys.find(connection, planner.headers["authorization"].split()[1])
    assert audit.verify(again.store, "main").holds
    assert {run_id: row["status"] for run_id, row in rows.items()} == {done: "succeeded", waiting: "succeeded"}
    assert result_files(again, done) == before
    assert open_run(again, rows[done]).result.placed == open_run(again, rows[waiting]).result.placed == 3
    assert found is not None
    assert found.role == "planner"
    again.close()
