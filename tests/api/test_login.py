"""Logging in to the pages: by key, and through an issuer; who came in by a cookie can do no more than who brought a key, and nobody can make them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.access import keys, oidc, sessions
from api.access.origin import local
from api.access.roles import Role
from api.app import create_app
from api.clock import now
from api.service import Service
from api.settings import Settings
from api.store.tables import audit, people
from api.store.tables import sessions as rows
from tests.api.issuer import CLIENT, SECRET, LittleIssuer, little_issuer

HERE = {"Origin": "http://testserver"}
Browse = Callable[..., TestClient]


@pytest.fixture
def browse(web: TestClient) -> Browse:
    """A browser without a key, that follows nothing by itself."""

    def browser(**more: Any) -> TestClient:
        return TestClient(web.app, raise_server_exceptions=False, follow_redirects=False, **more)

    return browser


def key_of(service: Service, role: Role = "admin", **more: Any) -> tuple[str, str]:
    with service.store.begin() as connection:
        return keys.create(connection, board="main", role=role, name="Ana <b>", by="test", **more)


def logged_in(browser: TestClient, secret: str, **headers: str) -> httpx.Response:
    return browser.post("/login", data={"key": secret, "next": "/v1/me"}, headers=headers or HERE)


def test_a_key_opens_the_pages_and_logging_out_closes_them(service: Service, browse: Browse) -> None:
    browser, (key_id, secret) = browse(), key_of(service)
    form = browser.get("/login")
    assert (form.status_code, form.headers["content-type"], "set-cookie" in form.headers) == (200, "text/html; charset=utf-8", False)
    entered = logged_in(browser, secret)
    assert (entered.status_code, entered.headers["location"]) == (303, "/v1/me")
    flags = entered.headers["set-cookie"].lower()
    assert all(flag in flags for flag in ("ojt_session=", "httponly", "samesite=lax", "path=/", "max-age=43200"))
    assert ("secure" in flags, "domain" in flags, secret in flags) == (False, False, False)
    me = browser.get("/v1/me").json()
    assert (me["id"], me["by"], me["role"]) == (key_id, "session", "admin")
    assert "Ana &lt;b&gt;" in browser.get("/login").text
    stolen = dict(browser.cookies)
    left = browser.post("/logout", headers=HERE)
    assert (left.status_code, left.headers["location"], dict(browser.cookies)) == (303, "/login", {})
    assert browse(cookies=stolen).get("/v1/me").status_code == 401, "a copied cookie is worth nothing after logging out"
    with service.store.read() as connection:
        done = connection.execute(sa.select(audit.c.action, audit.c.actor).where(audit.c.action.like("session.%")).order_by(audit.c.seq)).all()
    assert [tuple(row) for row in done] == [("session.begin", key_id), ("session.end", key_id)]


def test_a_login_dies_with_its_key(service: Service, browse: Browse) -> None:
    browser, (key_id, secret) = browse(), key_of(service)
    logged_in(browser, secret)
    with service.store.begin() as connection:
        keys.revoke(connection, {"id": key_id, "board": "main"}, by="test")
    assert browser.get("/v1/me").status_code == 401
    _, short = key_of(service, expires_at=now() + timedelta(seconds=1))
    logged_in(browser, short)
    assert browser.get("/v1/me").status_code == 200
    time.sleep(1.1)
    assert browser.get("/v1/me").status_code == 401


def test_a_login_ends_after_its_time(service: Service, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, (_, secret) = browse(), key_of(service)
    logged_in(browser, secret)
    monkeypatch.setattr(sessions, "now", lambda: now() + timedelta(hours=12, seconds=1))
    assert browser.get("/v1/me").status_code == 401


def test_each_login_is_a_new_one_and_ends_the_one_before(service: Service, browse: Browse) -> None:
    browser, (_, secret) = browse(), key_of(service)
    logged_in(browser, secret, **HERE, Cookie="ojt_session=planted")
    first = browser.cookies["ojt_session"]
    logged_in(browser, secret)
    assert first != browser.cookies["ojt_session"]
    assert browse(cookies={"ojt_session": first}).get("/v1/me").status_code == 401


def test_a_made_up_cookie_never_reaches_the_store(service: Service, web: TestClient, browse: Browse) -> None:
    browser, (_, secret) = browse(), key_of(service)
    logged_in(browser, secret)
    good = browser.cookies["ojt_session"]
    session_id, signature = good.split(".")
    other = sessions.signed("another secret", session_id)
    asked: list[str] = []
    sa.event.listen(web.app.state.service.store.reader, "before_cursor_execute", lambda *given: asked.append(given[2]))  # type: ignore[attr-defined]
    for told in (
        session_id,
        f"{session_id}.",
        f"{session_id}.{signature[:-1]}",
        f"x{good}",
        other,
        ".",
        "",
        "a.b.c",
        f"{session_id}.{signature}é".encode().decode("latin-1"),
    ):
        answer = browse().get("/v1/me", headers={"Cookie": b"ojt_session=" + told.encode("latin-1")})
        assert answer.status_code == 401, told
    assert asked == []


def test_a_wrong_key_is_told_on_the_form_and_slowed_down(browse: Browse) -> None:
    browser = browse()
    wrong = [logged_in(browser, f"ojt_{number}") for number in range(22)]
    assert [each.status_code for each in wrong] == [401] * 20 + [429] * 2
    assert all('role="alert"' in each.text and "ojt_1" not in each.text and "set-cookie" not in each.headers for each in wrong)
    assert int(wrong[-1].headers["retry-after"]) > 0


def test_a_key_of_half_a_character_is_only_a_wrong_key(browse: Browse) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n\\ud800\r\n--x--\r\n'
    headers = {**HERE, "Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"}
    assert browse().post("/login", content=form, headers=headers).status_code == 401


ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://testserver"},
    {"Origin": "http://testserver.evil.example"},
    {"X-Nothing": "said"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
]
"""What browsers, or what pretends to be one, send with forms of other sites."""


def test_other_sites_can_neither_log_in_nor_act_for_who_is_logged_in(service: Service, browse: Browse) -> None:
    key_id, secret = key_of(service)
    for headers in ELSEWHERE:
        browser = browse()
        assert logged_in(browser, secret, **headers).status_code == 403, headers
        assert dict(browser.cookies) == {}
        logged_in(browser, secret)
        for method, path in (("POST", "/v1/api-keys"), ("DELETE", f"/v1/api-keys/{key_id}")):
            refused = browser.request(method, path, headers=headers, json={"name": "x", "role": "admin"} if method == "POST" else None)
            assert (refused.status_code, refused.json()["code"]) == (403, "cross-site"), headers
        assert browser.post("/logout", headers=headers).status_code == 403, headers
        assert browser.get("/v1/me", headers=headers).status_code == 200, headers


def test_our_own_pages_act_with_the_cookie_and_a_key_needs_no_origin(service: Service, browse: Browse) -> None:
    browser, (_, secret) = browse(), key_of(service)
    logged_in(browser, secret)
    body = {"name": "x", "role": "viewer"}
    for headers in (HERE, {"Sec-Fetch-Site": "same-origin"}, {"Authorization": f"Bearer {secret}", "Origin": "http://evil.example"}):
        assert browser.post("/v1/api-keys", headers=headers, json=body).status_code == 201
    assert browser.get("/v1/me", headers={"Authorization": "Bearer ojt_wrong"}).status_code == 401, "a wrong key is not made good by a cookie"
    assert browser.get("/v1/me", headers={"Authorization": "Basic eDp5"}).status_code == 401


AWAY = ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "evil.example", "/\t/evil.example", "/\n/x", "\\/x", "/é", "")


def test_a_login_leads_to_no_other_site(service: Service, browse: Browse) -> None:
    _, secret = key_of(service)
    for place in AWAY:
        assert local(place) == "/login", place
        assert browse().post("/login", data={"key": secret, "next": place}, headers=HERE).headers["location"] == "/login", place
        assert "evil" not in browse().get("/login", params={"next": place}).text, place


def test_a_login_leads_where_one_wanted_to_go(service: Service, browse: Browse) -> None:
    place = "/runs/run_1?tab=people&sort=-score#top"
    form = browse().get("/login", params={"next": place}).text
    assert 'value="/runs/run_1?tab=people&amp;sort=-score#top"' in form
    assert browse().post("/login", data={"key": key_of(service)[1], "next": place}, headers=HERE).headers["location"] == place


def test_whoever_wanted_to_go_nowhere_lands_on_the_first_page(service: Service, browse: Browse) -> None:
    browser = browse()
    assert '<input type="hidden" name="next" value="/">' in browser.get("/login").text
    entered = browser.post("/login", data={"key": key_of(service)[1], "next": "/"}, headers=HERE)
    assert (entered.headers["location"], browser.get("/").status_code) == ("/", 200)
    assert '<a href="/">Go on</a>' in browser.get("/login").text


@pytest.fixture
def issuer() -> Iterator[LittleIssuer]:
    with little_issuer() as running:
        yield running


@pytest.fixture
def through(settings: Settings, issuer: LittleIssuer) -> Iterator[TestClient]:
    """A browser of a service, reached through https, that knows the issuer."""
    told = {
        "public_url": "https://ojt.example",
        "oidc_issuer": issuer.address,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_roles": ("board-admins=admin", "planners=planner@east", "staff=viewer"),
    }
    chosen = Settings(**{**settings.model_dump(exclude_defaults=True), **told})
    with TestClient(create_app(chosen), base_url="https://ojt.example", raise_server_exceptions=False, follow_redirects=False) as browser:
        yield browser


def came_back(browser: TestClient, issuer: LittleIssuer, **changed: str) -> httpx.Response:
    sent = browser.get("/oidc/start", params={"next": "/v1/me"})
    assert sent.status_code == 303, sent.text
    return browser.get("/oidc/callback", params={**issuer.agree(sent.headers["location"]), **changed})


def test_who_the_issuer_vouches_for_comes_in_with_the_role_of_their_group(through: TestClient, issuer: LittleIssuer) -> None:
    assert "Log in through 127.0.0.1" in through.get("/login").text
    entered = came_back(through, issuer)
    assert (entered.status_code, entered.headers["location"]) == (303, "/v1/me")
    asked = issuer.asked[0]
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid profile")
    assert asked["redirect_uri"] == "https://ojt.example/oidc/callback"
    cookies = entered.headers.get_list("set-cookie")
    assert any(each.startswith("__Host-ojt_session=") and "Secure" in each and "HttpOnly" in each and "SameSite=lax" in each for each in cookies)
    assert any(each.startswith('__Host-ojt_login="";') or each.startswith("__Host-ojt_login=;") for each in cookies), "what the login remembered is forgotten"
    me = through.get("/v1/me").json()
    assert (me["name"], me["role"], me["board"], me["by"], me["id"][:7]) == ("Ana Example", "planner", "east", "session", "person_")
    came_back(through, issuer)
    assert through.get("/v1/me").json()["id"] == me["id"], "the same person"
    store = through.app.state.service.store  # type: ignore[attr-defined]
    with store.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(people)).scalar_one() == 1
        trail = connection.execute(sa.select(audit.c.action, audit.c.actor, audit.c.detail).order_by(audit.c.seq)).all()
        assert [row.action for row in trail] == ["session.begin", "session.end", "session.begin"]
        assert not re.search("Ana|u-17", str(trail))
        assert connection.execute(sa.select(rows.c.key_id).distinct()).scalars().all() == [None]
    assert through.post("/logout", headers={"Origin": "https://ojt.example"}).status_code == 303
    assert through.get("/v1/me").status_code == 401


def test_groups_may_be_told_by_userinfo_and_none_that_fits_is_denied(through: TestClient, issuer: LittleIssuer) -> None:
    del issuer.claims["groups"]
    issuer.userinfo = {"sub": "u-17", "groups": ["board-admins"]}
    came_back(through, issuer)
    assert (through.get("/v1/me").json()["role"], through.get("/v1/me").json()["board"]) == ("admin", "main")
    issuer.userinfo = {"sub": "somebody else", "groups": ["board-admins"]}
    assert came_back(through, issuer).status_code == 403
    for groups in ([], ["nobody"], "nobody", {"admin": 1}, None, [["staff"]]):
        issuer.claims["groups"] = groups
        denied = came_back(through, issuer)
        assert (denied.status_code, "none of your groups" in denied.text) == (403, True)


Spoil = Callable[[dict[str, Any]], dict[str, Any]]
SPOILT: dict[str, Spoil] = {
    "another issuer": lambda claims: claims | {"iss": "http://evil.example"},
    "another client": lambda claims: claims | {"aud": "another"},
    "several clients": lambda claims: claims | {"aud": [CLIENT, "another"], "azp": "another"},
    "expired": lambda claims: claims | {"exp": claims["exp"] - 3600, "iat": claims["iat"] - 3600},
    "no end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "not yet": lambda claims: claims | {"nbf": claims["iat"] + 3600},
    "another nonce": lambda claims: claims | {"nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "another access token": lambda claims: claims | {"at_hash": "x" * 22},
    "nobody": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "a strange subject": lambda claims: claims | {"sub": "x" * 256},
    "a number": lambda claims: claims | {"sub": 17},
}


def test_what_the_issuer_says_is_checked(through: TestClient, issuer: LittleIssuer) -> None:
    for how, spoil in SPOILT.items():
        issuer.spoil = spoil
        refused = came_back(through, issuer)
        assert (refused.status_code, through.get("/v1/me").status_code) == (401, 401), (how, refused.text)


def test_only_the_issuers_key_signs(through: TestClient, issuer: LittleIssuer) -> None:
    forger = LittleIssuer()
    for sign in (issuer.unsigned, issuer.signed_by_what_is_public, forger.signed, lambda _: "x", lambda _: ""):
        issuer.sign = sign
        assert came_back(through, issuer).status_code == 401


def test_a_new_key_of_the_issuer_is_learnt(through: TestClient, issuer: LittleIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert came_back(through, issuer).status_code == 303
    issuer.key = type(issuer.key).generate_key(2048, {"kid": "two", "alg": "RS256", "use": "sig"}, private=True)
    later = time.monotonic() + 5
    monkeypatch.setattr(oidc.time, "monotonic", lambda: later)
    assert came_back(through, issuer).status_code == 303


def test_a_login_is_finished_by_the_browser_that_began_it_and_once(through: TestClient, issuer: LittleIssuer) -> None:
    assert came_back(through, issuer, state="another").status_code == 401
    assert came_back(through, issuer, iss="http://evil.example").status_code == 401
    assert came_back(through, issuer, code="guessed").status_code == 401
    sent = through.get("/oidc/start")
    back = issuer.agree(sent.headers["location"])
    stranger = TestClient(through.app, base_url="https://ojt.example", follow_redirects=False)
    assert stranger.get("/oidc/callback", params=back).status_code == 401
    assert through.get("/oidc/callback", params={"error": "access_denied", "state": back["state"]}).status_code == 401
    assert through.get("/oidc/callback", params=back).status_code == 401, "a refusal ends it"
    assert through.get("/oidc/callback").status_code == 401


def test_an_issuer_that_is_away_or_not_itself_lets_nobody_in(through: TestClient, issuer: LittleIssuer) -> None:
    issuer.down = True
    answer = through.get("/oidc/start")
    assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
    issuer.down, issuer.metadata = False, {"issuer": "http://evil.example"}
    assert through.get("/oidc/start").status_code == 503
    issuer.metadata = {"token_endpoint": "file:///etc/passwd"}
    assert came_back(through, issuer).status_code == 503


def test_without_an_issuer_there_is_only_the_form(browse: Browse) -> None:
    assert "Log in through" not in browse().get("/login").text
    assert [browse().get(path).status_code for path in ("/oidc/start", "/oidc/callback")] == [404, 404]


def test_groups_are_written_as_pairs() -> None:
    assert oidc.mapping(Settings(oidc_roles=("a=b=viewer", "c=admin@west"))) == [("a=b", "viewer", "main"), ("c", "admin", "west")]
    for wrong in ("admins", "=admin", "admins=root", "admins="):
        with pytest.raises(ValueError, match="OJT_OIDC_ROLES"):
            oidc.mapping(Settings(oidc_roles=(wrong,)))


def test_what_signs_the_cookies_is_made_once_and_kept(service: Service, settings: Settings) -> None:
    other = Service(settings)
    assert len(service.session_secret) >= 43
    assert service.session_secret == other.session_secret
    other.close()
    named = Service(Settings(**{**settings.model_dump(exclude_defaults=True), "session_secret": "named"}))
    assert named.session_secret == "named"
    named.close()
