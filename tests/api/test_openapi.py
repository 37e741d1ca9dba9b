"""OpenAPI says everything that callers need, all of it is so, and its examples can be sent as they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from api.app import create_app
from api.service import Service
from api.settings import Settings
from tests.api.conftest import Ask
from tests.api.world import World, made_world

DOCUMENT: dict[str, Any] = create_app(Settings()).openapi()
Operation = tuple[str, str, dict[str, Any]]
OPERATIONS: list[Operation] = [(method.upper(), path, told) for path, methods in DOCUMENT["paths"].items() for method, told in methods.items()]
LAST = ("DELETE",)
"""Methods that take away what other examples need."""


def named(operation: Operation) -> str:
    return f"{operation[0]} {operation[1]}"


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what its reference names."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def examples(operation: Operation) -> Iterator[Any]:
    """The examples of an operation's body as JSON."""
    content = operation[2].get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    schema = resolved(content.get("schema", {}))
    yield from [each["value"] for each in content.get("examples", {}).values()]
    yield from [content["example"]] if "example" in content else []
    yield from schema.get("examples", [])
    yield from [schema["example"]] if "example" in schema else []


def test_the_document_is_what_the_code_offers() -> None:
    kept = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
    assert kept == json.loads(json.dumps(DOCUMENT)), "run python docs/generate.py"


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_every_operation_says_what_callers_need(operation: Operation) -> None:
    told = operation[2]
    assert told.get("summary")
    assert len(told.get("description", "")) > 20
    assert told.get("tags")
    assert "x-scope" in told
    if "requestBody" in told:
        content = told["requestBody"]["content"]
        assert "application/json" not in content or list(examples(operation)), "the body has no example"
    if told["x-scope"] is not None:
        errors = [content for status, response in told["responses"].items() if status >= "400" for content in response.get("content", {}).values()]
        assert any("example" in content for content in errors), "no error has an example"
        assert {"401", "403"} <= set(told["responses"])
    for status, response in told["responses"].items():
        if status.startswith("2") and status != "204":
            for media, content in response.get("content", {}).items():
                assert media != "application/json" or content.get("schema"), "what it answers is not described"


def test_names_of_operations_are_unique() -> None:
    ids = [told["operationId"] for _, _, told in OPERATIONS]
    assert len(ids) == len(set(ids))


@pytest.mark.usefixtures("solvers")
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_every_example_can_be_sent_as_it_stands(service: Service, ask_as: Ask) -> None:
    """Ids of the examples stand for those of a board that has one of everything; every answer is as documented."""
    world, client, wrong = made_world(service), ask_as("admin"), []
    for operation in sorted(OPERATIONS, key=lambda each: each[0] in LAST):
        for body in list(examples(operation)) or [None]:
            wrong += [f"{named(operation)}: {fault}" for fault in faults(client, world, operation, body)]
    assert not wrong, "\n".join(wrong)


def faults(client: TestClient, world: World, operation: Operation, body: Any) -> Iterator[str]:
    method, path, told = operation
    missing = [name for name in re.findall(r"{(\w+)}", path) if name not in world.ids]
    if missing:
        yield f"tests/api/world.py makes nothing for {missing}"
        return
    path = re.sub(r"{(\w+)}", lambda found: world.ids[found[1]], path)
    headers = {"If-Match": "*"} if "428" in told["responses"] else {}
    parameters = {
        each["name"]: world.stands_for(each.get("example", next(iter(each.get("examples", each["schema"].get("examples", [])) or []), None)))
        for each in told.get("parameters", [])
        if each["in"] == "query" and each.get("required")
    }
    if "multipart/form-data" in told.get("requestBody", {}).get("content", {}) and body is None:
        answer = client.post(path, headers=headers, files=world.upload(), params=parameters)
    else:
        with client.stream(method, path, headers=headers, params=parameters, json=world.stands_for(body)) as streamed:
            answer = streamed
            answer.read()
    yield from unlike(told, answer)


def unlike(told: dict[str, Any], answer: Any) -> Iterator[str]:
    """In what an answer is not as documented."""
    documented = told["responses"].get(str(answer.status_code))
    ok = answer.status_code < 400 or (answer.status_code, told["x-scope"]) == (503, None)
    if documented is None or not ok:
        yield f"{answer.status_code} {answer.text[:300]}"
        return
    media = answer.headers.get("content-type", "").split(";")[0]
    content = documented.get("content", {})
    if media != "" and media not in content:
        yield f"{media} is not documented, only {list(content)}"
    elif media in ("application/json", "application/problem+json"):
        schema = {**content[media]["schema"], "components": DOCUMENT["components"]}
        yield from (f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(schema).iter_errors(answer.json()))
