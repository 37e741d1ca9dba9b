"""What every resource keeps to, asked of every operation that there is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from api.service import Service
from api.store.tables import runs
from tests.api.conftest import Ask
from tests.api.made import make_scenario
from tests.api.operations import Operation, operations

PROBLEM = "application/problem+json"
NO_KEY = {
    "/v1/runs/{run_id}/cancel": "ends it, however often",
    "/v1/sweeps/{sweep_id}/cancel": "ends it, however often",
    "/v1/webhooks/{webhook_id}/ping": "is a try, each time",
    "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/resend": "is another try, each time",
}
"""Operations that answer as if they had made something, and why they need no key."""


ALL = operations()
OURS = [each for each in ALL if each.path.startswith("/v1/")]
LISTS = [each for each in OURS if "cursor" in each.parameters]
BODIES = [each for each in OURS if each.takes_json]
PATHS = sorted({each.path for each in ALL})


@pytest.fixture
def admin(ask_as: Ask) -> TestClient:
    return ask_as("admin")


def problem(answer: Any, *statuses: int) -> dict[str, Any]:
    """The problem document that an answer must be."""
    assert answer.status_code in statuses, (answer.request.method, str(answer.url), answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == PROBLEM, (str(answer.url), answer.headers)
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert {"type", "title", "code", "detail", "instance", "trace_id"} <= set(told)
    return told


def test_there_are_operations_to_ask() -> None:
    assert len(OURS) > 20
    assert LISTS
    assert BODIES


@pytest.mark.parametrize("operation", OURS, ids=str)
def test_every_operation_says_what_it_needs_and_how_it_fails(operation: Operation) -> None:
    assert "x-scope" in operation.told
    assert operation.told.get("summary")
    assert operation.told.get("description"), "a docstring"
    statuses = set(operation.told["responses"])
    assert {"401", "403", "422"} <= statuses
    assert "404" in statuses or "{" not in operation.path
    if operation.method in ("POST", "PUT", "PATCH"):
        assert {"400", "413", "415"} <= statuses
    if operation.method == "POST" and statuses & {"201", "202"} and operation.path not in NO_KEY:
        assert "Idempotency-Key" in operation.parameters
        assert "409" in statuses
    if "If-Match" in str(operation.told.get("description")) and operation.method in ("PATCH", "PUT"):
        assert {"412", "428"} <= statuses
    for name in ("limit", "cursor") if operation in LISTS else ():
        assert name in operation.parameters
        assert "400" in statuses


def test_what_there_is_not_is_a_404(admin: TestClient) -> None:
    for operation in OURS:
        if operation.method == "GET" and "{" in operation.path:
            assert problem(admin.get(operation.unknown, params=operation.needed), 404)["code"] == "not-found"
    problem(admin.get("/v1/nothing"), 404)


def test_bodies_that_are_no_json_are_refused_everywhere(admin: TestClient) -> None:
    json = {"Content-Type": "application/json"}
    for operation in BODIES:
        for bad in (b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": ' + b"9" * 5000 + b"}", b"[" * 500 + b"]" * 500, b"[" * 100_000):
            told = problem(admin.request(operation.method, operation.unknown, content=bad, headers=json), 400)
            assert told["code"] == "bad-request", (operation, bad[:20])
        for bad in (b'{"name": "a\\u0000b"}', b'{"na\\u0000me": 1}', b'{"name": [{"x": "\\ud800"}]}'):
            told = problem(admin.request(operation.method, operation.unknown, content=bad, headers=json), 422)
            assert told["errors"][0]["code"] == "control_character", operation


def test_bodies_of_another_form_are_refused_everywhere(admin: TestClient) -> None:
    for operation in BODIES:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
            answer = admin.request(operation.method, operation.unknown, content=b"{}", headers={"Content-Type": kind})
            assert problem(answer, 415)["code"] == "unsupported", operation


def test_bodies_above_the_limit_are_refused_everywhere_also_where_they_do_not_say_so(service: Service, admin: TestClient) -> None:
    def drops() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(20):
            yield b"x" * 1000
        yield b'"}'

    small = service.settings.model_copy(update={"upload_mb": 0.01})
    with TestClient(create_app(small), raise_server_exceptions=False, headers=admin.headers) as client:
        for operation in BODIES:
            for content in (b'{"name": "' + b"x" * 20_000 + b'"}', drops()):
                answer = client.request(operation.method, operation.unknown, content=content, headers={"Content-Type": "application/json"})
                told = problem(answer, 413)
                assert (told["code"], "0.01 MB" in told["detail"]) == ("too-large", True)
        answer = client.post("/v1/datasets", files=[("file", ("seekers.csv", b"x" * 20_000))])
        problem(answer, 413)


def test_lists_refuse_what_is_no_cursor_and_no_limit(admin: TestClient) -> None:
    for operation in LISTS:
        if "{" not in operation.path:
            problem(admin.get(operation.path, params={**operation.needed, "cursor": "\u00e9\u00e9"}), 400)
            problem(admin.get(operation.path, params={**operation.needed, "cursor": "AAAA"}), 400)
            for limit in ("0", "1001", "x", "9" * 30):
                if (operation.path, limit) != ("/v1/comparisons", "0"):  # it may tell nobody at all: only figures
                    problem(admin.get(operation.path, params={**operation.needed, "limit": limit}), 422)
            if not operation.needed:
                assert set(admin.get(operation.path).json()) >= {"items", "next_cursor"}


def test_an_address_with_nul_is_refused(admin: TestClient) -> None:
    problem(admin.get("/v1/runs/%00"), 404)
    for operation in LISTS:
        problem(admin.get(f"{operation.unknown}?x=%00"), 422)


def test_methods_that_are_not_offered(admin: TestClient) -> None:
    for path in PATHS:
        offered = {each.method for each in ALL if each.path == path}
        place = next(each for each in ALL if each.path == path).unknown
        options = admin.options(place)
        told = set(options.headers["allow"].split(", "))
        assert options.status_code == 204, path
        assert told >= offered | {"OPTIONS"}, path
        assert ("HEAD" in told) == ("GET" in offered), path
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "HEAD"} - told:
            answer = admin.request(method, place)
            if method == "HEAD":
                assert answer.status_code == 405, path
            else:
                assert problem(answer, 405)["code"] == "no-such-method"
            assert set(answer.headers["allow"].split(", ")) == told, (method, path)


def test_head_is_get_without_its_body(service: Service, admin: TestClient) -> None:
    run = admin.post("/v1/runs", json={"scenario_id": make_scenario(service)}).headers["location"]
    for place in ("/healthz", "/readyz", "/v1/runs", "/v1/datasets", "/v1/rules", run, "/v1/runs/none"):
        head, get = admin.head(place), admin.get(place)
        assert (head.status_code, head.content, head.headers["content-type"]) == (get.status_code, b"", get.headers["content-type"]), place
        assert "etag" not in get.headers or head.headers["etag"] == get.headers["etag"]
    admin.post(f"{run}/cancel")
    assert admin.head(f"{run}/events").status_code == 200


def test_lists_neither_skip_nor_repeat_while_rows_are_added(service: Service, ask_as: Ask) -> None:
    client, scenario = ask_as("planner"), make_scenario(service)

    def submit(_: int) -> str:
        made: str = client.post("/v1/runs", json={"scenario_id": scenario}).json()["id"]
        return made

    there = [submit(k) for k in range(25)]
    with ThreadPoolExecutor(2) as pool:
        adding = [pool.submit(submit, k) for k in range(15)]
        seen: list[str] = []
        page = client.get("/v1/runs?limit=4")
        while True:
            seen += [each["id"] for each in page.json()["items"]]
            if page.json()["next_cursor"] is None:
                break
            assert 'rel="next"' in page.headers["link"]
            page = client.get(page.links["next"]["url"])
        added = {each.result() for each in adding}
    assert len(seen) == len(set(seen)), "repeated"
    assert set(there) <= set(seen), "skipped"
    assert set(seen) <= set(there) | added
    with service.store.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(runs)).scalar_one() == 40
