"""No request, however odd, gets a 5xx, a status that is not documented, or a document that is not as documented."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from api.access import keys
from api.routes import runs as run_routes
from api.service import Service
from api.settings import Settings
from tests.api.conftest import Ask
from tests.api.example_world import World, made_world, with_world
from tests.api.fuzzing import Report, fuzz


@pytest.fixture
def settings(empty_sqlite: Path, tmp_path: Path) -> Settings:
    shutil.copy(empty_sqlite, tmp_path / "ojt.sqlite3")
    return with_world(Settings(data_dir=tmp_path))


@pytest.fixture
def world(service: Service, ask_as: Ask, logged_as: Callable[[Settings, str], None], request: pytest.FixtureRequest) -> World:
    request.getfixturevalue("solvers")
    logged_as(Settings(log_level="ERROR"), "tests")
    return made_world(service, ask_as("admin"))


def fuzzed(service: Service, world: World, monkeypatch: pytest.MonkeyPatch, examples: int, seed: int = 1) -> Report:
    monkeypatch.setattr(run_routes, "_wait", lambda _: 0.0)
    with service.store.begin() as connection:
        _, secret = keys.create(connection, board="main", role="admin", name="fuzz", by="test")
    return fuzz(service.settings, secret, examples=examples, world=world.ids, seed=seed)


def test_odd_requests_to_every_operation(service: Service, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many to each operation, and not as many as half a minute allows: what is found must not depend on the machine."""
    report = fuzzed(service, world, monkeypatch, examples=2)
    print(report.said())
    assert not report.failures, report.said()
    assert not report.errors, report.said()
    assert report.total > 4000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a request that is meant to be large
def test_odd_requests_for_an_hour(service: Service, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds with other seeds, from `OJT_FUZZ_SEED` on, until there were `OJT_FUZZ_CASES` requests; `OJT_FUZZ_EXAMPLES` to an operation in a round."""
    wanted, total, seed = int(os.environ.get("OJT_FUZZ_CASES", "50000")), 0, int(os.environ.get("OJT_FUZZ_SEED", "1"))
    examples = int(os.environ.get("OJT_FUZZ_EXAMPLES", "200"))
    while total < wanted:
        report = fuzzed(service, world, monkeypatch, examples=examples, seed=seed)
        print(report.said())
        assert not report.failures, report.said()
        assert not report.errors, report.said()
        total, seed = total + report.total, seed + 1
