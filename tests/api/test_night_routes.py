"""Schedules, nights and publications as their users meet them over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from api.night.steps import carry_on
from api.night.tick import plan_all
from api.results import _kept
from api.routes.schedules import EXAMPLE, NewSchedule
from api.service import Service
from tests.api.conftest import Ask
from tests.api.made import make_scenario
from tests.api.night_simulation import replace_processes
from tests.api.nightly import Board, Clock, standing


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    replace_processes(monkeypatch)
    with standing(monkeypatch) as made:
        yield made


def test_a_schedule_is_made_changed_paused_and_archived(ask_as: Ask, service: Service, time: Clock) -> None:
    client = ask_as("publisher")
    made = client.post("/v1/schedules", json=EXAMPLE)
    assert (made.status_code, made.headers["etag"], made.json()["next_due"]) == (201, '"1"', "2026-11-02T10:30:00Z"), made.json()
    me = made.headers["location"]
    assert client.post("/v1/schedules", json=EXAMPLE).status_code == 409
    assert client.put(me, json=EXAMPLE).status_code == 428
    assert client.put(me, json=EXAMPLE, headers={"If-Match": '"7"'}).status_code == 412
    later = client.put(me, json=EXAMPLE | {"cron": "0 4 * * *"}, headers={"If-Match": '"1"'})
    assert (later.status_code, later.headers["etag"], later.json()["next_due"]) == (200, '"2"', "2026-11-01T12:00:00Z")
    assert client.post(f"{me}/pause").json()["paused"] is True
    time.on(days=1, hours=3)
    plan_all(service, time())
    skipped = client.get(f"{me}/occurrences").json()["items"]
    assert [(night["result"], night["reason"]["code"]) for night in skipped] == [("skipped", "paused")] * 2
    assert client.post(f"{me}/resume").json()["paused"] is False
    assert client.get(me, headers={"If-None-Match": client.get(me).headers["etag"]}).status_code == 304
    assert client.delete(me).json()["archived_at"] is not None
    assert (client.delete(me).status_code, client.post(f"{me}/pause").status_code) == (200, 409)
    assert client.post("/v1/schedules", json=EXAMPLE).status_code == 201
    assert [len(client.get("/v1/schedules", params={"archived": every}).json()["items"]) for every in (False, True)] == [1, 2]


@pytest.mark.usefixtures("time")
def test_what_is_read_of_a_schedule_can_be_sent_back(ask_as: Ask) -> None:
    client = ask_as("publisher")
    made = client.post("/v1/schedules", json=EXAMPLE)
    read = client.get(made.headers["location"])
    assert {name: read.json()[name] for name in ("name", "cron", "source", "review")} == {name: EXAMPLE[name] for name in ("name", "cron", "source", "review")}
    body = {name: read.json()[name] for name in NewSchedule.model_fields}
    sent = client.put(made.headers["location"], json=body, headers={"If-Match": read.headers["etag"]})
    assert (sent.status_code, {name: sent.json()[name] for name in body}) == (200, body)
    assert client.delete(made.headers["location"]).json()["name"] == EXAMPLE["name"]


@pytest.mark.usefixtures("time")
def test_a_preview_tells_both_changes_of_the_clock(ask_as: Ask) -> None:
    client = ask_as("publisher")
    me = client.post("/v1/schedules", json=EXAMPLE | {"cron": "30 2 * * *"}).headers["location"]
    told = client.get(f"{me}/preview", params={"count": 3}).json()
    assert [line["night"] for line in told["upcoming"]] == ["2026-11-02", "2026-11-03", "2026-11-04"]
    assert len({line["seed"] for line in told["upcoming"]}) == 3
    forward, back = told["clock_changes"]
    assert (forward["night"], forward["due"]) == ("2027-03-14", ["2027-03-14T03:00:00-07:00"])
    assert (back["night"], back["due"]) == ("2027-11-07", ["2027-11-07T02:30:00-08:00"])


@pytest.mark.parametrize(
    "change",
    [
        {"cron": "* * * * *"}, {"cron": "0 0 30 2 *"}, {"time_zone": "Mars/Olympus"}, {"name": "a/b"}, {"name": "x\x00"}, {"folder": "../up"},
        {"source": {"kind": "folder", "path": "../../etc"}}, {"source": {"kind": "sql", "connection": "none", "queries": {"seekers": "SELECT 1"}}},
        {"source": {"kind": "sql", "connection": "none", "queries": {"demographics": "SELECT 1"}}}, {"changes": [{"op": "fly", "path": "x"}]},
        {"gates": {"placed": -1}}, {"catch_up": {"rule": "some"}}, {"surprise": 1}, {"seed": 2**31}, {"source": {"kind": "folder", "path": "a\x00b"}},
    ],
)  # fmt: skip
def test_what_cannot_be_a_schedule_is_refused(ask_as: Ask, change: dict[str, object]) -> None:
    answer = ask_as("publisher").post("/v1/schedules", json=EXAMPLE | change)
    assert (answer.status_code, bool(answer.json()["errors"])) == (422, True), answer.json()


def test_the_scenario_of_a_schedule_must_be_the_boards(ask_as: Ask, service: Service) -> None:
    foreign = make_scenario(service, board="other")
    assert ask_as("publisher").post("/v1/schedules", json=EXAMPLE | {"scenario_id": foreign}).status_code == 404


def test_a_night_by_hand_is_one_night_and_another_board_sees_nothing_of_it(ask_as: Ask, service: Service, time: Clock) -> None:
    board, client = Board(service, time), ask_as("publisher")
    me = f"/v1/schedules/{board.schedule}"
    first, second = (client.post(f"{me}/occurrences", json={"date": "2026-11-02"}) for _ in range(2))
    assert (first.status_code, second.status_code, first.json()["id"]) == (202, 200, second.json()["id"])
    assert client.post(f"{me}/occurrences", json={"date": "2031-01-01"}).status_code == 422
    board.work()
    night = client.get(first.headers["location"]).json()
    assert night["result"] == "published", night
    time.on(days=1)
    board.work()
    assert len(client.get(f"{me}/occurrences").json()["items"]) == 1, "the night that was due is the one that was started by hand"
    (line,) = client.get("/v1/publications", params={"schedule": board.schedule}).json()["items"]
    assert client.get("/v1/publications/current", params={"schedule": board.schedule}).json()["id"] == line["id"]
    stranger = ask_as("admin", "other")
    for path in (me, f"{me}/preview", f"{me}/occurrences", first.headers["location"], line["links"]["self"], line["links"]["sheets"], line["links"]["changes"]):
        assert stranger.get(path).status_code == 404, path
    assert stranger.delete(line["links"]["self"]).status_code == 404
    assert stranger.get("/v1/publications/current", params={"schedule": board.schedule}).status_code == 404
    assert ask_as("viewer").post(f"{me}/occurrences", json={"date": "2026-11-02"}).status_code == 403


def test_a_withdrawn_publication_gives_way_to_the_one_before(ask_as: Ask, service: Service, time: Clock) -> None:
    board, client = Board(service, time), ask_as("publisher")
    board.night()
    board.night()
    first, second = board.publications()
    now = {"schedule": board.schedule}
    assert client.get("/v1/publications/current", params=now).json()["id"] == second["id"]
    told = client.get(f"/v1/publications/{second['id']}/changes").json()
    assert (told["previous_id"], told["flow"]["same"], told["people"]) == (first["id"], 3, [])
    told = client.get(f"/v1/publications/{first['id']}/changes").json()
    assert (told["previous_id"], told["flow"], told["people"][0]["change"]) == (None, {"arrived": 3}, "arrived")
    gone = client.delete(f"/v1/publications/{second['id']}").json()
    assert gone["withdrawn_at"] is not None
    assert client.delete(f"/v1/publications/{second['id']}").json() == gone
    assert client.get("/v1/publications/current", params=now).json()["id"] == first["id"]
    board.work()
    folder = service.settings.sheets / "paper-nightly"
    assert (folder / "latest").resolve().name == "2026-11-02"
    assert "withdrawn" in (folder / "2026-11-03" / "WITHDRAWN.txt").read_text()
    assert client.post("/v1/publications", json={"run_id": second["run_id"], "occurrence_id": second["occurrence_id"]}).status_code == 409


def test_the_web_process_opens_no_run_itself(ask_as: Ask, service: Service, time: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    board, client = Board(service, time, {"review": "hold"}), ask_as("publisher")
    first, second = board.night(), board.night()
    monkeypatch.setattr("api.results.opened_from", lambda *_: 1 / 0)
    _kept.clear()
    told = [client.post("/v1/publications", json={"run_id": night["run_id"], "occurrence_id": night["id"]}).json() for night in (first, second)]
    judged = [next(line["facts"]["figures"] for line in night["log"] if line["step"] == "judge") for night in (first, second)]
    assert told[0]["summary"] == judged[0]
    assert told[1]["summary"].pop("flow")["same"] == 3
    assert told[1]["summary"].items() < judged[1].items()
    assert client.get(f"/v1/publications/{told[1]['id']}/changes").json()["flow"]["same"] == 3


def test_a_run_is_published_by_hand_once_and_a_held_night_may_be_rejected(ask_as: Ask, service: Service, time: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    board, client = Board(service, time, {"review": "hold"}), ask_as("publisher")
    night = board.night()
    assert client.post(f"/v1/occurrences/{night['id']}/reject", json={"reason": "wrong day"}).json()["reason"]["code"] == "rejected"
    assert client.post(f"/v1/occurrences/{night['id']}/reject", json={"reason": "wrong day"}).status_code == 409
    made = client.post("/v1/publications", json={"run_id": night["run_id"], "note": "on my word"})
    assert (made.status_code, made.json()["schedule_id"]) == (201, None), made.json()
    assert client.post("/v1/publications", json={"run_id": night["run_id"]}).status_code == 409
    assert client.get("/v1/publications/current").json()["id"] == made.json()["id"]
    path = f"/v1/publications/{made.json()['id']}/sheets.zip"
    packed = client.get(path)
    assert (packed.headers["content-type"], f"{made.json()['id']}.zip" in packed.headers["content-disposition"]) == ("application/zip", True)
    monkeypatch.setattr(service.answerers.__class__, "ask", lambda *_, **__: 1 / 0)
    assert client.get(path).content == packed.content, "it is made once"
    assert client.get(path, headers={"If-None-Match": packed.headers["etag"]}).status_code == 304


def test_a_failed_night_is_started_again_by_hand(ask_as: Ask, service: Service, time: Clock) -> None:
    board, client = Board(service, time), ask_as("publisher")
    board.bring(slots="slot_id,openings\nA,many\n")
    night = board.night()
    assert night["result"] == "failed"
    board.bring()
    body = {"date": "2026-11-02"}
    assert client.post(f"/v1/schedules/{board.schedule}/occurrences", json=body).status_code == 200
    again = client.post(f"/v1/schedules/{board.schedule}/occurrences", json=body | {"again": True})
    assert (again.status_code, again.json()["id"]) == (202, night["id"])
    board.work()
    assert client.get(f"/v1/occurrences/{night['id']}").json()["result"] == "published"
    assert client.post(f"/v1/schedules/{board.schedule}/occurrences", json=body | {"again": True}).status_code == 200
    assert carry_on(service, night["id"]) == "end"
    assert len(board.publications()) == 1
