"""A service that stands for a whole module of tests, where a fresh one for each of hundreds of tests would be dear."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.testclient import TestClient

from api.access import keys
from api.access.roles import Role
from api.jobs.solving import solve_run
from api.service import Service
from tests.api.world import World


@dataclass(frozen=True)
class Standing:
    """The service and its web application."""

    service: Service
    web: TestClient

    def client(self, role: Role, board: str = "main") -> TestClient:
        """A client with a fresh key."""
        with self.service.store.begin() as connection:
            _, secret = keys.create(connection, board=board, role=role, name=role, by="test")
        return self.with_headers(Authorization=f"Bearer {secret}")

    def with_headers(self, **headers: str) -> TestClient:
        """A client that sends these headers."""
        return TestClient(self.web.app, raise_server_exceptions=False, headers=headers)

    def world(self, board: str, kind: type[World] = World, **more: object) -> World:
        """A board with one of everything; its finished run is solved here."""
        return kind(self.service, board, solve=lambda run_id: solve_run(self.service, "worker_of_the_test", run_id), **more)  # type: ignore[arg-type]
