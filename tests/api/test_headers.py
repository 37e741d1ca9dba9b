"""What every answer tells browsers, and by which names the service may be addressed."""

from __future__ import annotations

import re
from html import escape

import pytest
from fastapi.testclient import TestClient

from api.access.headers import ALWAYS
from api.access.origin import known_host
from api.app import create_app
from api.settings import Settings
from tests.api.conftest import Ask


def test_every_answer_is_careful_also_one_that_went_wrong(web: TestClient, ask_as: Ask) -> None:
    viewer = ask_as("viewer")
    answers = [
        web.get("/healthz"), web.get("/v1/me"), viewer.get("/v1/me"), viewer.get("/v1/nothing"), viewer.post("/v1/me"), viewer.get("/v1/audit"),
        viewer.get("/v1/runs?limit=0"), web.get("/login"), web.post("/v1/evaluations", content=b"x", headers={"content-length": "99999999999"}),
    ]  # fmt: skip
    for answer in answers:
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, answer.url
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers


def test_the_login_page_runs_no_script_and_posts_to_itself_alone(web: TestClient) -> None:
    page = web.get("/login")
    policy = page.headers["content-security-policy"]
    assert ("form-action 'self'" in policy, "unsafe" in policy, "<script" in page.text) == (True, False, False)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|https?:", page.text)
    for needed in ('<html lang="en">', "<main", '<label for="key">', 'id="key"', 'name="viewport"'):
        assert needed in page.text


def test_other_sites_may_not_read_answers(web: TestClient) -> None:
    asked = web.options(
        "/v1/me", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    )
    assert asked.status_code in (204, 405)
    assert not [name for name in asked.headers if name.startswith("access-control")]


def test_behind_https_browsers_are_told_to_stay_there(settings: Settings) -> None:
    chosen = settings.model_copy(update={"public_url": "https://ojt.example"})
    with TestClient(create_app(chosen), base_url="http://ojt.example", raise_server_exceptions=False) as web:
        answer = web.get("/v1/me")
        assert (answer.status_code, answer.headers["strict-transport-security"]) == (401, "max-age=31536000")
        for host in ("evil.example", "ojt.example.evil.example", "ojt.example@evil.example", "127.0.0.1", ""):
            refused = web.get("/v1/me", headers={"Host": host})
            assert (refused.status_code, refused.headers["content-type"], host and host in refused.text) == (400, "application/problem+json", host and False)
        assert web.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200, "probes know only the address"


@pytest.mark.parametrize(
    ("host", "told", "known"),
    [
        ("anything", {}, True),
        ("OJT.example", {"public_url": "https://ojt.example/"}, True),
        ("ojt.example:443", {"public_url": "https://ojt.example"}, True),
        ("ojt.example", {"public_url": "https://ojt.example:8443"}, False),
        ("localhost:8000", {"hosts": ("localhost", "[::1]")}, True),
        ("[::1]:8000", {"hosts": ("localhost", "[::1]")}, True),
        ("[::1]", {"hosts": ("localhost", "[::1]")}, True),
        ("localhost.", {"hosts": ("localhost",)}, False),
        ("x", {"public_url": "https://ojt.example", "hosts": ("x",)}, True),
    ],
)
def test_names(host: str, told: dict[str, object], known: bool) -> None:
    assert known_host(host, Settings(**told)) is known


def test_links_are_made_with_the_scheme_that_browsers_use(settings: Settings, ask_as: Ask) -> None:
    secret = ask_as("admin").headers["authorization"]
    ask_as("admin")
    chosen = settings.model_copy(update={"public_url": "https://ojt.example"})
    with TestClient(create_app(chosen), base_url="http://ojt.example") as web:
        linked = web.get("/v1/api-keys?limit=1", headers={"Authorization": secret}).headers["link"]
    assert linked.startswith("<https://ojt.example/v1/api-keys?limit=1&cursor=")


def test_several_words_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OJT_HOSTS", "a.example, b.example,")
    assert Settings().hosts == ("a.example", "b.example")


def test_the_operations_are_on_a_page_that_loads_nothing_from_elsewhere(web: TestClient) -> None:
    page = web.get("/docs")
    assert page.status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<script|<img|src=|href=\"(?![/#])", page.text)
    for path, item in web.get("/openapi.json").json()["paths"].items():
        for method in item:
            assert f"<code>{method.upper()} {escape(path)}</code>" in page.text
