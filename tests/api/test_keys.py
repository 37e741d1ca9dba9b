"""API keys: made once, told once, replaced without a gap, ended at once; never mightier than the one that makes them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.access import keys, seen
from api.access.roles import ROLES, Role
from api.access.throttle import ADDRESSES, Throttle, place
from api.clock import now
from api.service import Service
from api.store.tables import api_keys, idempotency_keys
from tests.api.conftest import Ask

NEW = {"name": "the match system", "role": "service"}


def with_key(client: TestClient, secret: str) -> TestClient:
    return TestClient(client.app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {secret}"})


def test_me_says_who_asks_and_what_they_may(ask_as: Ask) -> None:
    for role, scopes in ROLES.items():
        told = ask_as(role, "other").get("/v1/me").json()
        assert (told["role"], told["board"], set(told["scopes"]), told["by"]) == (role, "other", set(scopes), "key")


def test_a_key_is_told_once_works_and_is_kept_only_as_a_hash(service: Service, ask_as: Ask) -> None:
    admin = ask_as("admin")
    made = admin.post("/v1/api-keys", json=NEW)
    secret, key_id = made.json()["secret"], made.json()["id"]
    assert (made.status_code, made.headers["location"], len(secret)) == (201, f"/v1/api-keys/{key_id}", 47)
    assert with_key(admin, secret).get("/v1/me").json()["id"] == key_id
    read = admin.get(made.headers["location"]).json()
    assert read == {name: value for name, value in made.json().items() if name != "secret"}
    assert read in admin.get("/v1/api-keys").json()["items"]
    with service.store.read() as connection:
        assert secret not in str(connection.execute(sa.select(api_keys)).all())


def test_a_repeated_request_makes_no_second_key_and_keeps_no_secret(service: Service, ask_as: Ask) -> None:
    admin = ask_as("admin")
    first, again = (admin.post("/v1/api-keys", json=NEW, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert again.json() == first.json() | {"secret": None}
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    with service.store.read() as connection:
        assert first.json()["secret"] not in str(connection.execute(sa.select(idempotency_keys)).all())


def test_what_cannot_be_a_key(ask_as: Ask) -> None:
    admin = ask_as("admin")
    bodies: list[dict[str, Any]] = [
        {"role": "service"},
        {"name": "", "role": "viewer"},
        {"name": "x\x00", "role": "viewer"},
        {"name": "x", "role": "root"},
        {"name": "x", "role": "viewer", "board": "other"},
        {"name": "x", "role": "viewer", "expires_at": "2030-01-01T00:00:00"},
        {"name": "x", "role": "viewer", "expires_at": 1e308},
    ]
    for body in bodies:
        assert admin.post("/v1/api-keys", json=body).status_code == 422, body


def test_a_key_that_ends_makes_none_that_lasts_longer(service: Service, web: TestClient) -> None:
    end = now() + timedelta(hours=1)
    with service.store.begin() as connection:
        _, secret = keys.create(connection, board="main", role="admin", name="for an hour", by="test", expires_at=end)
    visitor = with_key(web, secret)
    inherited = visitor.post("/v1/api-keys", json={"name": "x", "role": "viewer"}).json()
    assert inherited["expires_at"] == end.isoformat().replace("+00:00", "Z")
    later = visitor.post("/v1/api-keys", json={"name": "x", "role": "viewer", "expires_at": (end + timedelta(seconds=1)).isoformat()})
    assert (later.status_code, later.json()["code"]) == (403, "forbidden")
    past = visitor.post("/v1/api-keys", json={"name": "x", "role": "viewer", "expires_at": "2001-01-01T00:00:00Z"})
    assert past.status_code == 409


def test_no_role_that_could_make_keys_makes_a_mightier_one(ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = ask_as("admin")
    strong = admin.post("/v1/api-keys", json={"name": "x", "role": "admin"}).json()["id"]
    monkeypatch.setitem(ROLES, "planner", ROLES["planner"] | {"keys"})
    planner = ask_as("planner")
    assert planner.post("/v1/api-keys", json={"name": "x", "role": "viewer"}).status_code == 201
    for role in ("publisher", "analyst", "admin"):
        assert planner.post("/v1/api-keys", json={"name": "x", "role": role}).status_code == 403
    assert planner.post(f"/v1/api-keys/{strong}/rotate", json={}).status_code == 403
    assert planner.delete(f"/v1/api-keys/{strong}").status_code == 403


def test_a_rotated_key_stays_valid_for_the_overlap(web: TestClient, ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = ask_as("admin")
    old = admin.post("/v1/api-keys", json=NEW).json()
    new = admin.post(f"/v1/api-keys/{old['id']}/rotate", json={"overlap": "PT2H"}).json()
    assert (new["replaces"], new["role"], new["name"], new["expires_at"]) == (old["id"], "service", NEW["name"], None)
    assert admin.get(f"/v1/api-keys/{old['id']}").json()["replaced_by"] == new["id"]
    both = [with_key(web, each["secret"]) for each in (old, new)]
    assert [client.get("/v1/me").status_code for client in both] == [200, 200]
    moment = now()
    monkeypatch.setattr(keys, "now", lambda: moment + timedelta(hours=2, seconds=1))
    assert [client.get("/v1/me").status_code for client in both] == [401, 200]


def test_a_rotation_never_lengthens_a_life_by_itself_and_happens_once(ask_as: Ask) -> None:
    admin = ask_as("admin")
    old = admin.post("/v1/api-keys", json={**NEW, "expires_at": (now() + timedelta(hours=1)).isoformat()}).json()
    new = admin.post(f"/v1/api-keys/{old['id']}/rotate").json()
    assert new["expires_at"] == old["expires_at"] == admin.get(f"/v1/api-keys/{old['id']}").json()["expires_at"]
    again = admin.post(f"/v1/api-keys/{old['id']}/rotate")
    assert (again.status_code, new["id"] in again.json()["detail"]) == (409, True)
    admin.delete(f"/v1/api-keys/{new['id']}")
    assert admin.post(f"/v1/api-keys/{new['id']}/rotate", json={}).status_code == 409
    for overlap in ("-PT1S", "P31D", "PT1e400S", 1e300, "soon"):
        assert admin.post(f"/v1/api-keys/{new['id']}/rotate", json={"overlap": overlap}).status_code == 422


def test_a_revoked_key_ends_at_once_and_twice_is_once(web: TestClient, ask_as: Ask) -> None:
    admin = ask_as("admin")
    made = admin.post("/v1/api-keys", json=NEW).json()
    for _ in range(2):
        assert admin.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert with_key(web, made["secret"]).get("/v1/me").status_code == 401
    states = {state: [each["id"] for each in admin.get("/v1/api-keys", params={"state": state}).json()["items"]] for state in ("active", "revoked", "expired")}
    assert (states["revoked"], states["expired"], len(states["active"])) == ([made["id"]], [], 1)
    trail = admin.get("/v1/audit", params={"object": made["id"]}).json()["items"]
    assert [row["action"] for row in trail] == ["key.revoke", "key.create"]


def test_the_last_admin_does_not_lock_everybody_out(web: TestClient, ask_as: Ask) -> None:
    admin = ask_as("admin")
    ask_as("admin", "other")
    me = admin.get("/v1/me").json()["id"]
    assert admin.delete(f"/v1/api-keys/{me}").status_code == 409
    successor = admin.post(f"/v1/api-keys/{me}/rotate", json={}).json()
    assert with_key(web, successor["secret"]).delete(f"/v1/api-keys/{successor['id']}").status_code == 409, "the one that it replaced is about to end"
    assert admin.delete(f"/v1/api-keys/{me}").status_code == 204


def test_two_last_admins_who_leave_at_once_do_not_both_leave(ask_as: Ask) -> None:
    pair = [ask_as("admin") for _ in range(2)]
    ids = [client.get("/v1/me").json()["id"] for client in pair]
    statuses: list[int] = []
    leave = [
        threading.Thread(target=lambda c=client, i=key_id: statuses.append(c.delete(f"/v1/api-keys/{i}").status_code))
        for client, key_id in zip(pair, ids, strict=True)
    ]
    for each in leave:
        each.start()
    for each in leave:
        each.join()
    assert sorted(statuses) == [204, 409]


def test_reading_writes_nothing_and_the_last_use_is_kept_to_the_minute(web: TestClient, ask_as: Ask) -> None:
    admin = ask_as("admin")
    me = admin.get("/v1/me").json()["id"]
    assert admin.get(f"/v1/api-keys/{me}").json()["last_used_at"] is None
    web.app.state.service.seen.write()  # type: ignore[attr-defined]
    used = admin.get(f"/v1/api-keys/{me}").json()["last_used_at"]
    assert used == now().replace(second=0, microsecond=0).isoformat().replace("+00:00", "Z")


def test_the_last_use_goes_forward_only(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with service.store.begin() as connection:
        key_id, _ = keys.create(connection, board="main", role="viewer", name="x", by="test")
    moment = now()
    for minutes in (5, 2):
        monkeypatch.setattr(seen, "now", lambda minutes=minutes: moment + timedelta(minutes=minutes))
        notes = seen.Seen(service.store)
        notes.note(key_id)
        notes.close()
    with service.store.read() as connection:
        assert connection.execute(sa.select(api_keys.c.last_used_at)).scalar_one() == (moment + timedelta(minutes=5)).replace(second=0, microsecond=0)


def test_who_tries_many_keys_is_slowed_down_and_nobody_else(web: TestClient, ask_as: Ask) -> None:
    good, quiet = ask_as("viewer"), ask_as("viewer")
    assert good.get("/v1/me").status_code == 200
    guesses = [with_key(web, f"ojt_guess{number}").get("/v1/me") for number in range(25)]
    assert [each.status_code for each in guesses] == [401] * 20 + [429] * 5
    assert (guesses[-1].json()["code"], 1 <= int(guesses[-1].headers["retry-after"]) <= 61) == ("too-many-failures", True)
    assert good.get("/v1/me").status_code == 200, "a key that was good goes on"
    assert quiet.get("/v1/me").status_code == 429, "one that was never seen is not even looked up"
    assert web.get("/v1/me").status_code == 401, "no key is no attempt"
    assert web.get("/healthz").status_code == 200


def test_the_throttle_remembers_no_more_than_it_may() -> None:
    throttle = Throttle(1)
    for number in range(ADDRESSES + 500):
        throttle.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        throttle.passed(str(number))
    assert len(throttle._failures) == len(throttle._good) == ADDRESSES
    assert (throttle.wait("10.0.0.0"), throttle.wait("10.0.40.0") > 0) == (0, True)
    assert place("2001:db8::1") == place("2001:db8::ffff") != place("2001:db8:0:1::1")
    assert place("::ffff:10.0.0.1") == place("10.0.0.1")


def test_failures_count_no_more_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    from api.access import throttle as module

    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    throttle = Throttle(2)
    for _ in range(2):
        throttle.failed("a")
    assert throttle.wait("a") == 60
    clock[0] += 60.5
    assert throttle.wait("a") == 0
    throttle.failed("a")
    assert throttle.wait("a") == 0


def test_who_may_what_is_denied_unless_said(ask_as: Ask) -> None:
    roles: list[Role] = ["viewer", "planner", "analyst", "publisher", "service"]
    for role in roles:
        client = ask_as(role)
        assert [client.get(path).status_code for path in ("/v1/api-keys", "/v1/audit", "/v1/audit/verify")] == [403] * 3
