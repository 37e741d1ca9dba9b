"""Studies: kept, listed, deleted; of the own board, by whom it is allowed, and honest about what was deleted since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from api.clock import now
from api.purge import purge
from api.service import Service
from api.store.tables import audit, runs
from tests.api.conftest import Ask
from tests.api.world import World

OLD = timedelta(days=4000)


def comparison(world: World, **more: Any) -> dict[str, Any]:
    return {"title": "Before and after", "runs": [world.run(), world.run()], **more}


def test_a_study_is_kept_and_leads_back_to_the_page_as_it_was(service: Service, ask_as: Ask) -> None:
    client, world = ask_as("planner"), World(service, "main")
    body = comparison(world, title="  Before & after ", view={"only": "1"})
    made = client.post("/v1/studies", json=body)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["kind"], told["title"], told["gone"], told["sweep_id"]) == ("comparison", "Before & after", False, None)
    assert told["address"] == f"/compare?base={body['runs'][0]}&with={body['runs'][1]}&only=1"
    assert client.get(made.headers["location"]).json() == told
    sweep = world.sweep()
    other = client.post("/v1/studies", json={"title": "Costs", "sweep_id": sweep, "view": {"at": "0.3&x=1 #"}}).json()
    assert other["address"] == f"/tradeoffs/{sweep}?at=0.3%26x%3D1+%23"
    assert [each["id"] for each in client.get("/v1/studies").json()["items"]] == [other["id"], told["id"]]
    assert [each["id"] for each in client.get("/v1/studies?kind=comparison").json()["items"]] == [told["id"]]
    first = client.get("/v1/studies?limit=1").json()
    assert client.get("/v1/studies", params={"limit": 1, "cursor": first["next_cursor"]}).json()["items"] == [told]


def test_a_study_that_was_deleted_is_gone_and_what_it_showed_is_not(service: Service, ask_as: Ask) -> None:
    client, world = ask_as("analyst"), World(service, "main")
    body = comparison(world)
    place = client.post("/v1/studies", json=body).headers["location"]
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == client.delete(place).status_code == 404
    assert client.get(f"/v1/runs/{body['runs'][0]}").status_code == 200
    with service.store.read() as connection:
        told = connection.execute(sa.select(audit.c.action, audit.c.object).where(audit.c.action.like("study.%")).order_by(audit.c.seq)).all()
    assert [tuple(each) for each in told] == [("study.create", place.rsplit("/", 1)[1]), ("study.delete", place.rsplit("/", 1)[1])]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"title": " "}, 422),
        ({"title": ""}, 422),
        ({"title": "x" * 201}, 422),
        ({"runs": []}, 422),
        ({"runs": ["run_0"]}, 422),
        ({"runs": ["run_0", "run_0"]}, 422),
        ({"runs": ["run_0", "run_1"]}, 404),
        ({"runs": ["//elsewhere.example", "run_1"]}, 422),
        ({"sweep_id": "sweep_0"}, 422),
        ({"runs": [], "sweep_id": "sweep_0"}, 404),
        ({"runs": [], "sweep_id": "../login"}, 422),
        ({"view": {"with": "run_9"}}, 422),
        ({"view": {"a b": "1"}}, 422),
        ({"view": {"only": "x" * 201}}, 422),
        ({"address": "https://elsewhere.example"}, 422),
    ],
)
def test_what_is_no_study_is_refused(service: Service, ask_as: Ask, change: dict[str, Any], status: int) -> None:
    client, world = ask_as("planner"), World(service, "main")
    assert client.post("/v1/studies", json=comparison(world, **change)).status_code == status
    assert client.get("/v1/studies").json()["items"] == []


def test_a_study_belongs_to_its_board_and_is_of_its_runs_alone(service: Service, ask_as: Ask) -> None:
    mine, theirs = ask_as("planner"), ask_as("planner", board="other")
    place = mine.post("/v1/studies", json=comparison(World(service, "main"))).headers["location"]
    assert theirs.get("/v1/studies").json()["items"] == []
    assert theirs.get(place).status_code == theirs.delete(place).status_code == 404
    assert theirs.post("/v1/studies", json=comparison(World(service, "main"))).status_code == 404
    assert theirs.post("/v1/studies", json={"title": "x", "sweep_id": World(service, "main").sweep()}).status_code == 404


def test_who_may_only_read_reads_studies(service: Service, ask_as: Ask) -> None:
    made = ask_as("planner").post("/v1/studies", json=comparison(World(service, "main")))
    viewer = ask_as("viewer")
    assert viewer.get(made.headers["location"]).json() == made.json()
    assert viewer.post("/v1/studies", json=comparison(World(service, "main"))).status_code == 403
    assert viewer.delete(made.headers["location"]).status_code == 403


def test_a_form_sent_twice_keeps_one_study(service: Service, ask_as: Ask) -> None:
    client, body = ask_as("planner"), comparison(World(service, "main"))
    first, second = (client.post("/v1/studies", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert len(client.get("/v1/studies").json()["items"]) == 1


def test_a_study_keeps_no_result_from_being_deleted_and_says_that_it_was(service: Service, ask_as: Ask) -> None:
    client, world = ask_as("planner"), World(service, "main")
    body, sweep = comparison(world), world.sweep()
    of_runs = client.post("/v1/studies", json=body).headers["location"]
    of_a_sweep = client.post("/v1/studies", json={"title": "Costs", "sweep_id": sweep}).headers["location"]
    old = {"status": "cancelled", "finished_at": now() - OLD}
    with service.store.begin() as connection:
        connection.execute(runs.update().where(sa.or_(runs.c.id == body["runs"][1], runs.c.sweep_id == sweep)).values(**old))
    assert purge(service, "test", dry_run=False).runs >= 2
    assert client.get(of_runs).json()["gone"] is True
    assert client.get(of_a_sweep).json()["gone"] is True
    assert client.get(of_runs).json()["title"] == body["title"]


def test_a_board_keeps_only_so_many(service: Service, ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.studies.MOST", 1)
    client, body = ask_as("planner"), comparison(World(service, "main"))
    assert client.post("/v1/studies", json=body).status_code == 201
    refused = client.post("/v1/studies", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert ask_as("planner", board="other").post("/v1/studies", json=comparison(World(service, "other"))).status_code == 201
