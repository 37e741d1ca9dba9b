"""Every state that a page can be in, as an address in a world that has one of everything; each is looked at by the tests of all pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from api.access.roles import Role
from tests.api.example_world import World

AREAS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("of_*.py")))


@dataclass(frozen=True)
class State:
    """A page in a state: `name` is good for a file; `path` is an address with the names of `ids` of the world in braces."""

    name: str
    path: str
    role: Role = "admin"
    board: str = "main"
    status: int = 200
    act: Callable[[Any], None] | None = None
    """What is done in the open browser page to come into the state, such as sending a form with a fault."""

    def address(self, world: World, **more: str) -> str:
        """Its address in a world."""
        return self.path.format(
            **world.ids, second_run=world.second_run, infeasible_run=world.infeasible_run, night_run=world.night_run, held=world.held, **more
        )


def every_state() -> list[State]:
    """The states of all areas, each area in a file of its own."""
    return [state for area in AREAS for state in import_module(f"tests.api.pages.{area}").STATES]
