"""Webhooks as their receivers meet them: down, slow, broken, moved; and as those who set them up do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.clock import now
from api.jobs import runs as run_life
from api.jobs import webhooks as life
from api.service import Service
from api.settings import Settings
from api.store.tables import audit, deliveries, idempotency_keys, webhooks
from tests.api.conftest import Ask
from tests.api.made import make_scenario
from tests.api.receiver import Receiver, receiving, verifies

LINKS = {"run": "/v1/runs/run_1"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def settings(settings: Settings, receiver: Receiver) -> Settings:
    """The settings of each store, with the receiver allowed, and a host that is public by name."""
    return settings.model_copy(update={"webhook_hosts": (receiver.origin, "hooks.example.org")})


class Clock:
    """The time as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = now()
        monkeypatch.setattr(life, "now", lambda: self.moment)

    def forward(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def look(service: Service) -> Callable[[], None]:
    """What workers do every few seconds."""
    sender = life.Sender(service)

    def look() -> None:
        sender.look()
        sender.wait()

    return look


def _made(ask_as: Ask, receiver: Receiver, events: tuple[str, ...] = ("run.finished",)) -> dict[str, Any]:
    answer = ask_as("admin").post("/v1/webhooks", json={"url": f"{receiver.origin}/hook", "events": events})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _announce(service: Service, board: str = "main", event: life.Event = "run.finished") -> None:
    with service.store.begin() as connection:
        life.announce(connection, None, board, event, LINKS)


def _rows(service: Service) -> list[dict[str, Any]]:
    with service.store.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(deliveries).order_by(deliveries.c.id)).mappings()]


def test_a_message_says_what_happened_and_where_and_is_signed(service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None]) -> None:
    made = _made(ask_as, receiver)
    _announce(service)
    look()
    ((headers, body),) = receiver.requests
    assert verifies(made["secret"], headers, body)
    assert not verifies(life.new_secret(), headers, body)
    assert not verifies(made["secret"], headers, body + b" ")
    (told,) = receiver.bodies
    assert (told["type"], told["data"]) == ("run.finished", {"ids": {"run": "run_1"}, "links": LINKS})
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is not None
    (row,) = _rows(service)
    assert (row["status"], row["answered"], row["attempts"], row["id"]) == ("delivered", 200, 1, headers["webhook-id"])
    look()
    assert len(receiver.requests) == 1


def test_what_is_undone_is_not_told(service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None]) -> None:
    _made(ask_as, receiver)
    with service.store.writer.connect() as connection:
        life.announce(connection, service.queue, "main", "run.finished", LINKS)
        connection.rollback()
    look()
    assert (receiver.requests, _rows(service)) == ([], [])


def test_only_those_who_asked_are_told(service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None]) -> None:
    _made(ask_as, receiver)
    _announce(service, board="other")
    _announce(service, event="sweep.finished")
    look()
    assert receiver.requests == []


def test_a_receiver_that_was_down_for_twelve_hours_hears_within_five_minutes(
    service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None], clock: Clock
) -> None:
    _made(ask_as, receiver)
    receiver.status = None
    _announce(service)
    began = clock.moment
    pauses = []
    while clock.moment < began + timedelta(hours=12):
        look()
        (row,) = _rows(service)
        assert row["next_at"] > clock.moment
        pauses.append((row["next_at"] - clock.moment).total_seconds())
        clock.moment = row["next_at"]
    assert pauses[0] <= 6
    assert max(pauses) <= 300
    assert len({round(pause, 2) for pause in pauses[-20:]}) > 10  # no two receivers are met in step
    receiver.status, came_back = 204, clock.moment
    while _rows(service)[0]["status"] == "waiting":
        look()
        clock.forward(2)
    assert clock.moment - came_back <= timedelta(minutes=5)
    assert set(receiver.ids) == {row["id"]}
    assert len(receiver.ids) == len(pauses) + 1
    assert _rows(service)[0]["attempts"] == len(receiver.ids)


def test_after_a_day_it_is_given_up_and_can_be_sent_again_by_hand(
    service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None], clock: Clock
) -> None:
    made = _made(ask_as, receiver)
    receiver.status = 500
    _announce(service)
    look()
    clock.forward(24 * 3600)
    look()
    (row,) = _rows(service)
    assert (row["status"], row["answered"], row["error"], row["next_at"]) == ("failed", 500, "The receiver answered 500.", None)
    clock.forward(3600)
    look()
    assert len(receiver.requests) == 2
    receiver.status = 200
    again = ask_as("admin").post(f"/v1/webhooks/{made['id']}/deliveries/{row['id']}/resend")
    assert (again.status_code, again.json()["status"]) == (202, "waiting")
    look()
    assert _rows(service)[0]["status"] == "delivered"
    assert set(receiver.ids) == {row["id"]}


def test_a_redirect_is_a_failure_and_is_not_followed(service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None], clock: Clock) -> None:
    _made(ask_as, receiver)
    _announce(service)
    with receiving() as elsewhere:
        receiver.location = f"{elsewhere.origin}/"
        for receiver.status in (301, 302, 303, 307, 308):
            look()
            (row,) = _rows(service)
            assert (row["status"], row["answered"]) == ("waiting", receiver.status)
            clock.forward(600)
        assert elsewhere.requests == []


def test_a_receiver_that_is_gone_is_told_nothing_more_until_it_is_switched_on(
    service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None]
) -> None:
    client, made = ask_as("admin"), _made(ask_as, receiver)
    receiver.status = 410
    _announce(service)
    _announce(service)
    look()
    look()
    assert len(receiver.requests) == 1
    assert [row["status"] for row in _rows(service)] == ["failed", "failed"]
    place = f"/v1/webhooks/{made['id']}"
    assert client.get(place).json()["enabled"] is False
    assert client.post(f"{place}/ping").status_code == 409
    _announce(service)
    assert len(_rows(service)) == 2
    receiver.status = 200
    assert client.patch(place, json={"enabled": True}).json()["enabled"] is True
    _announce(service)
    look()
    assert len(receiver.requests) == 2


@pytest.mark.usefixtures("clock")
def test_a_name_that_leads_inside_is_not_sent_to(service: Service, ask_as: Ask, look: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask_as("admin").post("/v1/webhooks", json={"url": "https://hooks.example.org/", "events": ["run.finished"]}).status_code == 201
    monkeypatch.setattr("api.outward.socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 443))])
    _announce(service)
    look()
    (row,) = _rows(service)
    assert (row["status"], row["answered"]) == ("waiting", None)
    assert "not public" in row["error"]


@pytest.mark.usefixtures("clock")
def test_a_host_that_is_no_longer_allowed_is_not_sent_to(service: Service, ask_as: Ask, receiver: Receiver) -> None:
    _made(ask_as, receiver)
    _announce(service)
    strict = Service(service.settings.model_copy(update={"webhook_hosts": ()}))
    assert life.send(strict, _rows(service)[0]["id"]) is False
    strict.close()
    assert receiver.requests == []


def test_a_slow_receiver_holds_up_no_other(service: Service, ask_as: Ask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr("api.outward.LONGEST", 2.0)
    with receiving() as slow:
        slow.slow = 0.1
        both = Service(settings.model_copy(update={"webhook_hosts": (receiver.origin, slow.origin)}))
        client = ask_as("admin")
        _made(ask_as, receiver)
        made = client.post("/v1/webhooks", json={"url": f"{receiver.origin}/slow", "events": ["run.finished"]}).json()
        with service.store.begin() as connection:
            connection.execute(webhooks.update().where(webhooks.c.id == made["id"]).values(url=f"{slow.origin}/"))
        for _ in range(5):
            _announce(service)
        sender = life.Sender(both)
        began = now()
        sender.look()
        while len(receiver.requests) < 5 and now() - began < timedelta(seconds=30):
            sender.look()
        assert now() - began < timedelta(seconds=1.9)
        sender.wait()
        both.close()
    assert len(slow.requests) == 1


def test_an_attempt_that_died_with_its_worker_is_made_again_with_the_same_id(
    service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(ask_as, receiver)
    _announce(service)
    (row,) = _rows(service)
    sent = life.post

    def dies(*arguments: Any) -> int:
        sent(*arguments)
        raise SystemExit

    monkeypatch.setattr(life, "post", dies)
    with pytest.raises(SystemExit):
        life.send(service, row["id"])
    monkeypatch.setattr(life, "post", sent)
    look()
    assert len(receiver.requests) == 1  # somebody may still be at it
    clock.forward(life.HELD.total_seconds())
    look()
    assert receiver.ids == [row["id"], row["id"]]
    assert _rows(service)[0]["status"] == "delivered"


def test_one_that_was_frozen_in_an_attempt_overwrites_nothing(
    service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(ask_as, receiver)
    _announce(service)
    (row,) = _rows(service)
    sent = life.post

    def freezes(*_: Any) -> int:
        monkeypatch.setattr(life, "post", sent)
        clock.forward(life.HELD.total_seconds())
        look()
        return 500

    monkeypatch.setattr(life, "post", freezes)
    life.send(service, row["id"])
    (row,) = _rows(service)
    assert (row["status"], row["answered"], row["attempts"]) == ("delivered", 200, 2)


def test_a_new_secret_signs_beside_the_one_before_for_a_day(service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None], clock: Clock) -> None:
    made = _made(ask_as, receiver)
    rotated = ask_as("admin").post(f"/v1/webhooks/{made['id']}/rotate").json()
    assert rotated["secret"] != made["secret"]
    assert rotated["previous_until"] is not None
    _announce(service)
    look()
    assert all(verifies(secret, *receiver.requests[0]) for secret in (made["secret"], rotated["secret"]))
    row = {"id": "msg_1", "secret": rotated["secret"], "previous_secret": made["secret"], "previous_until": clock.moment + timedelta(hours=24)}
    assert len(life.headers(row, b"{}", clock.moment)["webhook-signature"].split(" ")) == 2
    assert len(life.headers(row, b"{}", clock.moment + timedelta(hours=25))["webhook-signature"].split(" ")) == 1


def test_the_secret_is_told_once(service: Service, ask_as: Ask, receiver: Receiver) -> None:
    client, made = ask_as("admin"), _made(ask_as, receiver)
    told = [client.get("/v1/webhooks").text, client.get(f"/v1/webhooks/{made['id']}").text, client.patch(f"/v1/webhooks/{made['id']}", json={}).text]
    assert not any(made["secret"] in text or "secret" in text for text in told)
    with service.store.read() as connection:
        trail = connection.execute(sa.select(audit.c.action, audit.c.detail).where(audit.c.action.like("webhook%"))).all()
        assert not connection.execute(sa.select(idempotency_keys)).all()
    assert [row.action for row in trail] == ["webhook.create"]
    assert made["secret"] not in str(trail)


def test_a_repeated_answer_is_without_the_secret(service: Service, ask_as: Ask) -> None:
    client, body = ask_as("admin"), {"url": "https://hooks.example.org/x", "events": ["run.finished"]}
    first, again = (client.post("/v1/webhooks", json=body, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, {**first.json(), "secret": None})
    with service.store.read() as connection:
        assert first.json()["secret"] not in str(connection.execute(sa.select(idempotency_keys)).all())


def test_a_ping_arrives_and_is_in_the_log(ask_as: Ask, receiver: Receiver, look: Callable[[], None]) -> None:
    client, made = ask_as("admin"), _made(ask_as, receiver)
    sent = client.post(f"/v1/webhooks/{made['id']}/ping")
    assert (sent.status_code, sent.json()["event"], sent.json()["status"]) == (202, "ping", "waiting")
    look()
    assert receiver.bodies[0]["type"] == "ping"
    assert client.get(sent.headers["location"]).json()["status"] == "delivered"
    listed = client.get(f"/v1/webhooks/{made['id']}/deliveries", params={"status": "delivered"}).json()["items"]
    assert [each["id"] for each in listed] == [sent.json()["id"]]
    assert client.get(f"/v1/webhooks/{made['id']}/deliveries", params={"status": "failed"}).json()["items"] == []


def test_a_webhook_is_the_boards_own(ask_as: Ask, receiver: Receiver) -> None:
    made, other, planner = _made(ask_as, receiver), ask_as("admin", "other"), ask_as("planner")
    place = f"/v1/webhooks/{made['id']}"
    sent = ask_as("admin").post(f"{place}/ping").json()["links"]["self"]
    calls = [
        ("get", place), ("patch", place), ("delete", place), ("post", f"{place}/rotate"), ("post", f"{place}/ping"), ("get", f"{place}/deliveries"),
        ("get", sent), ("post", f"{sent}/resend"),
    ]  # fmt: skip
    for method, path in calls:
        more = {"json": {}} if method == "patch" else {}
        assert getattr(other, method)(path, **more).status_code == 404, path
        assert getattr(planner, method)(path, **more).status_code == 403, path
    assert other.get("/v1/webhooks").json()["items"] == []


def test_a_place_that_is_not_allowed_is_refused_with_its_reason(ask_as: Ask) -> None:
    client = ask_as("admin")
    for url in ("https://evil.net/", "http://169.254.169.254/latest", "http://2130706433/"):
        answer = client.post("/v1/webhooks", json={"url": url, "events": ["run.finished"]})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "host_not_allowed")
    odd = client.post("/v1/webhooks", json={"url": "https://hooks.example.org\x00/", "events": ["run.finished"]})
    assert (odd.status_code, odd.json()["errors"][0]["code"]) == (422, "control_character")
    assert client.post("/v1/webhooks", json={"url": "https://hooks.example.org/", "events": ["run.started"]}).status_code == 422
    assert client.post("/v1/webhooks", json={"url": "https://hooks.example.org/", "events": []}).status_code == 422
    assert client.get("/v1/webhooks/%00").status_code == 404


def test_a_webhook_is_deleted_with_its_log(service: Service, ask_as: Ask, receiver: Receiver, look: Callable[[], None]) -> None:
    client, made = ask_as("admin"), _made(ask_as, receiver)
    _announce(service)
    assert client.delete(f"/v1/webhooks/{made['id']}").status_code == 204
    assert client.get(f"/v1/webhooks/{made['id']}").status_code == 404
    look()
    assert (receiver.requests, _rows(service)) == ([], [])


def test_every_end_of_a_run_is_told_once(service: Service, ask_as: Ask, receiver: Receiver, finish: Callable[[], list[dict[str, Any]]]) -> None:
    _made(ask_as, receiver)
    client, scenario = ask_as("planner"), make_scenario(service)
    solved, waiting, dies = (client.post("/v1/runs", json={"scenario_id": scenario}).json()["id"] for _ in range(3))
    for _ in range(2):
        client.post(f"/v1/runs/{waiting}/cancel")
    for attempt in (1, 2):
        claim = run_life.claim(service.store, dies, "worker_1")
        assert claim is not None
        run_life.died(service.store, service.queue, claim, 2, {"code": "solver-lost"})
        assert len(_rows(service)) == attempt
    finish()
    assert not run_life.finish(service.store, claim, "succeeded", {}, {})
    told = [row["body"]["data"]["links"]["run"] for row in _rows(service)]
    assert told == [f"/v1/runs/{run_id}" for run_id in (waiting, dies, solved)]


def test_moments_are_in_utc(ask_as: Ask, receiver: Receiver) -> None:
    made = _made(ask_as, receiver)
    assert datetime.fromisoformat(made["created_at"]).utcoffset() == UTC.utcoffset(None)
