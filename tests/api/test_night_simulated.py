"""Each due time is published once, or skipped, failed or held with its reason; never twice, and the last good publication is never lost.

The solves are real ones of the library, but in this process; see night_simulation.py for what is replaced. A night with processes of its own is
in test_night.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from api.service import Service
from tests.api.brute_clock import due_by_brute_force
from tests.api.night_simulation import SKEW, World, aware


def lived(service: Service, monkeypatch: pytest.MonkeyPatch, seed: int, start: datetime, nights: int) -> World:
    """A world after so many occurrences."""
    world = World(service, seed, start, monkeypatch)
    while len(world.rows()) < nights:
        world.night()
    final = world.moment + max(world.skews)
    for _ in range(2):  # all have seen all
        world.skew = max(world.skews)
        world._trigger(world.skews.index(max(world.skews)))
        world._carry_on()
    due = {schedule: due_by_brute_force(cron, zone, start + min(world.skews), final) for schedule, (cron, zone) in world.schedules.items()}
    edge = {schedule: {moment for moment in moments if moment > start + SKEW} for schedule, moments in due.items()}
    world.check(edge)
    return world


@pytest.mark.parametrize("start", [aware(2026, 10, 24), aware(2026, 3, 5)], ids=["autumn", "spring"])
def test_some_weeks_around_a_change_of_the_clock(service: Service, monkeypatch: pytest.MonkeyPatch, start: datetime, settings: Any) -> None:
    world = lived(service, monkeypatch, 7, start, 40 if settings.database_url is None else 16)
    results = {row["result"] for row in world.rows()}
    assert "published" in results


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_nights(service: Service, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    world = lived(service, monkeypatch, seed, aware(2026, 2, 20), 1000)
    results = {name: sum(row["result"] == name or row["status"] == name for row in world.rows()) for name in ("published", "skipped", "failed", "held")}
    print(results, dict(world.counts))
    assert min(results["published"], results["skipped"], results["failed"]) > 50
    assert world.counts["deaths"] > 100
    assert world.moment - world.start > timedelta(days=240), "both changes of the clock were met"
