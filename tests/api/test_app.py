"""What needs neither a run nor a key of its own: is it up, which rules are there, and does this plan keep them?"""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from api.routes.evaluations import INLINE
from tests.api.conftest import Ask

EXAMPLE: dict[str, Any] = INLINE


def test_it_says_that_it_is_up_and_that_no_worker_is(web: TestClient) -> None:
    assert web.get("/healthz").json()["status"] == "ok"
    ready = web.get("/readyz")
    assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
    assert "ojt worker" in ready.json()["detail"]


def test_it_says_which_rules_there_are(ask_as: Ask) -> None:
    assert {"reservation", "budget", "workshop", "lottery"} <= {rule["kind"] for rule in ask_as("viewer").get("/v1/rules").json()}


def test_the_documented_example_is_judged(ask_as: Ask) -> None:
    verdict = ask_as("planner").post("/v1/evaluations", json=EXAMPLE).json()
    assert verdict["keeps_every_rule"] is False
    assert [violation["message"] for violation in verdict["violations"]] == ["J1 takes 2 people; it has 1 opening."]


def test_a_plan_that_keeps_every_rule(ask_as: Ask) -> None:
    verdict = ask_as("planner").post("/v1/evaluations", json=EXAMPLE | {"assignments": EXAMPLE["assignments"][:1]}).json()
    assert (verdict["keeps_every_rule"], verdict["violations"]) == (True, [])


def test_bad_input_is_a_problem_document_with_its_faults(ask_as: Ask) -> None:
    client = ask_as("planner")
    changes: list[tuple[dict[str, Any], str]] = [
        ({"tables": {"seekerz": []}}, "unknown_table"),
        ({"tables": EXAMPLE["tables"] | {"slots": [{"slot_id": "J1", "openings": -1}]}}, "too_small"),
        ({"policy": {"constraints": [{"kind": "budgit"}]}}, "unknown_kind"),
        ({"policy": {"constraints": [{"kind": "reservation", "beneficiaries": "tier:9", "count": 1}]}}, "unknown_tier"),
        ({"policy": {"constraints": [{"kind": "reservation", "beneficiaries": "seeker:S1", "count": 1, "mode": "over_and_above"}]}}, "unsettled"),
        ({"assignments": [{"seeker_id": "S9", "slot_id": "J1"}]}, "unknown_id"),
    ]
    for change, code in changes:
        answer = client.post("/v1/evaluations", json=EXAMPLE | change)
        assert answer.status_code == 422
        assert code in [fault["code"] for fault in answer.json()["errors"]], answer.json()


def test_nothing_without_a_key_and_nothing_that_the_role_may_not(web: TestClient, ask_as: Ask) -> None:
    for answer, status in ((web.get("/v1/rules"), 401), (ask_as("viewer").post("/v1/evaluations", json=EXAMPLE), 403)):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
