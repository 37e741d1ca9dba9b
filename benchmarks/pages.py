"""Measure pages of a large result, with a real process: `python -m benchmarks.pages [--seekers 10000] [--slots 1000] [--again 10] [--pause 0]`.

Two plans are made; then the service is started anew, and each page is asked for once and again: milliseconds to the first byte. One person looks at one page
at a time; nothing else runs. Without a pause before each first page, as people make one to read, what is got ready beside them is not ready yet.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from allocator.generate import generate, write_generated
from api.jobs.runs import ENDED
from api.settings import Settings
from tests.api.served import Served, served


def main(words: Sequence[str]) -> None:
    """Make two plans, start anew, and look at everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seekers", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=1_000)
    parser.add_argument("--again", type=int, default=10, help="how often each page is asked for after the first time")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before each page the first time")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder) / "service")
        with served(settings) as running:
            scenario = _scenario(running.client("planner"), options.seekers, options.slots, Path(folder) / "facts")
            runs = [_planned(running.client("planner"), scenario, seed) for seed in (0, 1)]
        with served(settings) as running, reader(running) as client:
            addresses = _addresses(runs)
            first = {name: _first_byte(client, address, options.pause) for name, address in addresses.items()}
            print(f"{options.seekers:,} seekers, {options.slots:,} slots, {runs[0]['summary']['placed']:,} placed; ms to the first byte")
            print(f"{'page':34} {'first':>7} {'median':>7} {'worst':>7}   of {options.again} more")
            for name, address in addresses.items():
                more = [_first_byte(client, address) for _ in range(options.again)]
                print(f"{name:34} {first[name] * 1000:7.0f} {statistics.median(more) * 1000:7.0f} {max(more) * 1000:7.0f}")


def _scenario(client: httpx.Client, seekers: int, slots: int, place: Path) -> str:
    facts, policy = generate(seekers, slots, min(20, slots), "network", 0)
    write_generated(facts, policy, place, form="csv")
    dataset = client.post("/v1/datasets", files=[("files", (path.name, path.read_bytes())) for path in sorted(place.iterdir())])
    assert dataset.status_code == 201, dataset.text
    scenario = client.post("/v1/scenarios", json={"name": "as it is", "base": {"dataset_id": dataset.json()["id"]}, "changes": []})
    assert scenario.status_code == 201, scenario.text
    return str(scenario.json()["id"])


def _planned(client: httpx.Client, scenario: str, seed: int) -> dict[str, Any]:
    told: dict[str, Any] = client.post("/v1/runs", json={"scenario_id": scenario, "seed": seed}).json()
    while told["status"] not in ENDED:
        time.sleep(0.2)
        told = client.get(f"/v1/runs/{told['id']}").json()
    return told


@contextmanager
def reader(running: Served) -> Iterator[httpx.Client]:
    """Somebody who has logged in and looks at pages."""
    with httpx.Client(base_url=running.address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=120) as client:
        answer = client.post("/login", data={"key": running.key("analyst")})
        assert answer.status_code == 303, answer.text
        yield client


def _addresses(runs: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Pages by what is seen there; the first is the first one of all after a start."""
    one, other = (f"/runs/{run['id']}" for run in runs)
    addresses = {"home": "/", "runs": "/runs", "scenario": f"/scenarios/{runs[0]['scenario_id']}", "data": f"/data/{runs[0]['dataset_id']}", "result": one}
    addresses |= {f"result: {tab}": f"{one}?tab={tab}" for tab in ("slots", "rules", "fairness", "checks")}
    addresses |= {
        "result: without a slot": f"{one}?show=unplaced",
        "result: searched": f"{one}?q=S01",
        "result: sorted": f"{one}?sort=-score",
        "one person, facts": f"{one}?person=S00001",
        "one person, reasons": f"{one}?person=S00001&reasons=now",
        "another person, reasons": f"{one}?person=S00002&reasons=now",
        "one slot, facts": f"{one}?tab=slots&slot=L00001",
        "two side by side": f"/compare?base={runs[0]['id']}&others={runs[1]['id']}",
        "the other result": other,
    }
    return addresses


def _first_byte(client: httpx.Client, address: str, pause: float = 0.0) -> float:
    time.sleep(pause)
    began = time.monotonic()
    with client.stream("GET", address) as answer:
        took = time.monotonic() - began
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.read().decode()[:500]}"
        answer.read()
    return took


if __name__ == "__main__":
    main(sys.argv[1:])
