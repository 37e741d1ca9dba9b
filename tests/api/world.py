"""A board with one of everything, made straight in the store, for tests that try every operation there is.

Operations name what they are about by parameters and fields such as `run_id`; `KINDS` knows what each of those names. An operation about something
new needs one line there and one maker.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api.access import keys
from api.clock import now
from api.ids import new_id
from api.service import Service
from api.store.tables import deliveries, occurrences, publications, runs, schedules, sweeps, webhooks
from tests.api.made import PAPER, make_dataset, make_scenario

SEEKER, SLOT = "P1", "A"
"""A person and a slot of the scenario that the world's datasets hold."""


class World:
    """Makers of things on one board; each call makes a new thing and tells its id."""

    def __init__(self, service: Service, board: str, folder: Path = PAPER, solve: Callable[[str], Any] | None = None) -> None:
        self.service, self.board, self.folder, self._solve = service, board, folder, solve
        self._solved = ""

    def insert(self, table: sa.Table, word: str, **values: Any) -> str:
        """A row of a table; columns that it does not have are left out, so that a table may grow."""
        made = {"id": new_id(word), "board": self.board, "created_by": "test", "created_at": now(), "note": "", "tags": [], **values}
        with self.service.store.begin() as connection:
            connection.execute(table.insert().values({name: value for name, value in made.items() if name in table.c}))
        return str(made["id"])

    def dataset(self) -> str:
        return make_dataset(self.service, self.folder, self.board)

    def scenario(self) -> str:
        return make_scenario(self.service, self.folder, self.board)

    def run(self) -> str:
        """A waiting run."""
        scenario_id = self.scenario()
        with self.service.store.read() as connection:
            dataset_id = connection.execute(sa.text("SELECT dataset_id FROM scenario_versions WHERE scenario_id = :id"), {"id": scenario_id}).scalar_one()
        of = {"scenario_id": scenario_id, "scenario_version": 1, "dataset_id": dataset_id}
        return self.insert(runs, "run", kind="solve", status="queued", job={"seed": 0, "layers": []}, **of)

    def solved(self) -> str:
        """A run that has a result, the same each time, where the world can solve; otherwise one that waits."""
        if not self._solved:
            self._solved = self.run()
            if self._solve is not None:
                self._solve(self._solved)
        return self._solved

    def sweep(self) -> str:
        return self.insert(sweeps, "sweep", scenario_id=self.scenario(), scenario_version=1, axes=[], terms=[])

    def schedule(self) -> str:
        document: dict[str, Any] = {}
        return self.insert(schedules, "schedule", name=uuid.uuid4().hex, version=1, document=document, updated_at=now(), planned_to=now())

    def occurrence(self, schedule_id: str | None = None) -> str:
        of = {"schedule_id": schedule_id or self.schedule(), "night": date(2026, 11, 2), "scheduled_for": now(), "trigger": "cron"}
        return self.insert(occurrences, "occurrence", **of, status="finished", result="failed", log=[])

    def publication(self) -> str:
        return self.insert(publications, "publication", run_id=self.solved(), summary={})

    def webhook(self) -> str:
        return self.insert(webhooks, "webhook", url="https://hooks.example/x", secret="whsec_eA==", events=["run.finished"])

    def delivery(self, webhook_id: str | None = None) -> str:
        return self.insert(deliveries, "delivery", webhook_id=webhook_id or self.webhook(), event="run.finished", body={}, status="failed")

    def key(self) -> str:
        with self.service.store.begin() as connection:
            return keys.create(connection, board=self.board, role="viewer", name="made", by="test")[0]

    def of(self, name: str, known: dict[str, str] | None = None) -> str | None:
        """Something that a parameter or field of this name may name; None where the name is no thing's. `known` are those named before in the same path."""
        kind = KINDS.get(name)
        if kind is None:
            return None
        if kind in ("occurrence", "delivery") and known:
            return str(getattr(self, kind)(next(iter(known.values()))))
        return str(getattr(self, kind)())


KINDS = {
    "dataset_id": "dataset",
    "scenario_id": "scenario",
    "base_id": "scenario",
    "run_id": "solved",
    "reference_run": "solved",
    "sweep_id": "sweep",
    "schedule_id": "schedule",
    "occurrence_id": "occurrence",
    "publication_id": "publication",
    "webhook_id": "webhook",
    "delivery_id": "delivery",
    "key_id": "key",
    "run_ids": "solved",
    "runs": "solved",
    "base": "solved",
    "with": "solved",
}
"""Names of parameters and fields, and the maker of what they name."""

NO_THINGS = {
    "seeker_id": SEEKER,
    "slot_id": SLOT,
    "version": "1",
    "name": "assignments",
    "code": "unknown_id",
    "kind": "reservation",
    "demo_id": "portland",
}
"""Names of parameters in a path that name no row of a board, and a value that is good."""


def copied(folder: Path, place: Path, change: Callable[[str, str], str]) -> Path:
    """A folder of tables with every text changed by name."""
    shutil.copytree(folder, place)
    for path in place.glob("*.csv"):
        path.write_text(change(path.name, path.read_text(encoding="utf-8")), encoding="utf-8")
    return place
