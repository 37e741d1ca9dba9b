"""The service, asked over a real socket."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import Evaluation

ROOT = Path(__file__).parent.parent.parent
EXAMPLE: dict[str, Any] = Evaluation.model_config["json_schema_extra"]["example"]  # type: ignore[index,call-overload,assignment]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--log-level", "warning"], cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def ask(address: str, body: object = None) -> tuple[int, Any]:
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_it_says_that_it_is_up_and_which_rules_there_are(server: str) -> None:
    assert ask(f"{server}/healthz")[1]["status"] == "ok"
    assert {"reservation", "budget", "workshop", "lottery"} <= {rule["kind"] for rule in ask(f"{server}/v1/rules")[1]}


def test_the_documented_example_is_judged(server: str) -> None:
    status, verdict = ask(f"{server}/v1/evaluations", EXAMPLE)
    assert (status, verdict["keeps_every_rule"]) == (200, False)
    assert [violation["message"] for violation in verdict["violations"]] == ["J1 takes 2 people; it has 1 opening."]


def test_a_plan_that_keeps_every_rule(server: str) -> None:
    status, verdict = ask(f"{server}/v1/evaluations", EXAMPLE | {"assignments": EXAMPLE["assignments"][:1]})
    assert (status, verdict["keeps_every_rule"], verdict["violations"]) == (200, True, [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tables": {"seekerz": []}}, "unknown_table"),
        ({"tables": EXAMPLE["tables"] | {"slots": [{"slot_id": "J1", "openings": -1}]}}, "too_small"),
        ({"policy": {"constraints": [{"kind": "budgit"}]}}, "unknown_kind"),
        ({"policy": {"constraints": [{"kind": "reservation", "beneficiaries": "tier:9", "count": 1}]}}, "unknown_tier"),
        ({"policy": {"constraints": [{"kind": "reservation", "beneficiaries": "seeker:S1", "count": 1, "mode": "over_and_above"}]}}, "unsettled"),
        ({"assignments": [{"seeker_id": "S9", "slot_id": "J1"}]}, "unknown_id"),
    ],
)
def test_bad_input_is_a_problem_document_with_its_faults(server: str, change: dict[str, Any], code: str) -> None:
    status, problem = ask(f"{server}/v1/evaluations", EXAMPLE | change)
    assert status == 422
    assert code in [fault["code"] for fault in problem["errors"]], problem
