"""A year and more of nights on a clock that is set, with all that goes wrong: duplicate triggers, clocks that differ, outages, dead workers, bad sources.

What is real: store, schedules, due times, occurrences, reading and keeping the source, carrying over, the library's solve and check, gates, publications.
What is replaced, so that a thousand nights take minutes: the processes around reading and solving (both are carried out here), the queue's own workers
(whoever is alive carries on whatever is open, sometimes twice), and the drawing of workbook and page (the sheets' folder gets a small file instead).
"""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from allocator.errors import InputError
from api import clock
from api.night import occurrences as life
from api.night import publications as publishing
from api.night import schedules
from api.night.schedule import Schedule
from api.night.sheets import bring_in_line
from api.night.steps import STEPS
from api.night.tick import tick
from api.service import Service
from api.solving.process import Ended
from api.store.tables import occurrences, publications, runs
from tests.api.made import PAPER

PLACES = (
    ("America/Los_Angeles", "30 2 * * *"),
    ("America/New_York", "30 1 * * 1-5"),
    ("Australia/Lord_Howe", "45 1 * * *"),
    ("Europe/London", "15 1 * * *"),
)
"""Each is due in an hour that the clock leaves out in spring, or shows twice in autumn."""
WORKERS = 3
SKEW = timedelta(minutes=5)


class KilledError(BaseException):
    """A worker dies here."""


class Deaths:
    """Lets a worker die at the n-th transaction from now: just before it is kept, or just after."""

    def __init__(self, service: Service) -> None:
        self._begin, self._left, self._after = service.store.begin, 0, False
        service.store.begin = self._transaction  # type: ignore[method-assign]  # so that a worker can die at any transaction

    def plan(self, left: int, *, after: bool) -> None:
        """Die at that transaction; 0 lives on."""
        self._left, self._after = left, after

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        self._left -= 1
        dies = self._left == 0
        with self._begin() as connection:
            yield connection
            if dies and not self._after:
                raise KilledError
        if dies:
            raise KilledError


class Quiet:
    """A teller that nobody listens to."""

    def cancelled(self) -> bool:
        return False

    def phase(self, name: str) -> None: ...

    def incumbent(self, goal: str, value: float | None, bound: float | None) -> None: ...


def solved_here(job: Mapping[str, Any], *_: Any) -> Ended:
    """The library's solve in this process instead of one of its own."""
    from allocator.errors import InputError
    from api.solving.child import _carried_out

    try:
        return Ended("done", _carried_out(job, Quiet()))  # type: ignore[arg-type]
    except InputError as error:
        return Ended("faulty", {"faults": [fault.as_dict() for fault in error.faults]})


def read_here(work: Any, *arguments: Any, **_: Any) -> Any:
    """The reading of an upload in this process instead of one of its own."""
    return work(*arguments)


def replace_processes(monkeypatch: Any) -> None:
    """Read and solve in this process, and draw nothing."""
    monkeypatch.setattr("api.jobs.solving.carry_out", solved_here)
    monkeypatch.setattr("api.datasets.apart", read_here)
    monkeypatch.setattr("api.night.sheets.sheets_of", lambda _, run: {"assignments.csv": str(run["id"]).encode()})


class World:
    """Schedules, workers and sources, and what happens to them."""

    def __init__(self, service: Service, seed: int, start: datetime, monkeypatch: Any) -> None:
        replace_processes(monkeypatch)
        monkeypatch.setattr(clock, "now", lambda: self.moment + self.skew)
        self.service, self.chance, self.start, self.moment, self.skew = service, random.Random(seed), start, start, timedelta()
        self.deaths = Deaths(service)
        self.skews = [timedelta(seconds=self.chance.uniform(-1, 1) * SKEW.total_seconds()) for _ in range(WORKERS)]
        self.withdrawn: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.schedules: dict[str, tuple[str, str]] = {}
        rules = ("latest", "all", "none", "latest")
        for number, (zone, cron) in enumerate(PLACES):
            said = {"name": f"Night {number}", "cron": cron, "time_zone": zone, "source": {"kind": "folder", "path": f"source{number}"}}
            more = {"review": "hold" if number == 3 else "automatic", "catch_up": {"rule": rules[number], "max_age": "P1DT12H"}, "gates": {"counts": 0.4}}
            self.bring(number)
            with service.store.begin() as connection:
                row = schedules.create(connection, service, "main", Schedule.model_validate({**said, **more}), "test")
            self.schedules[str(row["id"])] = (cron, zone)

    # -- what happens -------------------------------------------------------------------------------------------

    def night(self) -> None:
        """A day passes for every schedule; what happens on it is drawn."""
        chance = self.chance
        fate = chance.choices(("well", "short outage", "days of outage", "source gone", "source faulty", "few slots"), (70, 8, 2, 7, 6, 7))[0]
        self.counts[fate] += 1
        for number in range(len(self.schedules)):
            self.bring(number, fate)
        if fate == "days of outage":
            self.moment += timedelta(days=chance.randint(1, 4))
        until = self.moment + timedelta(days=1)
        if chance.random() < 0.15:
            self._start_by_hand()
        while self.moment < until:
            self.moment = min(until, self.moment + timedelta(hours=3 if fate == "short outage" else 1, minutes=chance.randint(-20, 20)))
            for _ in range(chance.randint(2, 5) if chance.random() < 0.4 else 1):
                self._trigger(chance.randrange(WORKERS))
            if self._open():
                self._carry_on()
        for number in range(len(self.schedules)):
            self.bring(number)
        self._people_decide()

    def bring(self, number: int, fate: str = "well") -> None:
        """What lies in a source."""
        place = self.service.settings.sources / f"source{number}"
        shutil.rmtree(place, ignore_errors=True)
        if fate == "source gone":
            return
        place.mkdir(parents=True)
        for name in ("seekers.csv", "slots.csv", "pairs.csv", "partners.csv", "policy.toml", "scenario.toml"):
            text = (PAPER / name).read_text()
            lines = text.splitlines()
            if fate == "source faulty" and name == "slots.csv":
                text = text.replace(lines[1], "J1,many" + "," * (lines[0].count(",") - 1))
            if fate == "few slots" and name in ("slots.csv", "pairs.csv"):
                kept = [line for line in lines[1:] if "J1" in line.split(",")[:2]]
                text = "\n".join([lines[0], *kept, ""])
            (place / name).write_text(text)

    def _trigger(self, worker: int) -> None:
        """A worker's tick by its own clock; sometimes two at the same moment."""
        self.skew = self.skews[worker]
        moment = self.moment + self.skew
        self.deaths.plan(self.chance.randint(1, 4) if self.chance.random() < 0.05 else 0, after=self.chance.random() < 0.5)
        try:
            if self.chance.random() < 0.03:
                self.deaths.plan(0, after=False)
                both = [threading.Thread(target=tick, args=(self.service, moment)) for _ in range(2)]
                for thread in both:
                    thread.start()
                for thread in both:
                    thread.join()
            else:
                tick(self.service, moment)
        except KilledError:
            self.counts["deaths in a tick"] += 1
        finally:
            self.deaths.plan(0, after=False)

    def _carry_on(self) -> None:
        """Whoever is alive carries on what is open, dies at times, and others go on."""
        for _ in range(60):
            going = self._open()
            if not going:
                return
            for occurrence_id in going:
                self.skew = self.skews[self.chance.randrange(WORKERS)]
                self.deaths.plan(self.chance.randint(1, 9) if self.chance.random() < 0.25 else 0, after=self.chance.random() < 0.5)
                try:
                    self._work(occurrence_id)
                except KilledError:
                    self.counts["deaths"] += 1
                finally:
                    self.deaths.plan(0, after=False)
        raise AssertionError(f"nights come to no end: {going}")

    def _work(self, occurrence_id: str) -> None:
        from api.jobs.solving import solve_run

        for name, step in STEPS.items():
            after = step(self.service, occurrence_id)
            if after == "wait":
                with self.service.store.read() as connection:
                    run_id = life.read(connection, occurrence_id)["run_id"]
                solve_run(self.service, f"worker_{self.chance.random()}", run_id)
                after = step(self.service, occurrence_id)
            elif self.chance.random() < 0.05 and name != "wait":
                step(self.service, occurrence_id)  # done twice
            if after != "next":
                return

    def _start_by_hand(self) -> None:
        """The same night asked for several times."""
        for schedule_id, (_, zone) in self.schedules.items():
            today = schedules.night_of(clock.now(), zone)  # by the clock of whoever is asked, which is not everybody's
            self._ask_too_far_away(schedule_id, today)
            day = today + timedelta(days=self.chance.randint(-2, 1))
            made = set()
            for _ in range(self.chance.randint(1, 3)):
                with self.service.store.begin() as connection:
                    row = schedules.find(connection, "main", schedule_id, hold=True)
                    made.add(schedules.start_night(connection, self.service, row, day, "test", again=self.chance.random() < 0.3)[0]["id"])
            assert len(made) == 1
            self.counts["asked for by hand"] += 1

    def _ask_too_far_away(self, schedule_id: str, today: date) -> None:
        """A night that is out of range is refused, and leaves nothing behind."""
        for day in (today + timedelta(days=2), today - schedules.FARTHEST_BACK - timedelta(days=1)):
            with pytest.raises(InputError) as refused, self.service.store.begin() as connection:
                schedules.start_night(connection, self.service, schedules.find(connection, "main", schedule_id, hold=True), day, "test", again=False)
            assert [fault.code for fault in refused.value.faults] == ["night_out_of_range"]
            self.counts["refused"] += 1

    def _people_decide(self) -> None:
        """Held plans are published or left, publications withdrawn."""
        for row in self.rows():
            if row["status"] == "held" and self.chance.random() < 0.6:
                with self.service.store.begin() as connection:
                    held = life.locked(connection, row["id"])
                    last = publishing.current(connection, "main", row["schedule_id"])
                    if held["status"] == "held" and (last is None or last["scheduled_for"] < row["scheduled_for"]):
                        publishing.publish_night(connection, self.service, held, "test", "looked at", life.fact(held, "judge", "figures"))
                        self.counts["published by hand"] += 1
        for schedule_id in self.schedules:
            if self.chance.random() < 0.05:
                with self.service.store.begin() as connection:
                    publishing.hold_chain(connection, schedule_id)
                    last = publishing.current(connection, "main", schedule_id)
                    if last is not None:
                        publishing.withdraw(connection, self.service, last["id"], "test")
                        self.withdrawn.add(last["id"])
        if self.chance.random() < 0.1:
            with self.service.store.read() as connection:
                newest = connection.execute(sa.select(publications.c.id).order_by(publications.c.id.desc()).limit(1)).scalar()
            if newest is not None:
                bring_in_line(self.service, newest)

    # -- what must hold -----------------------------------------------------------------------------------------

    def rows(self) -> list[Mapping[str, Any]]:
        """Every occurrence."""
        with self.service.store.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(occurrences).order_by(occurrences.c.scheduled_for)).mappings()]

    def _open(self) -> list[str]:
        with self.service.store.read() as connection:
            mine = sa.select(occurrences.c.id).where(occurrences.c.status.in_(life.OPEN)).order_by(occurrences.c.scheduled_for)
            return list(connection.execute(mine).scalars())

    def check(self, due: Mapping[str, set[datetime]]) -> None:
        """Every due time has one occurrence with an end; every publication belongs to one; the last good one holds."""
        with self.service.store.read() as connection:
            made = [dict(row) for row in connection.execute(sa.select(publications)).mappings()]
            started = [dict(row) for row in connection.execute(sa.select(runs.c.occurrence_id, runs.c.id, runs.c.status)).mappings()]
            holding = {schedule_id: publishing.current(connection, "main", schedule_id) for schedule_id in self.schedules}
        by_occurrence = {row["occurrence_id"]: row for row in made}
        assert len(by_occurrence) == len(made), "an occurrence was published twice"
        assert len({(row["schedule_id"], row["scheduled_for"]) for row in made}) == len(made), "a due time was published twice"
        rows = self.rows()
        for row in rows:
            assert row["status"] in ("held", "finished"), row
            assert (row["id"] in by_occurrence) == (row["result"] == "published"), row
            if row["result"] != "published":
                assert row["reason"]["code"], row
                assert row["reason"]["message"], row
        for schedule_id, moments in due.items():
            mine = {row["scheduled_for"] for row in rows if row["schedule_id"] == schedule_id and row["trigger"] == "schedule"}
            by_hand = {row["scheduled_for"] for row in rows if row["schedule_id"] == schedule_id and row["trigger"] == "manual"}
            assert moments <= mine | by_hand, sorted(moments - mine - by_hand)[:3]
            assert mine <= moments, sorted(mine - moments)[:3]
            standing = [row for row in made if row["schedule_id"] == schedule_id and row["id"] not in self.withdrawn]
            newest = max(standing, key=lambda row: row["scheduled_for"], default=None)
            assert (holding[schedule_id] or {}).get("id") == (newest or {}).get("id"), "the last good publication is lost"
        assert all(row["status"] in ("succeeded", "failed", "cancelled") for row in started)


def aware(year: int, month: int, day: int) -> datetime:
    """Midnight in UTC."""
    return datetime(year, month, day, tzinfo=UTC)
