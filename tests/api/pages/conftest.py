"""A web server in this process, on a store with one of everything, and a browser before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from api.access import keys
from api.access.roles import Role
from api.app import create_app
from api.service import Service
from api.settings import Settings
from api.solving import process
from tests.api.example_world import World, made_world, with_world
from tests.api.listening import listening
from tests.api.pages.run_states import more_runs
from tests.api.pages.sweep_states import more_sweeps


@dataclass(frozen=True)
class Town:
    """A service with a world on its board `main` and nothing on its board `empty`."""

    service: Service
    address: str
    world: World
    maker: str
    """The key of whoever made the world and nothing since: what is theirs stays the same, whatever other tests put on the board."""

    def secret(self, role: Role, board: str = "main") -> str:
        """A fresh key."""
        with self.service.store.begin() as connection:
            return keys.create(connection, board=board, role=role, name=f"A {role}", by="test")[1]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The service; it stands as long as the tests run."""
    process.prepare()
    settings = with_world(Settings(data_dir=tmp_path_factory.mktemp("town"), auth_failures=10**9))
    app = create_app(settings)
    with listening(app) as address, closing(Service(settings)) as service:
        with service.store.begin() as connection:
            _, secret = keys.create(connection, board="main", role="admin", name="An admin", by="test")
        client = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
        world = made_world(service, client)
        world.ids.update(more_runs(service, client, world.ids["scenario_id"]))
        world.ids.update(more_sweeps(service, client, world.ids))
        yield Town(service, address, world, secret)


Asked = Callable[..., httpx.Client]


@pytest.fixture
def asked(town: Town) -> Iterator[Asked]:
    """Makes clients with keys of a role, on a board."""
    with ExitStack() as stack:

        def client(role: Role, board: str = "main") -> httpx.Client:
            headers = {"Authorization": f"Bearer {town.secret(role, board)}"}
            return stack.enter_context(httpx.Client(base_url=town.address, headers=headers, trust_env=False, timeout=60))

        yield client


def published(town: Town) -> str:
    """The run whose plan is published now; other tests of the town publish and withdraw."""
    with httpx.Client(base_url=town.address, headers={"Authorization": f"Bearer {town.secret('admin')}"}, timeout=120, trust_env=False) as admin:
        for each in admin.get("/v1/publications").json()["items"]:
            if each["withdrawn_at"] is None:
                return str(each["run_id"])
        made = admin.post("/v1/publications", json={"run_id": town.world.ids["run_id"]})
        assert made.status_code == 201, made.text
        return str(made.json()["run_id"])


@dataclass(frozen=True)
class Visitor:
    """Somebody logged in, in a browser of their own; `heard` has what went wrong in it and what it asked of others."""

    page: Any
    heard: list[str]
    town: Town

    def open(self, path: str) -> Any:
        """Go to an address; the answer."""
        return self.page.goto(self.town.address + path)


def visitor(chromium: Any, town: Town, role: Role, board: str = "main", **more: Any) -> Visitor:
    """Log somebody in, as people do."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **more})
    page, heard = context.new_page(), []
    page.on("request", lambda request: None if request.url.startswith((town.address, "data:")) else heard.append(f"asked elsewhere: {request.url}"))
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda said: heard.append(f"console: {said.text}"))
    page.on("filechooser", lambda _: None)  # the browser is told once that windows for files are looked for, and not in a race with a press
    page.goto(f"{town.address}/login?next=/runs")
    page.get_by_label("API key").fill(town.secret(role, board))
    page.get_by_role("button", name="Log in").click()
    return Visitor(page, heard, town)
