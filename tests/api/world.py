"""A board with one of everything, for tests that go through every operation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from api.access import keys
from api.jobs import runs as life
from api.jobs.solving import solve_run
from api.service import Service
from api.store.tables import scenario_versions
from tests.api.made import PAPER, make_scenario


@dataclass(frozen=True)
class World:
    """Ids that exist, by the name of the parameter that takes them."""

    ids: dict[str, str]

    def stands_for(self, example: Any) -> Any:
        """An example with ids that exist in the place of those it makes up, such as `scenario_0`."""
        if isinstance(example, dict):
            return {name: self.stands_for(value) for name, value in example.items()}
        if isinstance(example, list):
            return [self.stands_for(each) for each in example]
        made_up = re.fullmatch(r"([a-z]+)_0", example) if isinstance(example, str) else None
        return self.ids.get(f"{made_up[1]}_id", example) if made_up else example

    def upload(self) -> list[tuple[str, tuple[str, bytes, str]]]:
        """Files of a dataset, for a form."""
        return [("files", (path.name, path.read_bytes(), "text/csv")) for path in sorted(PAPER.glob("*.csv"))]


def made_world(service: Service, board: str = "main") -> World:
    """The board of four people and three openings, with a run that is finished."""
    scenario_id = make_scenario(service, board=board)
    with service.store.begin() as connection:
        dataset_id = connection.execute(sa.select(scenario_versions.c.dataset_id).where(scenario_versions.c.scenario_id == scenario_id)).scalar_one()
        values = {"board": board, "scenario_id": scenario_id, "scenario_version": 1, "dataset_id": dataset_id, "created_by": "test"}
        run_id = life.submit(connection, service.queue, {**values, "job": {"seed": 0, "layers": []}})
        key_id, _ = keys.create(connection, board=board, role="viewer", name="a viewer", by="test")
    solve_run(service, "worker_of_the_world", run_id)
    return World(
        {
            "run_id": run_id,
            "scenario_id": scenario_id,
            "dataset_id": dataset_id,
            "key_id": key_id,
            "seeker_id": "P1",
            "slot_id": "A",
            "code": "not-found",
        }
    )
