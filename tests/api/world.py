"""A board with one of everything, made straight in the store as often as a test likes: for tests that try every operation as each role, on several boards, and
that spoil or change what they are given. Each call makes a new thing, solved only where the test can wait for that. What is made once through the API, with ids
and labels that fit the documented examples, is in `example_world`.

Operations name what they are about by parameters and fields such as `run_id`; `KINDS` knows what each of those names. An operation about something
new needs one line there and one maker.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api import sweeps as sweeping
from api.access import keys
from api.clock import now
from api.ids import new_id
from api.night import occurrences as nights
from api.night import schedules
from api.night.figures import figures_of
from api.night.publications import hold_chain, publish_run
from api.night.schedule import Schedule
from api.routes.schedules import EXAMPLE
from api.routes.sweeps import NewSweep
from api.runs import find_run
from api.service import Service
from api.store.tables import datasets, deliveries, runs, studies, webhooks
from tests.api.made import PAPER, make_dataset, make_scenario

PROMISE = "constraints.reservation[two seats for the partner]"
SEEKER, SLOT = "P1", "A"
"""A person and a slot of the scenario that the world's datasets hold."""


class World:
    """Makers of things on one board; each call makes a new thing and tells its id."""

    def __init__(self, service: Service, board: str, folder: Path = PAPER, solve: Callable[[str], Any] | None = None) -> None:
        self.service, self.board, self.folder, self._solve = service, board, folder, solve
        self._solved = self._swept = ""

    def insert(self, table: sa.Table, word: str, **values: Any) -> str:
        """A row of a table; columns that it does not have are left out, so that a table may grow."""
        made = {"id": new_id(word), "board": self.board, "created_by": "test", "created_at": now(), "note": "", "tags": [], **values}
        with self.service.store.begin() as connection:
            connection.execute(table.insert().values({name: value for name, value in made.items() if name in table.c}))
        return str(made["id"])

    def dataset(self) -> str:
        dataset_id = make_dataset(self.service, self.folder, self.board)
        counts = {path.stem: len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in self.folder.glob("*.csv")}
        with self.service.store.begin() as connection:
            connection.execute(datasets.update().where(datasets.c.id == dataset_id).values(counts=counts))
        return dataset_id

    def scenario(self) -> str:
        return make_scenario(self.service, self.folder, self.board)

    def run(self, job: Mapping[str, Any] | None = None) -> str:
        """A waiting run."""
        scenario_id = self.scenario()
        with self.service.store.read() as connection:
            dataset_id = connection.execute(sa.text("SELECT dataset_id FROM scenario_versions WHERE scenario_id = :id"), {"id": scenario_id}).scalar_one()
        of = {"scenario_id": scenario_id, "scenario_version": 1, "dataset_id": dataset_id}
        return self.insert(runs, "run", kind="solve", status="queued", job={"seed": 0, "layers": [], **(job or {})}, **of)

    def solved(self) -> str:
        """A run that has a result, the same each time, where the world can solve; otherwise one that waits."""
        if not self._solved:
            self._solved = self.solved_anew()
        return self._solved

    def solved_anew(self, job: Mapping[str, Any] | None = None) -> str:
        """A run that is solved, where the world can solve."""
        run_id = self.run(job)
        if self._solve is not None:
            self._solve(run_id)
        return run_id

    def sweep(self) -> str:
        """A sweep of two points that wait."""
        asked = NewSweep(scenario_id=self.scenario(), axes=[{"path": f"{PROMISE}.count", "range": "1:2:1"}])  # type: ignore[list-item]
        overs = sweeping.overs_of([axis.text() for axis in asked.axes])
        of = {"board": self.board, "scenario_id": asked.scenario_id, "scenario_version": 1, "created_by": "test", "tags": [], "note": ""}
        terms = asked.model_dump(include={"seed", "gap", "time_limit", "lottery", "baselines", "reference_run"})
        with self.service.store.begin() as connection:
            return sweeping.submit(connection, self.service, of, overs, terms, 1)

    def swept(self) -> str:
        """A sweep that is solved, the same each time, where the world can solve."""
        if not self._swept:
            self._swept = self.sweep()
            with self.service.store.read() as connection:
                parts = connection.execute(sa.select(runs.c.id).where(runs.c.sweep_id == self._swept)).scalars().all()
            for run_id in parts if self._solve else ():
                self._solve(run_id)
        return self._swept

    def infeasible(self) -> str:
        """A run that ends as infeasible."""
        changes = [{"op": "set", "path": f"{PROMISE}.mode", "value": "minimum_hard"}, {"op": "set", "path": f"{PROMISE}.count", "value": 3}]
        return self.solved_anew({"layers": [{"name": "too much", "changes": changes}]})

    def schedule(self) -> str:
        """A schedule as the documented example has it."""
        with self.service.store.begin() as connection:
            return str(schedules.create(connection, self.service, self.board, Schedule.model_validate({**EXAMPLE, "name": uuid.uuid4().hex}), "test")["id"])

    def paused(self) -> str:
        """A schedule that pauses."""
        schedule_id = self.schedule()
        with self.service.store.begin() as connection:
            schedules.pause(connection, self.service, schedules.find(connection, self.board, schedule_id), "test", paused=True)
        return schedule_id

    def occurrence(self) -> str:
        """A night that has failed."""
        occurrence_id = self._night()
        with self.service.store.begin() as connection:
            nights.end(connection, nights.locked(connection, occurrence_id), "failed", "Nothing came.", "source")
        return occurrence_id

    def held(self) -> str:
        """A night that waits for somebody to look at it."""
        run_id, occurrence_id = self.solved(), self._night()
        with self.service.store.begin() as connection:
            nights.write(connection, nights.locked(connection, occurrence_id), "held", "Look at it.", {"status": "held", "run_id": run_id})
        return occurrence_id

    def _night(self) -> str:
        schedule_id = self.schedule()
        with self.service.store.begin() as connection:
            return str(nights.add(connection, schedules.find(connection, self.board, schedule_id), now(), date(2026, 11, 2), "schedule"))

    def publication(self) -> str:
        """A plan published by hand; a run is published once."""
        run_id = self.solved_anew()
        with self.service.store.read() as connection:
            row = find_run(connection, self.board, run_id)
        summary = asdict(figures_of(self.service, row, None)) if self._solve else {}
        with self.service.store.begin() as connection:
            hold_chain(connection, None)
            return publish_run(connection, self.service, row, "test", "", summary)

    def webhook(self) -> str:
        return self.insert(webhooks, "webhook", url="https://hooks.example/x", secret="whsec_eA==", events=["run.finished"])

    def delivery(self, webhook_id: str | None = None) -> str:
        return self.insert(deliveries, "delivery", webhook_id=webhook_id or self.webhook(), event="run.finished", body={}, status="failed")

    def study(self) -> str:
        return self.insert(studies, "study", kind="tradeoff", title="What it costs", runs=[], sweep_id=self.swept(), view={"at": "1"})

    def key(self) -> str:
        with self.service.store.begin() as connection:
            return keys.create(connection, board=self.board, role="viewer", name="made", by="test")[0]

    def of(self, name: str, known: dict[str, str] | None = None) -> str | None:
        """Something that a parameter or field of this name may name; None where the name is no thing's. `known` are those named before in the same path."""
        kind = KINDS.get(name)
        if kind is None:
            return None
        if kind == "delivery" and known:
            return self.delivery(next(iter(known.values())))
        return str(getattr(self, kind)())


KINDS = {
    "dataset_id": "dataset",
    "since_id": "dataset",
    "scenario_id": "scenario",
    "base_id": "scenario",
    "run_id": "solved",
    "reference_run": "solved",
    "sweep_id": "swept",
    "study_id": "study",
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
    "schedule": "schedule",
}
"""Names of parameters and fields, and the maker of what they name."""

NO_THINGS = {
    "seeker_id": SEEKER,
    "slot_id": SLOT,
    "seeker": SEEKER,
    "slot": SLOT,
    "name": "worklist",
    "table": "seekers",
    "label": "two seats for the partner",
    "code": "unknown_id",
    "demo_id": "paper",
}
"""Names of parameters that name no row of a board, and a value that is good."""


class Fixed(World):
    """A world that makes each thing once."""

    def ids(self) -> list[str]:
        """Everything that was made."""
        made: dict[Any, str | None] = self.__dict__.get("made", {})
        return [name for name in made.values() if name is not None]

    def of(self, name: str, known: dict[str, str] | None = None) -> str | None:
        made: dict[Any, str | None] = self.__dict__.setdefault("made", {})
        place = (name, *(known or {}).values()) if name == "delivery_id" else name
        if place not in made:
            made[place] = super().of(name, known)
        return made[place]


def copied(folder: Path, place: Path, change: Callable[[str, str], str]) -> Path:
    """A folder of tables with every text changed by name."""
    shutil.copytree(folder, place)
    for path in place.glob("*.csv"):
        path.write_text(change(path.name, path.read_text(encoding="utf-8")), encoding="utf-8")
    return place
