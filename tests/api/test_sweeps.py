"""Sweeps as their askers meet them: in parts that nobody sees, with one frontier, cancelled, failed, promoted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa

from allocator.inputs import read_inputs
from allocator.over import Over
from allocator.sweep import Sweep, policies_over, sweep
from allocator.variants import Terms
from api import sweeps as life
from api.clock import now
from api.jobs import runs as run_life
from api.jobs.solving import solve_run
from api.service import Service
from api.store.tables import audit, deliveries, runs, webhooks, workers
from tests.api.conftest import Ask
from tests.api.made import PAPER, make_scenario

Finish = Callable[[], list[dict[str, Any]]]
SEATS = "constraints.reservation[two seats for the partner].count"
AXIS = {"path": SEATS, "values": [0, 1, 2, 3]}


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of the paper scenario's four points, too."""
    monkeypatch.setattr(life, "LEAST", 1)


def whole(**more: bool) -> Sweep:
    """The same sweep by the library, in one."""
    inputs = read_inputs(PAPER, None, None, None)
    overs = [Over(SEATS, ("0", "1", "2", "3"))]
    return sweep(inputs.scenario, policies_over(inputs), overs, terms=Terms(Fraction(0), lottery=False), served=True, **more)


def plain(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Points without what differs from time to time."""
    return [{name: value for name, value in json.loads(json.dumps(point)).items() if name not in ("seconds", "road", "number", "state")} for point in points]


def test_a_sweep_in_parts_has_the_frontier_of_the_whole(service: Service, ask_as: Ask, finish: Finish) -> None:
    client, scenario = ask_as("planner"), make_scenario(service)
    made = client.post("/v1/sweeps", json={"scenario_id": scenario, "axes": [AXIS], "gap": 0, "baselines": True})
    assert (made.status_code, made.json()["status"], made.json()["points"], made.json()["done"]) == (202, "queued", 4, 0)
    assert len(made.json()["parts"]) == service.settings.solvers == 2
    place = made.headers["location"]
    assert client.get(place).json() == made.json()
    waiting = client.get(f"{place}/frontier").json()
    assert [point["state"] for point in waiting["points"]] == ["waiting"] * 4
    finish()
    told = client.get(place).json()
    assert (told["status"], told["done"], [part["status"] for part in told["parts"]]) == ("succeeded", 4, ["succeeded", "succeeded"]), told
    assert told["finished_at"] is not None
    frontier = client.get(f"{place}/frontier")
    expected = whole(baselines=True)
    assert plain(frontier.json()["points"]) == plain(expected.as_dict()["points"])
    assert [point["state"] for point in frontier.json()["points"]] == ["solved"] * 4
    assert frontier.json()["parameters"] == [SEATS]
    assert frontier.json()["points"][0]["served"]["partner"]
    assert client.get(f"{place}/frontier", headers={"If-None-Match": frontier.headers["etag"]}).status_code == 304
    lines = list(csv.DictReader(io.StringIO(client.get(f"{place}/frontier", params={"format": "csv"}).text)))
    assert [line["placed"] for line in lines] == [str(point.placed) for point in expected.points]
    chart = client.get(f"{place}/frontier", params={"format": "vega"})
    assert chart.headers["content-type"].startswith("application/vnd.vegalite")
    assert chart.json()["$schema"].startswith("https://vega.github.io/schema/vega-lite")


@pytest.mark.usefixtures("solvers")
def test_half_a_frontier_can_be_read_before_the_other_half_is_there(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS], "gap": 0}).json()
    solve_run(service, "worker_of_the_test", made["parts"][1]["run"])
    assert (client.get(made["links"]["self"]).json()["status"], client.get(made["links"]["self"]).json()["done"]) == ("running", 2)
    points = client.get(made["links"]["frontier"]).json()["points"]
    assert [point["state"] for point in points] == ["waiting", "waiting", "solved", "solved"]
    assert points[2]["newly_placed"] is not None
    solve_run(service, "worker_of_the_test", made["parts"][0]["run"])
    assert plain(client.get(made["links"]["frontier"]).json()["points"]) == plain(whole().as_dict()["points"])


@pytest.mark.usefixtures("solvers")
def test_cancelling_keeps_the_points_that_are_done(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS], "gap": 0}).json()
    solve_run(service, "worker_of_the_test", made["parts"][0]["run"])
    assert client.post(f"{made['links']['self']}/cancel").json()["status"] == "cancelled"
    again = client.post(f"{made['links']['self']}/cancel").json()
    assert [part["status"] for part in again["parts"]] == ["succeeded", "cancelled"]
    points = client.get(made["links"]["frontier"]).json()["points"]
    assert [point["state"] for point in points] == ["solved", "solved", "cancelled", "cancelled"]
    assert plain(points)[0]["goals"] == plain(whole().as_dict()["points"])[0]["goals"]
    with service.store.read() as connection:
        assert connection.execute(sa.select(audit.c.action).where(audit.c.action == "sweep.cancel")).scalars().all() == ["sweep.cancel"]


def test_a_part_that_is_running_hands_over_what_it_has_when_it_is_cancelled(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS]}).json()
    claim = run_life.claim(service.store, made["parts"][0]["run"], "worker_1")
    assert claim is not None
    assert client.post(f"{made['links']['self']}/cancel").json()["status"] == "cancelling"
    assert run_life.finish(service.store, claim, "cancelled", {"stop_reason": "cancelled"}, {})
    assert client.get(made["links"]["self"]).json()["status"] == "cancelled"


@pytest.mark.usefixtures("solvers")
def test_a_part_whose_solver_dies_each_time_fails_and_the_others_stay(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS], "gap": 0}).json()
    for _ in range(2):
        claim = run_life.claim(service.store, made["parts"][1]["run"], "worker_1")
        assert claim is not None
        run_life.died(service.store, service.queue, claim, 2, {"code": "solver-lost", "message": "It was killed."})
    solve_run(service, "worker_of_the_test", made["parts"][0]["run"])
    told = client.get(made["links"]["self"]).json()
    assert (told["status"], told["parts"][1]["error"]["code"], told["done"]) == ("failed", "solver-lost", 2)
    assert [point["state"] for point in client.get(made["links"]["frontier"]).json()["points"]] == ["solved", "solved", "failed", "failed"]


def test_it_is_told_once_when_the_last_part_ends(service: Service, ask_as: Ask, finish: Finish) -> None:
    with service.store.begin() as connection:
        row = {"id": "webhook_1", "board": "main", "url": "https://hooks.example.org/", "secret": "whsec_AA==", "created_by": "test"}
        connection.execute(webhooks.insert().values(**row, events=["sweep.finished", "run.finished"], created_at=now()))
    made = ask_as("planner").post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS]}).json()
    finish()
    with service.store.read() as connection:
        told = connection.execute(sa.select(deliveries.c.event, deliveries.c.body)).all()
    assert [(row.event, row.body["data"]["ids"]) for row in told] == [("sweep.finished", {"sweep": made["id"], "frontier": made["id"]})]


def test_parts_follow_the_solvers_and_the_points(service: Service, ask_as: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    client, scenario = ask_as("planner"), make_scenario(service)
    asked = {"scenario_id": scenario, "axes": [{"path": SEATS, "values": list(range(4))}]}
    with service.store.begin() as connection:
        for number, gone in enumerate((None, None, now())):
            row = {"id": f"worker_{number}", "host": "here", "pid": number, "solvers": 2, "started_at": now(), "heartbeat_at": now(), "left_at": gone}
            connection.execute(workers.insert().values(**row))
    assert [part["points"] for part in client.post("/v1/sweeps", json=asked).json()["parts"]] == [1, 1, 1, 1]
    monkeypatch.setattr(life, "LEAST", 3)
    assert [part["points"] for part in client.post("/v1/sweeps", json=asked).json()["parts"]] == [4]
    listed = client.get("/v1/sweeps").json()["items"]
    assert [len(each["parts"]) for each in listed] == [1, 4]
    assert client.get("/v1/runs").json()["items"] == []
    parts = client.get("/v1/runs", params={"sweep_id": listed[1]["id"]}).json()["items"]
    assert {part["kind"] for part in parts} == {"sweep_part"}
    assert client.get(f"/v1/runs/{parts[0]['id']}").json()["sweep_id"] == listed[1]["id"]


def test_a_grid_with_words(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    modes = {"path": "constraints.reservation[two seats for the partner].mode", "values": ["minimum_hard", "cap"]}
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS, modes], "gap": 0})
    assert made.json()["points"] == 8
    finish()
    told = client.get(made.json()["links"]["frontier"]).json()
    assert [point["values"] for point in told["points"]] == [[seats, mode] for seats in range(4) for mode in ("minimum_hard", "cap")]
    assert {point["state"] for point in told["points"]} == {"solved"}
    assert told["points"][6]["status"] == "infeasible"
    assert client.get(made.json()["links"]["frontier"], params={"format": "vega"}).status_code == 409


def test_who_comes_and_who_goes_between_two_points(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS], "gap": 0}).json()
    assert client.get(f"{made['links']['self']}/differences", params={"base": 0, "other": 2}).status_code == 409
    finish()
    expected = whole().points
    told = client.get(f"{made['links']['self']}/differences", params={"base": 0, "other": 2}).json()
    before, after = expected[0].answer.placed, expected[2].answer.placed
    assert (told["gained"], told["lost"], told["same"]) == (sorted(after - before), sorted(before - after), len(before & after))


def test_who_comes_and_who_goes_is_counted_for_every_point_as_it_is_named(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    place = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS], "gap": 0}).json()["links"]["self"]
    assert client.get(f"{place}/movements", params={"base": 0}).status_code == 409
    finish()
    told = client.get(f"{place}/movements", params={"base": 1}).json()
    assert [each["number"] for each in told["points"]] == [number for number, point in enumerate(whole().points) if point.verified]
    for each in told["points"]:
        named = client.get(f"{place}/differences", params={"base": 1, "other": each["number"]}).json()
        assert (each["gained"], each["lost"], each["same"]) == (len(named["gained"]), len(named["lost"]), named["same"])
    assert client.get(f"{place}/movements", params={"base": 40}).status_code == 409


def test_a_point_becomes_a_scenario_that_gives_the_point_again(service: Service, ask_as: Ask, finish: Finish) -> None:
    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS], "gap": 0}).json()
    finish()
    place = f"{made['links']['self']}/promote"
    promoted = client.post(place, json={"values": [1], "name": "one seat"}, headers={"Idempotency-Key": "once"})
    assert (promoted.status_code, promoted.json()["changes"]) == (201, [{"op": "set", "path": SEATS, "value": 1}])
    assert client.post(place, json={"values": [1], "name": "one seat"}, headers={"Idempotency-Key": "once"}).json() == promoted.json()
    run = client.post("/v1/runs", json={"scenario_id": promoted.json()["scenario_id"], "limits": {"gap": 0}}).json()
    finish()
    goals = {goal["label"]: goal["value"] for goal in client.get(f"/v1/runs/{run['id']}").json()["summary"]["goals"]}
    assert {goal.label: goals[goal.label] for goal in whole().points[1].goals} == {goal.label: goal.value for goal in whole().points[1].goals}
    missing = client.post(place, json={"values": [7]})
    assert (missing.status_code, missing.json()["errors"][0]["code"]) == (422, "no_such_point")
    assert client.post(place, json={"values": ["1"]}).status_code == 201
    with service.store.read() as connection:
        details = connection.execute(sa.select(audit.c.detail).where(audit.c.action == "scenario.create")).scalars().all()
    assert [detail["point"] for detail in details] == [["1"], ["1"]]


def test_the_same_key_is_one_sweep(service: Service, ask_as: Ask) -> None:
    client, body = ask_as("planner"), {"scenario_id": make_scenario(service), "axes": [AXIS]}
    first, again = (client.post("/v1/sweeps", json=body, headers={"Idempotency-Key": "sweep"}) for _ in range(2))
    assert (again.status_code, again.json(), again.headers["idempotency-replayed"]) == (202, first.json(), "true")
    assert len(client.get("/v1/sweeps").json()["items"]) == 1


SENSELESS: list[tuple[list[dict[str, Any]], str | None]] = [
    ([{"path": SEATS, "range": "0:5000:1"}], "bad_over"),
    ([{"path": SEATS, "range": "0:500:1"}], "too_many_points"),
    ([{"path": SEATS, "range": "3:0:1"}], "bad_over"),
    ([{"path": SEATS, "range": "x"}], None),
    ([{"path": SEATS, "range": "0:1:0"}], "bad_over"),
    ([{"path": "constraints.reservation[nobody].count", "values": [1]}], None),
    ([{"path": SEATS, "values": [-1]}], None),
    ([{"path": SEATS, "values": ["many"]}], None),
    ([{"path": "seekers[S1].county_fips", "values": ["1"]}], None),
    ([{"path": "=", "values": [1]}], "bad_over"),
    ([{"path": SEATS, "values": [1]}, {"path": SEATS, "values": [2]}], "bad_over"),
    ([{"path": SEATS}], None),
    ([{"path": SEATS, "values": [1], "range": "0:1:1"}], None),
    ([{"path": SEATS, "values": []}], None),
    ([{"path": SEATS + "\x00", "values": [1]}], None),
    ([], None),
]
"""Axes that cannot be swept, and the code of the fault where there is one of our own."""


def test_what_cannot_be_swept_is_said_before_anything_is_begun(service: Service, ask_as: Ask) -> None:
    client, scenario = ask_as("planner"), make_scenario(service)
    for axes, code in SENSELESS:
        answer = client.post("/v1/sweeps", json={"scenario_id": scenario, "axes": axes})
        assert answer.status_code == 422, (axes, answer.text)
        assert answer.json()["errors"][0]["message"]
        assert code is None or answer.json()["errors"][0]["code"] == code, axes
    assert client.get("/v1/sweeps").json()["items"] == []


def test_a_full_queue_takes_no_more_parts_than_it_has_room_for(service: Service, ask_as: Ask, web: Any) -> None:
    client, body = ask_as("planner"), {"scenario_id": make_scenario(service), "axes": [AXIS]}
    web.app.state.service.settings = service.settings.model_copy(update={"queue_limit": 1})
    assert len(client.post("/v1/sweeps", json=body).json()["parts"]) == 1
    assert client.post("/v1/sweeps", json=body).status_code == 429


def test_a_sweep_is_the_boards_own(service: Service, ask_as: Ask) -> None:
    made = ask_as("planner").post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS]}).json()
    other, viewer, place = ask_as("admin", "other"), ask_as("viewer"), made["links"]["self"]
    assert other.get("/v1/sweeps").json()["items"] == []
    for method, path, more in (
        ("get", place, {}),
        ("get", f"{place}/frontier", {}),
        ("get", f"{place}/differences", {"params": {"base": 0, "other": 1}}),
        ("get", f"{place}/movements", {"params": {"base": 0}}),
        ("post", f"{place}/cancel", {}),
        ("post", f"{place}/promote", {"json": {"values": [1]}}),
    ):
        assert getattr(other, method)(path, **more).status_code == 404, path
    assert viewer.post(f"{place}/cancel").status_code == 403
    assert viewer.post(f"{place}/promote", json={"values": [1]}).status_code == 403
    assert viewer.get(f"{place}/frontier").status_code == 200
    assert other.post("/v1/sweeps", json={"scenario_id": made["scenario_id"], "axes": [AXIS]}).status_code == 404


def test_deleted_points_are_gone(service: Service, ask_as: Ask, finish: Finish) -> None:

    client = ask_as("planner")
    made = client.post("/v1/sweeps", json={"scenario_id": make_scenario(service), "axes": [AXIS]}).json()
    finish()
    with service.store.begin() as connection:
        connection.execute(runs.update().where(runs.c.id == made["parts"][0]["run"]).values(purged_at=now()))
    assert client.get(made["links"]["frontier"]).status_code == 410
