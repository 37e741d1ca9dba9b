"""Nights for tests: a board with a schedule, a source that can be changed, a clock that can be set, and workers that carry out what is due."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from api import clock
from api.ids import new_id
from api.jobs.solving import solve_run
from api.night import occurrences as life
from api.night import schedules
from api.night.schedule import Schedule
from api.night.sheets import bring_in_line
from api.night.steps import carry_on
from api.night.tick import tick
from api.service import Service
from api.store.tables import occurrences, publications, runs
from tests.api.made import PAPER

START = datetime(2026, 11, 1, 10, 31, tzinfo=UTC)
"""Just after half past two in Portland, in the night after which the clock was put back."""
SCHEDULE: dict[str, Any] = {"name": "Paper nightly", "cron": "30 2 * * *", "time_zone": "America/Los_Angeles", "source": {"kind": "folder", "path": "paper"}}


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def on(self, **more: float) -> datetime:
        """Let time pass."""
        self.moment += timedelta(**more)
        return self.moment


@contextmanager
def standing(monkeypatch: Any, moment: datetime = START) -> Iterator[Clock]:
    """The service's clock, standing."""
    made = Clock(moment)
    monkeypatch.setattr(clock, "now", made)
    yield made


class Board:
    """A board with its schedule and source."""

    def __init__(self, service: Service, time: Clock, said: Mapping[str, Any] = SCHEDULE) -> None:
        self.service, self.time, self.solves = service, time, True
        self.source = service.settings.sources / "paper"
        self.bring(PAPER)
        with service.store.begin() as connection:
            self.schedule = str(schedules.create(connection, service, "main", Schedule.model_validate({**SCHEDULE, **said}), "test")["id"])

    def bring(self, folder: Path = PAPER, but: tuple[str, ...] = (), **tables: str) -> None:
        """Put files into the source in place of what is there."""
        shutil.rmtree(self.source, ignore_errors=True)
        self.source.mkdir(parents=True)
        for path in folder.iterdir():
            if path.suffix in (".csv", ".toml") and path.name not in (*but, "no_reservation.toml", "over_and_above.toml", "set_aside.toml"):
                shutil.copy(path, self.source / path.name)
        for name, text in tables.items():
            (self.source / f"{name}.csv").write_text(text)

    def work(self) -> None:
        """Do what workers do until there is nothing left to be done now."""
        for _ in range(6):
            tick(self.service, self.time())
            for row in self.rows():
                if row["status"] in life.OPEN:
                    carry_on(self.service, row["id"])
            if not self._solve():
                break
        for row in self.publications():
            bring_in_line(self.service, row["id"])

    def _solve(self) -> bool:
        """Bring every run to its end, also those whose worker died; whether there was any."""
        with self.service.store.read() as connection:
            open_ = connection.execute(sa.select(runs.c.id).where(runs.c.status.in_(("queued", "running", "cancelling")))).scalars().all()
        for run_id in open_ if self.solves else ():
            solve_run(self.service, new_id("worker"), run_id)
        return bool(open_) and self.solves

    def night(self) -> Mapping[str, Any]:
        """Let the next night come, and what becomes of it."""
        self.time.on(days=1)
        self.work()
        return self.rows()[-1]

    def rows(self) -> list[Mapping[str, Any]]:
        """Every occurrence, first due first."""
        with self.service.store.read() as connection:
            mine = sa.select(occurrences).where(occurrences.c.schedule_id == self.schedule).order_by(occurrences.c.scheduled_for)
            return [dict(row) for row in connection.execute(mine).mappings()]

    def publications(self) -> list[Mapping[str, Any]]:
        """Every publication, first due first."""
        with self.service.store.read() as connection:
            mine = sa.select(publications).where(publications.c.schedule_id == self.schedule).order_by(publications.c.scheduled_for)
            return [dict(row) for row in connection.execute(mine).mappings()]
