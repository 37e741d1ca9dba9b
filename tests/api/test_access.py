"""Every operation by every role and by nobody, and about things of another board: generated from OpenAPI, so that a new operation is tried as it comes."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Route

from api.access import keys
from api.access.roles import ROLES, Role
from api.app import create_app
from api.clock import now
from api.routing import Guarded, Router
from api.settings import Settings
from api.store.tables import metadata
from tests.api.operations import MISSING, ROLE_NAMES, Operation, as_documented, asked, filled, named_by, operations, path_for, places, put
from tests.api.standing import Standing
from tests.api.world import KINDS, Fixed

EVERY = operations()
OPEN = {"GET /healthz", "GET /readyz", "GET /problems", "GET /problems/{code}"}
"""Operations that need no key."""
OPEN_PAGES = {"/static/{version}/{name}", "/openapi.json", "/docs", "/login", "/logout", "/oidc/start", "/oidc/callback"}
"""What is open beside them and is no operation."""
GUARDED = [each for each in EVERY if str(each) not in OPEN]

named = pytest.mark.parametrize("operation", GUARDED, ids=str)


def test_every_operation_says_what_it_needs() -> None:
    """Deny by default: what is open is named here, and nothing else is."""
    assert {str(each) for each in EVERY if each.scope is None} == OPEN
    scopes = set().union(*ROLES.values())
    assert {str(each) for each in GUARDED if each.scope not in scopes} == set()
    assert all({"401", "403", "429"} <= set(each.told["responses"]) for each in GUARDED)
    assert all("404" in each.told["responses"] for each in GUARDED if each.in_path)


def test_what_is_not_in_openapi_is_guarded_too_or_named_here() -> None:
    from starlette.routing import BaseRoute

    def every(routes: list[BaseRoute]) -> Iterator[Route]:
        for route in routes:
            if isinstance(route, Route):
                yield route
            else:
                inner = getattr(route, "original_router", None) or getattr(route, "router", None)
                yield from every(inner.routes) if inner is not None else ()

    told = {each.path for each in EVERY}
    found = list(every(create_app(Settings()).routes))
    assert {route.path_format for route in found} >= told, "every route is looked at"
    loose = {route.path_format for route in found if not isinstance(route, Guarded) and not _needs(route)}
    assert loose - OPEN_PAGES == {place.split()[1] for place in OPEN}


def _needs(route: Route) -> bool:
    """Whether a page has the dependency that asks for a scope."""
    return isinstance(route, APIRoute) and any(getattr(each.call, "__qualname__", "").startswith("needs.") for each in route.dependant.dependencies)


def test_a_route_without_a_scope_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="names no scope"):
        Router().get("/v1/loose")(lambda: None)
    wrong: Any = "everything"
    with pytest.raises(TypeError, match="names no scope"):
        Router().operation("GET", "/v1/loose", wrong)(lambda: None)


@named
def test_nobody_gets_in(operation: Operation, refused: dict[str, TestClient]) -> None:
    for why, client in refused.items():
        answer = as_documented(client, operation, None)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), why
        assert answer.headers["www-authenticate"] == "Bearer"
        broken = client.request(operation.method, path_for(operation, None), content=b"{", headers={"content-type": "application/json"})
        assert broken.status_code == 401, "who asks is settled before the body is read"


@named
def test_a_role_does_what_its_scopes_say(operation: Operation, by_role: dict[Role, TestClient]) -> None:
    for role in ROLE_NAMES:
        answer = as_documented(by_role[role], operation, None)
        if operation.may(role):
            assert answer.status_code not in (401, 403), (role, answer.text)
            assert answer.status_code < 500, answer.text
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (role, answer.text)
            broken = by_role[role].request(operation.method, path_for(operation, None), content=b"{", headers={"content-type": "application/json"})
            assert broken.status_code == 403


@pytest.mark.parametrize("operation", [each for each in GUARDED if set(each.in_path) & set(KINDS)], ids=str)
def test_another_boards_things_in_the_path_look_missing(operation: Operation, boards: Boards) -> None:
    """One id of another board among our own is enough."""
    own = path_for(operation, boards.ours)
    ids = _ids(operation, own)
    body = next((filled(example, boards.ours) for example in operation.bodies()), None)
    for name, mine in ids.items():
        tried = [own.replace(mine, other) for other in (str(boards.theirs.of(name)), MISSING)]
        answers = [asked(boards.admin, operation, path, body, operation.query(boards.ours)) for path in tried]
        assert [each.status_code for each in answers] == [404, 404], (name, answers[0].text)
        assert _alike(*answers)


def _ids(operation: Operation, path: str) -> dict[str, str]:
    """What names what in a path, of the names that name things of a board."""
    found = re.fullmatch(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(operation.path)), path)
    assert found
    return {name: value for name, value in found.groupdict().items() if name in KINDS}


@pytest.mark.parametrize("operation", [each for each in GUARDED if each.method == "GET" and set(each.in_path) & set(KINDS)], ids=str)
def test_our_own_things_are_found(operation: Operation, boards: Boards) -> None:
    """So that what looks missing above was really looked for."""
    answer = as_documented(boards.admin, operation, boards.ours)
    assert answer.status_code < 500, answer.text
    assert answer.status_code != 404, answer.text


@pytest.mark.parametrize("operation", [each for each in GUARDED if each.method == "GET" and not set(each.in_path) & set(KINDS)], ids=str)
def test_no_list_holds_another_boards_things(operation: Operation, boards: Boards) -> None:
    text = as_documented(boards.admin, operation, boards.ours).text
    assert [name for name in boards.theirs.ids() if name in text] == []


@pytest.mark.parametrize("operation", [each for each in GUARDED if each.things_in_query()], ids=str)
def test_another_boards_things_in_the_query_look_missing(operation: Operation, boards: Boards) -> None:
    path, must = path_for(operation, boards.ours), operation.query(boards.ours)
    for name, thing in operation.things_in_query().items():
        theirs, missing = (asked(boards.admin, operation, path, None, must | {name: value}) for value in (boards.theirs.of(thing), MISSING))
        assert theirs.status_code == 404 or (theirs.status_code == 200 and theirs.json()["items"] == []), theirs.text
        assert _alike(theirs, missing)


@pytest.mark.parametrize("operation", [each for each in GUARDED if each.bodies()], ids=str)
def test_another_boards_things_in_the_body_look_missing(operation: Operation, boards: Boards) -> None:
    path = path_for(operation, boards.ours)
    for example in operation.bodies():
        body = filled(example, boards.ours)
        for place in places(body):
            name = named_by(place)
            theirs, missing = (
                asked(boards.admin, operation, path, put(body, place, value), operation.query(boards.ours)) for value in (boards.theirs.of(name), MISSING)
            )
            assert (theirs.status_code, missing.status_code) == (404, 404), (place, theirs.text, missing.text)
            assert _alike(theirs, missing)


def _alike(theirs: httpx.Response, missing: httpx.Response) -> bool:
    """Whether two answers tell no difference but the id that was asked for and the trace."""

    def bare(answer: httpx.Response) -> Any:
        told = copy.deepcopy(answer.json())
        for name in ("trace_id", "instance"):
            told.pop(name, None) if isinstance(told, dict) else None
        return re.sub(r"\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b", "ID", str(told))

    return bare(theirs) == bare(missing)


class Boards:
    """Two boards with one of everything each, and an admin of ours."""

    def __init__(self, standing: Standing) -> None:
        self.service, self.admin = standing.service, standing.client("admin")
        self.ours, self.theirs = (standing.world(board, Fixed) for board in ("main", "theirs"))
        for world in (self.ours, self.theirs):
            for name in KINDS:
                world.of(name)
        self.before = self.dump("theirs")

    def dump(self, board: str) -> dict[str, list[Any]]:
        with self.service.store.read() as connection:
            owned = [table for table in metadata.sorted_tables if "board" in table.c]
            return {table.name: sorted(map(str, connection.execute(sa.select(table).where(table.c.board == board)).all())) for table in owned}


@pytest.fixture(scope="module")
def refused(standing: Standing) -> dict[str, TestClient]:
    """Clients that are nobody: without a key, with one that is no more, and with one that never was."""
    with standing.service.store.begin() as connection:
        _, expired = keys.create(connection, board="main", role="admin", name="x", by="test", expires_at=now() - timedelta(seconds=1))
        revoked_id, revoked = keys.create(connection, board="main", role="admin", name="x", by="test")
        keys.revoke(connection, {"id": revoked_id, "board": "main"}, by="test")
    told = {"expired": expired, "revoked": revoked, "unknown": "ojt_unknown", "empty": " ", "odd": "\x7f"}
    with_keys = {why: standing.with_headers(Authorization=f"Bearer {key}") for why, key in told.items()}
    others = {"basic": standing.with_headers(Authorization="Basic eDp5"), "cookie": standing.with_headers(Cookie="ojt_session=x.y")}
    return {"none": standing.with_headers(), **others, **with_keys}


@pytest.fixture(scope="module")
def by_role(standing: Standing) -> dict[Role, TestClient]:
    """A client of each role."""
    return {role: standing.client(role) for role in ROLE_NAMES}


@pytest.fixture(scope="module")
def boards(standing: Standing) -> Iterator[Boards]:
    """Two boards; at the end, after everything was tried, nothing of the other one is another than before."""
    made = Boards(standing)
    yield made
    assert made.dump("theirs") == made.before
