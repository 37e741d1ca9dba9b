"""A creating request sent twice, many times at once, or again after a crash, has one effect."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

import api.once
from api.access.keys import Caller
from api.app import create_app
from api.once import HELD, Once, ReplayedError, answered
from api.problems import ProblemError
from api.sent import EXAMPLE
from api.service import Service
from api.store.tables import datasets, idempotency_keys, runs, scenarios
from tests.api.conftest import Ask
from tests.api.made import make_dataset, make_scenario
from tests.api.uploading import GOOD, upload, zipped

ME = Caller("key_0", "main", "planner", "me")
Send = Callable[[TestClient, str], Any]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time pass."""
    passed = [timedelta()]
    real = api.once.now
    monkeypatch.setattr(api.once, "now", lambda: real() + passed[0])

    def later(by: timedelta) -> None:
        passed[0] += by

    return later


def sends(service: Service) -> dict[str, tuple[sa.Table, Send]]:
    """Creating requests, and the table that shows their effect."""
    dataset, scenario = make_dataset(service), make_scenario(service)
    return {
        "run": (runs, lambda client, key: client.post("/v1/runs", json={"scenario_id": scenario}, headers={"Idempotency-Key": key})),
        "scenario": (
            scenarios,
            lambda client, key: client.post("/v1/scenarios", json={"name": "x", "base": {"dataset_id": dataset}}, headers={"Idempotency-Key": key}),
        ),
        "dataset": (datasets, lambda client, key: client.post("/v1/datasets", json=EXAMPLE, headers={"Idempotency-Key": key})),
    }


def count(service: Service, table: sa.Table) -> int:
    with service.store.read() as connection:
        found: int = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        return found


@pytest.mark.parametrize("what", ["run", "scenario", "dataset"])
def test_a_hundred_at_once_are_one(service: Service, ask_as: Ask, what: str) -> None:
    table, send = sends(service)[what]
    client, before = ask_as("planner"), count(service, table)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: send(client, "the same"), range(100)))
    assert {answer.status_code for answer in answers} <= {201, 202, 409}, [answer.text for answer in answers if answer.status_code >= 429][:3]
    assert count(service, table) == before + 1
    made = [answer for answer in answers if answer.status_code != 409]
    assert all(answer.json()["code"] == "in-flight" and answer.headers["retry-after"] for answer in answers if answer.status_code == 409)
    assert len({answer.json()["id"] for answer in made}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in made) == 1
    with TestClient(create_app(service.settings), headers=client.headers) as restarted:
        again = send(restarted, "the same")
    assert (again.status_code, again.json(), again.headers["location"]) == (made[0].status_code, made[0].json(), made[0].headers["location"])


def test_a_form_is_the_same_by_its_files_not_by_its_bytes(ask_as: Ask) -> None:
    client, key = ask_as("planner"), {"Idempotency-Key": "upload"}
    first = upload(client, GOOD, headers=key)
    again = upload(client, dict(reversed(GOOD.items())), headers=key)  # another boundary, another order
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (201, first.json(), "true")
    for other in ({**GOOD, "seekers.csv": b"seeker_id\nS3\n"}, {"all.zip": zipped(GOOD)}):
        assert upload(client, other, headers=key).json()["code"] == "other-body"
    assert upload(client, GOOD, headers=key, name="named").json()["code"] == "other-body"


def test_a_request_that_fails_gives_its_key_back(service: Service, ask_as: Ask) -> None:
    client, key = ask_as("planner"), {"Idempotency-Key": "k"}
    assert upload(client, {"a.zip": b"no archive"}, headers=key).status_code == 422
    assert client.post("/v1/runs", json={"scenario_id": "scenario_none"}, headers=key).status_code == 404
    assert client.post("/v1/runs", json={"scenario_id": make_scenario(service)}, headers=key).status_code == 202


def test_a_key_is_one_boards_own(ask_as: Ask) -> None:
    key = {"Idempotency-Key": "k"}
    mine, theirs = (upload(ask_as("planner", board), GOOD, headers=key) for board in ("main", "theirs"))
    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["id"] != theirs.json()["id"]


def test_a_key_whose_holder_died_is_free_after_a_while(service: Service, clock: Callable[[timedelta], None]) -> None:
    Once(service, ME, "POST /x", "k").start({})  # and then its process dies
    other = Once(service, ME, "POST /x", "k")
    with pytest.raises(ProblemError, match="not answered yet"):
        other.start({})
    clock(HELD + timedelta(seconds=1))
    other.start({})
    with service.store.begin() as connection:
        other.keep(connection, answered({"id": 2}))


def test_a_holder_that_comes_back_late_has_no_effect_and_takes_nothing_away(service: Service, clock: Callable[[timedelta], None]) -> None:
    frozen, other = Once(service, ME, "POST /x", "k"), Once(service, ME, "POST /x", "k")
    frozen.start({"body": 1})
    clock(HELD + timedelta(seconds=1))
    other.start({"body": 2})
    with pytest.raises(ProblemError, match="given away"), service.store.begin() as connection:
        frozen.keep(connection, answered({"id": 1}))
    frozen.release()
    with service.store.begin() as connection:
        other.keep(connection, answered({"id": 2}))
    with pytest.raises(ReplayedError) as replayed:
        Once(service, ME, "POST /x", "k").start({"body": 2})
    assert replayed.value.response.body == b'{"id":2}'


def test_an_effect_that_is_undone_keeps_no_answer(service: Service) -> None:
    once = Once(service, ME, "POST /x", "k")
    once.start({})

    def break_off() -> None:
        with service.store.begin() as connection:
            once.keep(connection, answered({"id": 1}))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    once.release()
    Once(service, ME, "POST /x", "k").start({"another": "body"})


def test_an_answer_is_forgotten_after_its_time(service: Service, clock: Callable[[timedelta], None]) -> None:
    once = Once(service, ME, "POST /x", "k")
    once.start({})
    with service.store.begin() as connection:
        once.keep(connection, answered({"id": 1}))
    clock(service.settings.keep_keys + timedelta(seconds=1))
    Once(service, ME, "POST /x", "k").start({"another": "body"})


def test_keys_that_are_held_are_told_apart_to_the_microsecond(service: Service) -> None:
    Once(service, ME, "POST /x", "k").start({})
    with service.store.read() as connection:
        since: datetime = connection.execute(sa.select(idempotency_keys.c.created_at)).scalar_one()
    assert since.tzinfo is not None
    with service.store.read() as connection:
        found = connection.execute(sa.select(idempotency_keys.c.key).where(idempotency_keys.c.created_at == since)).scalar()
    assert found == "k"
