"""OpenAPI says everything that callers need, all of it is so, and its examples can be sent as they stand."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from api.service import Service
from api.settings import Settings
from tests.api.conftest import Ask
from tests.api.example_world import World, made_world, with_world
from tests.api.operations import Operation, document, operations

DOCUMENT = document()
OPERATIONS = operations()
OPEN = ("/healthz", "/readyz", "/problems", "/problems/{code}")
"""Open to everybody."""


def test_the_document_is_what_the_code_offers() -> None:
    kept = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
    assert kept == json.loads(json.dumps(DOCUMENT)), "run python docs/generate.py"


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_operation_says_what_callers_need(operation: Operation) -> None:
    path, told = operation.path, operation.told
    assert told.get("summary")
    assert told.get("description")
    assert told.get("tags")
    assert told.get("x-scope") or path in OPEN
    if "requestBody" in told:
        content = told["requestBody"]["content"]
        assert "application/json" not in content or operation.bodies(), "the body has no example"
    if path not in OPEN:
        errors = [content for status, response in told["responses"].items() if status >= "400" for content in response.get("content", {}).values()]
        assert any("example" in content for content in errors), "no error has an example"
        assert {"401", "403"} <= set(told["responses"])
    for status, response in told["responses"].items():
        if status.startswith("2") and status != "204":
            for media, content in response.get("content", {}).items():
                assert media != "application/json" or content.get("schema"), "what it answers is not described"


def test_every_reference_leads_somewhere() -> None:
    named_there = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)))
    assert named_there <= set(DOCUMENT["components"]["schemas"])


def test_names_of_operations_are_unique() -> None:
    ids = [operation.told["operationId"] for operation in OPERATIONS]
    assert len(ids) == len(set(ids))


@pytest.fixture
def settings(empty_sqlite: Path, tmp_path: Path) -> Settings:
    shutil.copy(empty_sqlite, tmp_path / "ojt.sqlite3")
    return with_world(Settings(data_dir=tmp_path))


@pytest.mark.usefixtures("solvers")
def test_every_example_can_be_sent_as_it_stands(service: Service, ask_as: Ask) -> None:
    """Ids of the examples stand for those of a board that has one of everything; every answer is as documented."""
    client = ask_as("admin")
    world, wrong = made_world(service, client), []
    for operation in sorted(OPERATIONS, key=lambda each: (*WHEN.get(each.method, (0,)), each.path.count("{"))):
        for body in operation.bodies() or [None]:
            wrong += [f"{operation}: {fault}" for fault in faults(client, world, operation, body)]
    assert not wrong, "\n".join(wrong)


def faults(client: TestClient, world: World, operation: Operation, body: Any) -> Iterator[str]:
    """What is wrong with the answer to an example."""
    method, path, told = operation.method, operation.path, operation.told
    ids = {**world.ids, **special(world).get(str(operation), {})}
    if path.endswith("/rotate") and "key_id" in path:  # a key is replaced once
        ids["key_id"] = client.post("/v1/api-keys", json={"name": "another viewer", "role": "viewer"}).json()["id"]
    missing = [name for name in re.findall(r"{(\w+)}", path) if name not in ids]
    if missing:
        yield f"tests/api/example_world.py makes nothing for {missing}"
        return
    path = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)
    headers = {"If-Match": "*"} if "428" in told["responses"] else {}
    required = [each for each in told.get("parameters", []) if each["in"] == "query" and each.get("required")]
    parameters = {each["name"]: ids.get(each["name"]) or world.stands_for(_example(each)) for each in required}
    form = {"files": world.upload()} if "multipart/form-data" in told.get("requestBody", {}).get("content", {}) and body is None else {}
    sent = world.stands_for(body) | ids.get("body", {}) if isinstance(body, dict) else body
    yield from unlike(told, client.request(method, path, headers=headers, params=parameters, json=None if form else sent, **form))


def _example(parameter: dict[str, Any]) -> Any:
    found = [parameter.get("example"), *[each["value"] for each in parameter.get("examples", {}).values()], *parameter["schema"].get("examples", [])]
    return next((each for each in found if each is not None), None)


WHEN = {"POST": (1,), "PATCH": (2,), "PUT": (2,), "DELETE": (3, -1)}
"""Reads first; last what takes away what other examples need."""


def special(world: World) -> dict[str, dict[str, Any]]:
    """What an operation's example is about where it is not the first of its kind."""
    infeasible = {"run_id": world.infeasible_run}
    return {
        "GET /v1/runs/{run_id}/infeasibility": infeasible,
        "POST /v1/runs/{run_id}/repair": infeasible,
        "GET /v1/datasets/{dataset_id}/files/{name}": {"name": "seekers.csv"},
        "GET /v1/runs/{run_id}/sheets/{name}": {"name": "assignments"},
        "GET /v1/issue-types/{code}": {"code": "unknown_id"},
        "GET /problems/{code}": {"code": "not-found"},
        "GET /v1/comparisons": {"base": world.ids["run_id"], "with": world.second_run},
        "GET /v1/runs/{run_id}/stability": {"run_id": world.second_run},
        "GET /v1/sweeps/{sweep_id}/differences": {"base": "0", "other": "1"},
        "GET /v1/sweeps/{sweep_id}/movements": {"base": "0"},
        "POST /v1/publications": {"body": {"run_id": world.night_run}},
        "DELETE /v1/datasets/{dataset_id}": {"dataset_id": world.unused_dataset},
        "GET /v1/runs/{run_id}/explain/pairs": {"seeker": "S4", "slot": "J3"},
        "GET /v1/scenarios/{scenario_id}/diff": {"with": world.ids["scenario_id"]},
        "POST /v1/occurrences/{occurrence_id}/reject": {"occurrence_id": world.held},
        "PUT /v1/schedules/{schedule_id}": {"body": {"name": "Another name"}},
    }


def unlike(told: dict[str, Any], answer: Any) -> Iterator[str]:
    """In what an answer is not as documented."""
    documented = told["responses"].get(str(answer.status_code))
    ok = answer.status_code < 400 or (answer.status_code, told.get("tags")) == (503, ["health"])
    if documented is None or not ok:
        yield f"{answer.status_code} {answer.text[:300]}"
        return
    media = answer.headers.get("content-type", "").split(";")[0]
    content = {each.split(";")[0]: what for each, what in documented.get("content", {}).items()}
    if answer.content and media not in content:
        yield f"{media} is not documented, only {list(content)}"
    elif answer.content and media in ("application/json", "application/problem+json"):
        schema = {**content[media]["schema"], "components": DOCUMENT["components"]}
        yield from (f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(schema).iter_errors(answer.json()))
