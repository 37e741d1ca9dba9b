"""Problems that end a request before a page is asked: people in browsers read a calm page, programs the problem document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy.exc import OperationalError

from api.access import keys
from api.app import create_app
from api.pages.words import say
from api.service import Service
from tests.api.conftest import Ask
from tests.api.listening import listening
from tests.browser import axe

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def is_page(answer: Response, status: int, code: str) -> str:
    """The text of a problem's page, which runs nothing but our own files and names the trace."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert ("script-src 'self'" in policy, "unsafe" in policy) == (True, False)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["x-trace-id"] in answer.text
    assert answer.text.count("<h1") == 1
    assert f'href="/problems/{code}"' in answer.text
    return answer.text


def is_document(answer: Response, status: int, code: str) -> None:
    """It is a problem document, as programs read it."""
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (status, "application/problem+json", code)


def test_a_method_that_a_page_does_not_offer(ask_as: Ask) -> None:
    viewer = ask_as("viewer")
    page = is_page(answer := viewer.get("/data/demos/portland", headers=HTML), 405, "no-such-method")
    assert say("trouble.of.no-such-method.title") in page
    assert 'class="places"' in page, "whoever is logged in finds the way on"
    assert answer.headers["allow"] == "OPTIONS, POST"
    is_document(viewer.get("/data/demos/portland", headers=JSON), 405, "no-such-method")
    is_document(viewer.delete("/v1/me", headers=HTML), 405, "no-such-method")
    assert viewer.head("/data/demos/portland", headers=HTML).content == b""


def test_a_body_that_is_too_large_leads_back_to_its_form(service: Service, ask_as: Ask) -> None:
    small = service.settings.model_copy(update={"upload_mb": 0.01})
    with TestClient(create_app(small), headers=ask_as("planner").headers) as client:
        sent: dict[str, Any] = {"files": [("files", ("seekers.csv", b"x" * 20_000))]}
        page = is_page(client.post("/data", headers={**HTML, "Referer": "http://testserver/data?archived=true"}, **sent), 413, "too-large")
        assert "0.01 MB" in page
        assert 'href="/data?archived=true"' in page
        for elsewhere in ("http://evil.example/data", "http://testserver//evil.example", "javascript:alert(1)", "http://[", ""):
            other = client.post("/data", headers={**HTML, "Referer": elsewhere}, **sent)
            assert say("trouble.back") not in is_page(other, 413, "too-large"), elsewhere
        is_document(client.post("/data", headers=JSON, **sent), 413, "too-large")
        is_document(client.post("/v1/datasets", headers=HTML, **sent), 413, "too-large")


def test_a_name_that_the_service_does_not_have(service: Service) -> None:
    with TestClient(create_app(service.settings.model_copy(update={"public_url": "http://ojt.example"}))) as client:
        for host in ("evil.example", "[", "a b"):
            page = is_page(client.get("/", headers={**HTML, "Host": host}), 400, "bad-request")
            assert host not in page
            assert 'class="places"' not in page
            is_document(client.get("/v1/me", headers={**HTML, "Host": host}), 400, "bad-request")


def test_what_broke_is_told_calmly_and_by_its_trace_alone(ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the name of a person")

    monkeypatch.setattr("api.pages.home._nights", broken)
    viewer = ask_as("viewer")
    page = is_page(viewer.get("/", headers=HTML), 500, "broken")
    assert say("trouble.of.broken.title") in page
    assert 'class="places"' in page, "who it is has been settled before it broke"
    assert "the name of a person" not in page
    is_document(viewer.get("/index.json", headers=HTML), 500, "broken")


def test_a_store_that_is_away_asks_for_patience(ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def away(*_: object) -> None:
        asked.append(1)
        raise OperationalError("select", {}, Exception("away"))

    viewer = ask_as("viewer")
    monkeypatch.setattr("api.access.asking.keys.find", away)
    page = is_page(answer := viewer.get("/data", headers=HTML), 503, "unavailable")
    assert say("trouble.of.unavailable.title") in page
    assert (answer.headers["retry-after"], len(asked)) == ("2", 1), "the page of the problem asks the store for nothing"
    is_document(viewer.get("/data.json", headers=HTML), 503, "unavailable")


def test_a_page_that_cannot_be_made_leaves_the_problem(ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError

    monkeypatch.setattr("api.pages.troubles.render", broken)
    is_document(ask_as("viewer").get("/data/demos/portland", headers=HTML), 405, "no-such-method")


def test_a_role_that_may_not_is_told_so(ask_as: Ask) -> None:
    page = is_page(ask_as("viewer").get("/keys", headers=HTML), 403, "forbidden")
    assert say("trouble.of.forbidden.title") in page


@pytest.fixture
def narrow(service: Service) -> Iterator[tuple[str, str]]:
    """A server that takes little at a time: its address, and a key."""
    with listening(create_app(service.settings.model_copy(update={"upload_mb": 0.2}))) as address:
        with service.store.begin() as connection:
            _, secret = keys.create(connection, board="main", role="planner", name="A planner", by="test")
        yield address, secret


def test_a_browser_that_sends_too_much_shows_the_page_and_the_way_back(narrow: tuple[str, str], chromium: Any, tmp_path: Path) -> None:
    address, secret = narrow
    (tmp_path / "seekers.csv").write_bytes(b"seeker_id\n" + b"S1\n" * 10_000_000)
    page = chromium.new_context().new_page()
    page.goto(f"{address}/login?next=/data")
    page.get_by_label("API key").fill(secret)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Files").set_input_files(tmp_path / "seekers.csv")
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", level=1, name=say("trouble.of.too-large.title")).wait_for()
    assert axe(page) == []
    page.get_by_role("link", name=say("trouble.back")).click()
    page.get_by_role("heading", level=1, name="Data").wait_for()
