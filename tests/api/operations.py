"""Every operation that the application offers, as OpenAPI tells it, with requests made from what it documents."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import httpx2 as httpx
from fastapi.testclient import TestClient

from api.access.roles import ROLES, Role
from api.app import create_app
from api.settings import Settings
from tests.api.made import PAPER
from tests.api.world import KINDS, NO_THINGS, World

MISSING = "nothing_00000000000000000000000000"
WRITING = ("POST", "PUT", "PATCH", "DELETE")
ROLE_NAMES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    told: dict[str, Any] = field(hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scope(self) -> str | None:
        return self.told.get("x-scope")

    @property
    def in_path(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of path, query and headers by name."""
        return {each["name"]: each for each in self.told.get("parameters", ())}

    @property
    def unknown(self) -> str:
        """The path with ids that nothing has; where a parameter can only be one of a few, with the first of them."""
        return re.sub(r"\{(\w+)\}", lambda found: self.parameters[found[1]]["schema"].get("enum", ["none"])[0], self.path)

    @property
    def needed(self) -> dict[str, str]:
        """Something for each compulsory parameter of the query."""
        query = {name: each["schema"] for name, each in self.parameters.items() if each["in"] == "query" and each.get("required")}
        return {name: "1" if schema.get("type") == "integer" else "none" for name, schema in query.items()}

    @property
    def takes_json(self) -> bool:
        return "application/json" in self.told.get("requestBody", {}).get("content", {})

    def query(self, world: World | None) -> dict[str, Any]:
        """Compulsory parameters of the query: things of a world, or nothing that there is, or else a value of their type."""
        must = [each for each in self.told.get("parameters", []) if each["in"] == "query" and each.get("required")]
        things = {name: (world.of(thing) if world else None) or MISSING for name, thing in self.things_in_query().items()}
        return {each["name"]: things.get(each["name"], 0 if each["schema"].get("type") == "integer" else NO_THINGS.get(each["name"])) for each in must}

    def things_in_query(self) -> dict[str, str]:
        """Parameters of the query that name things of a board, and what they name in the words of `KINDS`."""
        names = [each["name"] for each in self.told.get("parameters", []) if each["in"] == "query" and each["schema"].get("type") != "integer"]
        return {name: "scenario_id" if (name, self.path.split("/")[2]) == ("with", "scenarios") else name for name in names if name in KINDS}

    def may(self, role: Role) -> bool:
        return self.scope in ROLES[role]

    def bodies(self) -> list[Any]:
        """The documented examples of the body; none where it takes none."""
        content = self.told.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return []
        schema = resolved(content.get("schema", {}))
        found = [*([content["example"]] if "example" in content else []), *(each["value"] for each in content.get("examples", {}).values())]
        found += [*schema.get("examples", []), *([schema["example"]] if "example" in schema else [])]
        return copy.deepcopy(found)

    @property
    def takes_files(self) -> bool:
        return "multipart/form-data" in self.told.get("requestBody", {}).get("content", {})


@cache
def document() -> dict[str, Any]:
    """The application's OpenAPI document."""
    return create_app(Settings()).openapi()


def operations() -> list[Operation]:
    """All of them."""
    methods = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
    return [Operation(method.upper(), path, item[method]) for path, item in document()["paths"].items() for method in methods if method in item]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, or what it refers to."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def asked(client: TestClient, operation: Operation, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> httpx.Response:
    """The answer to an operation."""
    headers = {"If-Match": "*"} if operation.method in WRITING else {}
    if operation.takes_files and body is None:
        files = [("file", (path.name, path.read_bytes())) for path in sorted(PAPER.glob("*.csv"))]
        return client.request(operation.method, path, headers=headers, params=query, files=files)
    return client.request(operation.method, path, headers=headers, params=query, json=body)


def as_documented(client: TestClient, operation: Operation, world: World | None) -> httpx.Response:
    """The answer to an operation as its first example has it, about things of a world, or about nothing that there is."""
    bodies = operation.bodies()
    return asked(client, operation, path_for(operation, world), filled(bodies[0], world) if bodies else None, operation.query(world))


def path_for(operation: Operation, world: World | None) -> str:
    """The operation's path about things of a world, or about nothing that there is."""
    known: dict[str, str] = {}
    for name in operation.in_path:
        if name not in KINDS and name not in NO_THINGS:
            raise AssertionError(f"{operation}: say in tests/api/world.py what {{{name}}} names")
        if name in KINDS:
            known[name] = (world.of(name, known) or MISSING) if world else MISSING
    good = NO_THINGS | ({"name": "seekers.csv"} if "/files/" in operation.path else {})
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], good.get(found[1], "")), operation.path)


def filled(body: Any, world: World | None) -> Any:
    """A body in which every id names a thing of a world, or nothing that there is."""
    for place in list(places(body)):
        body = put(body, place, (world.of(named_by(place)) if world else None) or MISSING)
    return body


def places(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a body names things of a board."""
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for step, value in pairs:
        place = (*before, step)
        if isinstance(value, str) and named_by(place) in KINDS and (isinstance(body, dict) or place[-2] == named_by(place)):
            yield place
        else:
            yield from places(value, place)


def named_by(place: tuple[Any, ...]) -> str:
    """The name of the field that a place is in."""
    return next((step for step in reversed(place) if isinstance(step, str)), "")


def put(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of a body with one value changed."""
    changed = copy.deepcopy(body)
    at = changed
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    return changed
