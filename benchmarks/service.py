"""Measure the service with real processes: `python -m benchmarks.service load|cancel|fairness|lists [--database-url URL]`.

`load` asks 50 times a second while two solves run, and says how long reads and submissions take; `cancel` ends running and waiting runs at random moments,
and says how long that takes; `fairness` lets one board flood the queue, and says how long another waits; `lists` asks for the first page of each list of
10,000 seekers and 1,000 slots, for the first time and again. The server is a process group of its own, this one only asks.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx

from allocator.generate import generate, write_generated
from api.service import Service
from api.settings import Settings
from tests.api.made import PAPER, ROOT, make_scenario
from tests.api.served import Served, served

PORTLAND = ROOT / "scenarios" / "portland"
ENDED = ("succeeded", "failed", "cancelled")


@dataclass
class Bench:
    """A running service with a short and a long scenario."""

    running: Served
    short: str
    long: str
    others: str
    large: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)

    def client(self, board: str = "main") -> httpx.AsyncClient:
        """Many requests at once with a key that may submit."""
        key = self.running.key("planner", board)
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        return httpx.AsyncClient(base_url=self.running.address, headers={"Authorization": f"Bearer {key}"}, timeout=60, limits=limits)

    def report(self, *lines: str) -> None:
        """Print what was measured."""
        for line in lines:
            print(line)
        for name, taken in sorted(self.seconds.items()):
            cuts = statistics.quantiles(taken, n=100, method="inclusive") if len(taken) > 1 else taken * 99
            print(f"{name:22} {len(taken):6,} times: median {cuts[49] * 1000:7.0f} ms, p95 {cuts[94] * 1000:7.0f} ms, worst {max(taken) * 1000:7.0f} ms")
        for failure in self.failed[:5]:
            print("failed:", failure)
        print(f"{len(self.failed)} requests failed")


@contextmanager
def bench(options: argparse.Namespace, **more: str) -> Iterator[Bench]:
    """A service in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=options.database_url)
        with served(settings, OJT_QUEUE_LIMIT="100000", **more) as running:
            service = Service(settings)
            large = make_scenario(service, _generated(Path(folder) / "large")) if options.what == "lists" else ""
            made = Bench(running, make_scenario(service, PAPER), make_scenario(service, PORTLAND), make_scenario(service, PAPER, board="other"), large)
            service.close()
            yield made


def _generated(place: Path) -> Path:
    """A scenario whose solve takes seconds and whose lists are long."""
    scenario, policy = generate(10_000, 1_000, 20, "network", 0)
    write_generated(scenario, policy, place, form="csv")
    return place


async def asked(bench: Bench, name: str, request: Coroutine[Any, Any, httpx.Response], due: float) -> None:
    """One request; its time counts from when it was due, whenever it could be sent."""
    try:
        answer = await request
    except httpx.HTTPError as error:
        bench.failed.append(f"{name}: {error!r}")
        return
    if answer.status_code >= 400:
        bench.failed.append(f"{name}: {answer.status_code} {answer.text[:200]}")
    bench.seconds[name].append(time.monotonic() - due)


async def load(bench: Bench, options: argparse.Namespace) -> None:
    """Reads and submissions at an even rate while solves run."""
    chance = random.Random(1)
    async with bench.client() as client:
        for _ in range(8):
            await client.post("/v1/runs", json={"scenario_id": bench.long})
        ids = [(await client.post("/v1/runs", json={"scenario_id": bench.short})).json()["id"] for _ in range(5)]
        while len((await client.get("/v1/runs?status=running")).json()["items"]) < 2:
            await asyncio.sleep(0.1)

        def submission() -> Coroutine[Any, Any, httpx.Response]:
            return client.post("/v1/runs", json={"scenario_id": bench.short}, headers={"Idempotency-Key": str(chance.random())})

        reads: list[tuple[str, Callable[[], Coroutine[Any, Any, httpx.Response]]]] = [
            ("read: run", lambda: client.get(f"/v1/runs/{chance.choice(ids)}")),
            ("read: list of 20", lambda: client.get("/v1/runs?limit=20")),
            ("read: own key", lambda: client.get("/v1/me")),
        ]
        tasks, began = [], time.monotonic()
        for number in range(int(options.seconds * options.rate)):
            due = began + number / options.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            name, request = ("submission", submission) if number % 5 == 0 else reads[number % 5 % len(reads)]
            tasks.append(asyncio.create_task(asked(bench, name, request(), due)))
        await asyncio.gather(*tasks)
        solving = len((await client.get("/v1/runs?status=running")).json()["items"])
    bench.seconds["all reads"] = [taken for name, each in bench.seconds.items() if name.startswith("read") for taken in each]
    bench.report(f"{options.rate} requests a second for {options.seconds:g} s; {solving} solves ran at the end")


async def cancel(bench: Bench, options: argparse.Namespace) -> None:
    """Runs cancelled at random moments, running and waiting ones; from the request to the end."""
    chance = random.Random(2)
    plans, ends = 0, defaultdict(int)
    async with bench.client() as client:
        for _ in range(options.times // 4):
            runs = [(await client.post("/v1/runs", json={"scenario_id": bench.long})).json()["id"] for _ in range(4)]
            await asyncio.sleep(chance.uniform(0, options.longest))
            chance.shuffle(runs)
            ended = [await _cancelled(bench, client, run_id) for run_id in runs]
            plans += sum(each["outcome"] == "feasible" for each in ended)
            for each in ended:
                ends[each["status"]] += 1
    bench.report(f"{options.times // 4 * 4} cancels: {dict(ends)}; {plans} kept a plan")


async def _cancelled(bench: Bench, client: httpx.AsyncClient, run_id: str) -> dict[str, Any]:
    began = time.monotonic()
    before: dict[str, Any] = (await client.get(f"/v1/runs/{run_id}")).json()
    told: dict[str, Any] = (await client.post(f"/v1/runs/{run_id}/cancel")).json()
    while told["status"] not in ENDED:
        await asyncio.sleep(0.02)
        told = (await client.get(f"/v1/runs/{run_id}")).json()
    phase = (before["progress"] or {}).get("phase", "") if before["status"] == "running" else before["status"]
    bench.seconds["cancel to end"].append(time.monotonic() - began)
    bench.seconds[f"  in {phase or 'running'}"].append(time.monotonic() - began)
    return told


async def fairness(bench: Bench, _: argparse.Namespace) -> None:
    """One board sends two hundred runs at once; another then sends one after the other."""
    async with bench.client() as flood, bench.client("other") as quiet:
        for _ in range(3):
            began = time.monotonic()
            await _until_ended(quiet, bench.others)
            bench.seconds["alone"].append(time.monotonic() - began)
        await asyncio.gather(*(flood.post("/v1/runs", json={"scenario_id": bench.short}) for _ in range(200)))
        for _ in range(20):
            began = time.monotonic()
            await _until_ended(quiet, bench.others)
            bench.seconds["beside the flood"].append(time.monotonic() - began)
        waiting = len((await flood.get("/v1/runs?status=queued&limit=1000")).json()["items"])
    bench.report(f"{waiting} of the flood still wait")


async def _until_ended(client: httpx.AsyncClient, scenario: str) -> None:
    told = (await client.post("/v1/runs", json={"scenario_id": scenario})).json()
    while told["status"] not in ENDED:
        await asyncio.sleep(0.02)
        told = (await client.get(f"/v1/runs/{told['id']}")).json()


async def lists(bench: Bench, options: argparse.Namespace) -> None:
    """The first page of each list, of runs that nobody has asked about."""
    async with bench.client() as client:
        for number in range(options.times // 10):
            told = (await client.post("/v1/runs", json={"scenario_id": bench.large, "seed": number})).json()
            while told["status"] not in ENDED:
                await asyncio.sleep(0.5)
                told = (await client.get(f"/v1/runs/{told['id']}")).json()
            for again in ("first time", "again"):
                for name in ("assignments", "unplaced", "slots"):
                    await asked(bench, f"{name}, {again}", client.get(f"/v1/runs/{told['id']}/{name}"), time.monotonic())
    bench.report(f"{options.times // 10} runs of 10,000 seekers and 1,000 slots, the last {told['status']} with {told['summary']['placed']:,} placed")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["load", "cancel", "fairness", "lists"])
    parser.add_argument("--database-url", help="PostgreSQL; SQLite in a passing folder where absent")
    parser.add_argument("--rate", type=int, default=50, help="load: requests a second")
    parser.add_argument("--seconds", type=float, default=30, help="load: how long")
    parser.add_argument("--times", type=int, default=100, help="cancel: how many; lists: ten times as many as runs")
    parser.add_argument("--longest", type=float, default=15, help="cancel: most seconds before the first of four is cancelled")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> None:
    """Measure one thing."""
    options = arguments(words)
    with bench(options) as made:
        asyncio.run({"load": load, "cancel": cancel, "fairness": fairness, "lists": lists}[options.what](made, options))


if __name__ == "__main__":
    main(sys.argv[1:])
