"""The night with real processes: given to a service's worker, and carried out at the prompt where no worker lives; the sheets are there after both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.service import Service
from api.settings import Settings
from tests.api.made import PAPER
from tests.api.nightly import SCHEDULE
from tests.api.served import OJT, environment, served


def _source(settings: Settings) -> None:
    place = settings.sources / "paper"
    place.mkdir(parents=True)
    for name in ("seekers.csv", "slots.csv", "pairs.csv", "partners.csv", "policy.toml", "scenario.toml"):
        shutil.copy(PAPER / name, place / name)


def _nightly(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([OJT, "nightly", *arguments], env=environment(settings), capture_output=True, text=True, timeout=400)


@pytest.mark.slow
def test_a_night_is_done_by_a_worker_that_lives_and_by_the_command_where_none_does(settings: Settings) -> None:
    _source(settings)
    today, yesterday = date.today(), date.today() - timedelta(days=1)
    with served(settings) as running, running.client("publisher") as client:
        schedule = client.post("/v1/schedules", json=SCHEDULE | {"cron": "30 2 1 1 *", "time_zone": "UTC"})
        assert schedule.status_code == 201, schedule.text
        done = _nightly(settings, "run", "--date", yesterday.isoformat(), "--wait")
        assert (done.returncode, "Published" in done.stdout, "Sheets: " in done.stdout) == (0, True, True), done
        again = _nightly(settings, "run", "--date", yesterday.isoformat(), "--json")
        assert (again.returncode, json.loads(again.stdout)["result"]) == (0, "published")
        assert len(client.get(f"{schedule.headers['location']}/occurrences").json()["items"]) == 1
    alone = _nightly(settings, "run", "--schedule", SCHEDULE["name"], "--date", today.isoformat())
    assert (alone.returncode, "Published" in alone.stdout) == (0, True), alone
    folder = Path(alone.stdout.split("Sheets: ")[1].strip())
    assert {"workbook.xlsx", "employer_sheet.csv", "publication.json"} <= set(os.listdir(folder))
    assert os.path.realpath(folder.parent / "latest") == os.path.realpath(folder)
    listed = json.loads(_nightly(settings, "list", "--json").stdout)
    assert [(night["night"], night["result"]) for night in listed] == [(today.isoformat(), "published"), (yesterday.isoformat(), "published")]
    assert "gates asked" in _nightly(settings, "show", "--date", today.isoformat()).stdout


def test_the_command_says_what_is_wrong(service: Service) -> None:
    nothing = _nightly(service.settings, "run", "--date", "2026-11-02")
    assert (nothing.returncode, "which_schedule" in nothing.stderr) == (2, True), nothing
    assert _nightly(service.settings, "list").stdout == "No night yet.\n"
