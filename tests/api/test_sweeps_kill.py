"""A sweep outlives the workers that solve it: real processes, killed while they are at it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa

from allocator.inputs import read_inputs
from allocator.over import Over
from allocator.sweep import policies_over, sweep
from allocator.variants import Terms
from api.service import Service
from api.settings import Settings
from api.store.tables import runs, workers
from tests.api.made import PAPER, make_scenario
from tests.api.served import served
from tests.api.test_sweeps import SEATS, plain

VALUES = range(16)
PATIENCE = 240.0


@pytest.mark.slow
def test_a_sweep_survives_the_death_of_every_worker(service: Service, settings: Settings) -> None:
    with served(settings, OJT_HEARTBEAT="PT1S", OJT_LOST_AFTER="PT5S") as running:
        client = running.client("planner")
        axes = [{"path": SEATS, "values": list(VALUES)}]
        made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": axes, "gap": 0}).json()
        assert len(made["parts"]) == 2
        killed: set[int] = set()
        for _ in range(2):
            begun = _until(lambda: _at_work(service, killed))
            os.kill(begun, signal.SIGKILL)
            killed.add(begun)
        told = _until(lambda: _ended(client.get(made["links"]["self"]).json()))
        assert (told["status"], told["done"]) == ("succeeded", len(VALUES)), told
        found = plain(client.get(made["links"]["frontier"]).json()["points"])
    with service.store.read() as connection:
        attempts = connection.execute(sa.select(runs.c.attempts)).scalars().all()
    assert max(attempts) >= 2, "no part was being solved when its worker was killed"
    inputs = read_inputs(PAPER, None, None, None)
    overs = [Over(SEATS, tuple(map(str, VALUES)))]
    whole = sweep(inputs.scenario, policies_over(inputs), overs, terms=Terms(Fraction(0), lottery=False), served=True)
    assert found == plain(whole.as_dict()["points"])


def _at_work(service: Service, killed: set[int]) -> int | None:
    """The process of a worker that solves a part."""
    with service.store.read() as connection:
        query = sa.select(workers.c.pid).join(runs, runs.c.worker_id == workers.c.id).where(runs.c.status == "running", workers.c.pid.not_in(killed))
        return connection.execute(query.limit(1)).scalar()


def _ended(told: dict[str, Any]) -> dict[str, Any] | None:
    return told if told["finished_at"] is not None else None


def _until(look: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = look()
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("it took too long")
