"""What is asked of a finished run: lists, parts and papers, each as its model says, each on its board only."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import BaseModel

from api.answering.pool import Answerers
from api.answering.ready import READY
from api.documents.compared import ComparisonDocument, EquityDocument, StabilityDocument
from api.documents.explanations import Inversions, PairExplanation, RuleExplanation, SeekerExplanation, SlotExplanation
from api.documents.judged import EvaluationDocument, RecommendationDocument
from api.documents.lists import AssignmentLine, Listed, SheetPage, SlotLine, UnplacedLine
from api.documents.result import Infeasibility, Kpis, Reservations, ResultDocument, Standings, Trace
from api.documents.semantics import Semantics
from api.service import Service
from api.settings import Settings
from api.solving.child import _carried_out
from api.store.blobs import keep
from api.store.tables import run_files
from tests.api.conftest import Ask
from tests.api.made import PAPER, make_dataset, make_scenario
from tests.api.night_simulation import Quiet
from tests.api.served import OJT
from tests.api.town import SECRET, make_town

Finish = Callable[[], list[dict[str, Any]]]
PROMISE = "constraints.reservation[two seats for the partner]"
IMPOSSIBLE = [{"op": "set", "path": f"{PROMISE}.mode", "value": "minimum_hard"}, {"op": "set", "path": f"{PROMISE}.count", "value": 3}]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One answering process is enough here, and quicker to start."""
    return settings.model_copy(update={"answerers": 1})


@pytest.fixture
def solved(service: Service, ask_as: Ask, finish: Finish) -> Callable[..., str]:
    """Solve a folder's scenario; the run's path."""

    def solve(folder: Path, changes: list[dict[str, Any]] | None = None, reference: str | None = None) -> str:
        body = {"scenario_id": make_scenario(service, folder, changes=changes), "reference_run": reference}
        made = ask_as("planner").post("/v1/runs", json=body)
        finish()
        return str(made.headers["location"])

    return solve


@pytest.fixture
def town(solved: Callable[..., str], tmp_path: Path) -> str:
    """A run of the town."""
    return solved(make_town(tmp_path / "town"))


def told(answer: Any, model: type[BaseModel]) -> Any:
    """The answer, which says what its model says, no more and no less."""
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert model.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True) == document
    return document


def test_every_reading_of_a_promise_is_solved_once_and_told_in_people(ask_as: Ask, solved: Callable[..., str]) -> None:
    client, run = ask_as("viewer"), solved(PAPER)
    first = client.get(f"{run}/semantics/two seats for the partner")
    report = told(first, Semantics)
    filled = {reading["mode"]: (reading["status"], reading["filled"], reading["empty"]) for reading in report["others"]}
    assert filled["set_aside"] == ("optimal", 1, 1)
    assert filled["over_and_above"] == ("infeasible", None, None)
    assert (report["off"]["gained"], report["off"]["lost"], report["present"]["filled"]) == (["Q2"], ["P2"], 2)
    again = client.get(f"{run}/semantics/two seats for the partner", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{run}/semantics/partner").json()["code"] == "not-found"


def test_the_result_is_result_json_and_comes_in_every_form(ask_as: Ask, town: str) -> None:
    client = ask_as("viewer")
    whole = client.get(f"{town}/result")
    document = told(whole, ResultDocument)
    assert (document["status"], document["scenario"]) == ("optimal", "town")
    for form, start in (("csv", b"seeker_id,"), ("xlsx", b"PK"), ("html", b"<!")):
        asked = client.get(f"{town}/result", params={"format": form})
        media = asked.headers["content-type"].partition(";")[0]
        assert asked.content[: len(start)].lower() == start.lower()
        assert client.get(f"{town}/result", headers={"Accept": f"application/json;q=0.1, {media}"}).content == asked.content
    assert client.get(f"{town}/result", headers={"Accept": "image/png"}).json()["code"] == "not-acceptable"
    again = client.get(f"{town}/result", headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", whole.headers["etag"])
    assert "private" in whole.headers["cache-control"]
    assert {"Authorization", "Cookie"} <= {each.strip() for each in whole.headers["vary"].split(",")}, "a browser keeps it for who asked, and nobody else"


def test_the_parts_say_what_the_result_says(ask_as: Ask, town: str) -> None:
    client = ask_as("viewer")
    result = client.get(f"{town}/result").json()
    assert told(client.get(f"{town}/rules"), Standings)["items"] == result["rules"]
    assert told(client.get(f"{town}/reservations"), Reservations)["items"] == result["reservations"]
    assert told(client.get(f"{town}/trace"), Trace)["items"] == result["trace"]
    kpis = told(client.get(f"{town}/kpis"), Kpis)
    assert (kpis["placed"], sum(kpis["without_slot"].values())) == (result["placed"], 40 - result["placed"])
    assert kpis["goals_proved"] == len(result["goals"])


def test_lists_come_in_pieces_that_make_the_whole(ask_as: Ask, town: str) -> None:
    client, lines, cursor = ask_as("viewer"), [], None
    while True:
        piece = told(client.get(f"{town}/assignments", params={"limit": 7, **({"cursor": cursor} if cursor else {})}), Listed[AssignmentLine])
        lines += piece["items"]
        cursor = piece["next_cursor"]
        if cursor is None:
            break
    rows = list(csv.DictReader(io.StringIO(client.get(f"{town}/assignments", params={"format": "csv"}).content.decode("utf-8-sig"))))
    assert [line["seeker_id"] for line in lines] == [row["seeker_id"] for row in rows]
    assert len(lines) == piece["total"] == client.get(f"{town}/kpis").json()["placed"]
    assert told(client.get(f"{town}/slots"), Listed[SlotLine])["total"] == 11
    assert sum(line["taken"] for line in client.get(f"{town}/slots").json()["items"]) == len(lines)
    waiting = told(client.get(f"{town}/unplaced", params={"limit": 1000}), Listed[UnplacedLine])["items"]
    assert len(waiting) + len(lines) == 40


def test_a_runs_lists_are_ready_when_it_ends_and_are_made_anew_where_they_are_not(
    service: Service, ask_as: Ask, town: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, run_id, bundled = ask_as("viewer"), town.rsplit("/", 1)[1], ask_as("viewer").get(f"{town}/bundle").content
    names = zipfile.ZipFile(io.BytesIO(bundled)).namelist()
    assert not [name for name in names if name.endswith(".arrow")], "what is made ready is no part of the result"

    def lists() -> list[bytes]:
        answers = [client.get(f"{town}/{name}", params={"limit": 1000, "sort": "-slot_id"} if name != "unplaced" else {}) for name in READY]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        return [answer.content for answer in answers]

    with monkeypatch.context() as nobody:
        nobody.setattr(Answerers, "ask", lambda *_, **__: pytest.fail("somebody was asked"))
        ready = lists()
    with service.store.begin() as connection:
        assert connection.execute(run_files.delete().where(run_files.c.run_id == run_id, run_files.c.name.like("%.arrow"))).rowcount == 3
    shutil.rmtree(service.settings.data_dir / "papers")
    assert lists() == ready


def test_a_run_outlives_a_list_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise MemoryError

    said = list[dict[str, Any]]()

    class Ear(Quiet):
        def say(self, message: dict[str, Any]) -> None:
            said.append(message)

    monkeypatch.setattr("api.answering.ready.arrow_file", broken)
    told = _carried_out({"kind": "solve", "scenario": str(PAPER), "seed": 0, "out": str(tmp_path)}, Ear())  # type: ignore[arg-type]
    assert (told["status"], [each["error"] for each in said]) == ("optimal", ["MemoryError"])
    assert (tmp_path / "result.json").exists()


def test_the_lists_of_a_very_large_run_are_left_to_who_asks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("api.answering.ready.MOST_PAIRS", 1)
    _carried_out({"kind": "solve", "scenario": str(PAPER), "seed": 0, "out": str(tmp_path)}, Quiet())  # type: ignore[arg-type]
    assert not list(tmp_path.glob("*.arrow"))


def test_lists_are_searched_filtered_and_sorted(ask_as: Ask, town: str) -> None:
    client = ask_as("viewer")

    def seen(path: str, **params: Any) -> list[dict[str, Any]]:
        return list(client.get(f"{town}/{path}", params=params).json()["items"])

    everybody = seen("assignments", limit=1000)
    for column, name in (("employer_id", "employer"), ("partner_id", "partner"), ("tier", "tier"), ("slot_id", "slot")):
        value = everybody[0][column]
        assert seen("assignments", limit=1000, **{name: value}) == [line for line in everybody if line[column] == value]
    assert seen("assignments", q="s0", limit=1000) == [line for line in everybody if line["seeker_id"].startswith("S0")]
    scores = [line["score"] for line in seen("assignments", sort="-score", limit=1000)]
    assert scores == sorted(scores, reverse=True)
    reasons = {line["reason"] for line in seen("unplaced", limit=1000)}
    assert all(line["reason"] == reason for reason in reasons for line in seen("unplaced", reason=reason))
    assert [line["slot_id"] for line in seen("slots", open=True)] == ["J10"]
    first = client.get(f"{town}/assignments", params={"limit": 2}).json()["next_cursor"]
    for params in ({"sort": "shoe_size"}, {"cursor": first, "sort": "score"}, {"cursor": "%%%"}, {"cursor": "OTk5"}):
        assert client.get(f"{town}/assignments", params=params).status_code == 400, params


def test_every_sheet_but_equity_is_a_list_and_employers_get_only_theirs(ask_as: Ask, town: str) -> None:
    client = ask_as("viewer")
    for name in ("summary", "worklist", "changes", "checks", "staff_load", "program_report", "development_leads", "reservations", "targets", "budget"):
        told(client.get(f"{town}/sheets/{name}"), SheetPage)
    lines = told(client.get(f"{town}/sheets/employer_sheet", params={"employer": "E2"}), SheetPage)["items"]
    assert {line["employer_id"] for line in lines} == {"E2"}
    assert not {"partner_id", "tier", "score"} & set(lines[0])
    assert client.get(f"{town}/sheets/worklist", params={"employer": "E2", "format": "csv"}).status_code == 200
    assert client.get(f"{town}/sheets/checks", params={"employer": "E2"}).status_code == 400
    assert client.get(f"{town}/sheets/equity").status_code == 422


def test_demographics_are_read_through_the_equity_report_only(ask_as: Ask, town: str) -> None:
    def words(client: TestClient, path: str) -> str:
        content = client.get(f"{town}/{path}").content
        if content[:2] != b"PK":
            return content.decode()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return " ".join(archive.namelist()) + "".join(archive.read(name).decode("utf-8", "ignore") for name in archive.namelist())

    for path in ("report.xlsx", "report.html", "bundle", "result?format=xlsx", "result?format=html"):
        assert SECRET not in words(ask_as("planner"), path), path
        assert SECRET in words(ask_as("analyst"), path), path
        assert SECRET not in words(ask_as("viewer"), path), path
    assert ask_as("planner").get(f"{town}/equity").status_code == 403
    report = told(ask_as("analyst").get(f"{town}/equity"), EquityDocument)
    assert report["least_shown"] == 10
    assert {line["group"] for line in report["lines"]} >= {SECRET, "everybody"}


def test_the_commands_work_on_the_bundle(ask_as: Ask, town: str, tmp_path: Path) -> None:
    for role in ("viewer", "analyst"):
        bundle = ask_as(role).get(f"{town}/bundle")
        folder = tmp_path / role
        with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
            archive.extractall(folder)
        said = subprocess.run([OJT, "explain", "result", "--seeker", "S01", "--json"], cwd=folder, capture_output=True, text=True, check=True)
        (line,) = json.loads(said.stdout)
        assert line["verdict"] == ask_as("viewer").get(f"{town}/explain/seekers/S01").json()["verdict"]


def test_everything_is_explained(ask_as: Ask, town: str) -> None:
    client = ask_as("viewer")
    assignment = client.get(f"{town}/assignments").json()["items"][0]
    seeker, slot = assignment["seeker_id"], assignment["slot_id"]
    placed = told(client.get(f"{town}/explain/seekers/{seeker}"), SeekerExplanation)
    assert (placed["verdict"], placed["time_limit"]) == ("placed", 10)
    for line in client.get(f"{town}/unplaced").json()["items"][:2]:
        said = told(client.get(f"{town}/explain/seekers/{line['seeker_id']}", params={"register": "seeker", "language": "es"}), SeekerExplanation)
        assert seeker not in json.dumps(said)
        both = told(client.get(f"{town}/explain/seekers/{line['seeker_id']}", params={"spoken": True}), SeekerExplanation)
        assert set(both["spoken"]) == {"en", "es"}
        assert seeker not in json.dumps(both["spoken"])
        assert both["spoken"]["es"]["sentence"] == said["sentence"]
    assert "spoken" not in placed
    told(client.get(f"{town}/explain/slots/{slot}"), SlotExplanation)
    other = next(line["slot_id"] for line in client.get(f"{town}/slots").json()["items"] if line["slot_id"] != slot)
    told(client.get(f"{town}/explain/pairs", params={"seeker": seeker, "slot": other}), PairExplanation)
    for label in ("north first", "reservation[north first]", "slot_openings"):
        assert told(client.get(f"{town}/explain/rules/{label}"), RuleExplanation)["items"]
    told(client.get(f"{town}/explain/inversions"), Inversions)
    for path in (
        "explain/seekers/S99",
        "explain/slots/J99",
        "explain/rules/no such",
        "semantics/no such",
        "explain/pairs?seeker=S99&slot=J0",
        "explain/seekers/%00",
    ):
        assert client.get(f"{town}/{path}").status_code == 404, path
    refused = client.get(f"{town}/explain/seekers/{seeker}", params={"language": "es"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "no_translation")


def test_a_plan_is_judged_under_what_is_stored(service: Service, ask_as: Ask, town: str, tmp_path: Path) -> None:
    client, run_id = ask_as("planner"), town.rsplit("/", 1)[1]
    plan = [{name: line[name] for name in ("seeker_id", "slot_id")} for line in client.get(f"{town}/assignments", params={"limit": 1000}).json()["items"]]
    best = told(client.post("/v1/evaluations", json={"run_id": run_id, "assignments": plan}), EvaluationDocument)
    assert (best["keeps_every_rule"], best["against"]["verdict"]) == (True, "as good")
    assert [goal["value"] for goal in best["goals"]] == [goal["value"] for goal in client.get(f"{town}/result").json()["goals"]]
    less = told(client.post("/v1/evaluations", json={"run_id": run_id, "assignments": plan[1:]}), EvaluationDocument)
    assert (less["against"]["verdict"], less["waiting"]["could_take"] > 0) == ("worse", True)
    scenario = client.get(town).json()["scenario_id"]
    dataset = make_dataset(service, tmp_path / "town")
    for by in ({"scenario_id": scenario}, {"dataset_id": dataset}):
        same = told(client.post("/v1/evaluations", json={**by, "assignments": plan}), EvaluationDocument)
        assert (same["goals"], same["against"]) == (best["goals"], None)
    stranger = client.post("/v1/evaluations", json={"run_id": run_id, "assignments": [{"seeker_id": "S99", "slot_id": "J0"}]})
    assert (stranger.status_code, stranger.json()["errors"][0]["code"]) == (422, "unknown_id")


def test_who_else_could_have_a_slot(ask_as: Ask, town: str) -> None:
    client, run_id = ask_as("planner"), town.rsplit("/", 1)[1]
    waiting = client.get(f"{town}/unplaced", params={"reason": "outbid"}).json()["items"][0]["seeker_id"]
    slots = told(client.post("/v1/recommendations", json={"run_id": run_id, "seeker_id": waiting, "k": 3}), RecommendationDocument)
    assert (slots["seeker_id"], len(slots["candidates"])) == (waiting, 3)
    people = told(client.post("/v1/recommendations", json={"run_id": run_id, "slot_id": "J0", "k": 2, "exactly": True}), RecommendationDocument)
    assert all(one["exact"]["telling"] in ("worse", "equal", "impossible") for one in people["candidates"])
    for body, status in (
        ({"seeker_id": "S99"}, 404),
        ({}, 422),
        ({"seeker_id": "S01", "slot_id": "J0"}, 422),
        ({"slot_id": "J0", "k": 20, "exactly": True}, 422),
    ):
        assert client.post("/v1/recommendations", json={"run_id": run_id, **body}).status_code == status, body


def test_runs_are_set_side_by_side(ask_as: Ask, solved: Callable[..., str], town: str, tmp_path: Path) -> None:
    base = town.rsplit("/", 1)[1]
    more = solved(tmp_path / "town", [{"op": "set", "path": "constraints.reservation[north first].count", "value": 9}], base)
    impossible = solved(PAPER, IMPOSSIBLE)
    client = ask_as("viewer")
    asked = {"base": base, "with": [more.rsplit("/", 1)[1], impossible.rsplit("/", 1)[1]]}
    document = told(client.get("/v1/comparisons", params=asked), ComparisonDocument)
    first, second = document["comparisons"]
    assert [line["place"] for line in first["inputs"]["policy"]] == ["constraints.reservation[north first].count"]
    assert sum(first["flow"].values()) == len(first["people"])
    assert first["unproved"] == []
    assert ", version 1" in document["base"]["about"]
    assert [line["place"] for line in first["inputs"]["facts"]] == ["reference"]
    assert (second["other"]["has_plan"], second["flow"], second["people"], second["decided_by"]) == (False, {}, [], None)
    few = told(client.get("/v1/comparisons", params={**asked, "only_differences": True}), ComparisonDocument)["comparisons"][0]
    assert all(line["change"] != "same" for line in few["people"])
    _people_a_piece_at_a_time(client, asked, first["people"])
    moved = told(client.get(f"{more}/stability"), StabilityDocument)
    assert sum(moved["counts"].values()) == client.get(f"{town}/kpis").json()["placed"]
    told(client.get(f"{more}/stability", params={"curve": True}), StabilityDocument)
    assert client.get(f"{town}/stability").json()["errors"][0]["code"] == "missing_table"
    both = ask_as("analyst").get(f"{more}/equity", params={"with": base})
    assert told(both, EquityDocument)["plans"] == ["before", "after"]
    for params in ({"base": base, "with": base}, {"base": base}, {"base": base, "with": ["a", "b", "c", "d", "e", "f"]}):
        assert client.get("/v1/comparisons", params=params).status_code == 422, params


def _people_a_piece_at_a_time(client: Any, asked: dict[str, Any], everybody: list[dict[str, Any]]) -> None:
    """The people of a comparison are the same in pieces as whole, and by what happens to them."""
    changes = {line["change"] for line in everybody}
    assert len(everybody) > 2, "there are pieces"
    for wanted in (set(), changes, {"same"}, {"lost", "moved"}, {"arrived"}):
        expected = [line for line in everybody if line["change"] in wanted or not wanted]
        found, cursor = [], None
        while True:
            piece = {"change": sorted(wanted), "limit": 2, **({"cursor": cursor} if cursor else {})}
            document = told(client.get("/v1/comparisons", params={**asked, **piece}), ComparisonDocument)
            first, second = document["comparisons"]
            assert (first["people_total"], len(first["people"]) <= 2) == (len(expected), True)
            assert (second["people_total"], second["people"]) == (0, []), "without a plan"
            found += first["people"]
            if (cursor := document["next_cursor"]) is None:
                break
        assert found == expected
    none = told(client.get("/v1/comparisons", params={**asked, "limit": 0}), ComparisonDocument)
    assert (none["comparisons"][0]["people"], none["comparisons"][0]["people_total"], none["next_cursor"]) == ([], len(everybody), None)
    lines = client.get("/v1/comparisons", params={**asked, "change": "same", "limit": 1, "format": "csv"}).text.splitlines()
    assert len(lines) == 1 + sum(line["change"] == "same" for line in everybody), "as CSV all of them"
    for params in ({"change": "gone"}, {"limit": -1}, {"limit": 1001}):
        assert client.get("/v1/comparisons", params={**asked, **params}).status_code == 422, params
    assert client.get("/v1/comparisons", params={**asked, "cursor": "x"}).status_code == 400


def test_the_way_out_is_a_scenario_that_fits(ask_as: Ask, finish: Finish, solved: Callable[..., str]) -> None:
    run, client = solved(PAPER, IMPOSSIBLE), ask_as("planner")
    why = told(client.get(f"{run}/infeasibility"), Infeasibility)
    assert (why["repairable"], why["proved"], why["bends"][0]["possible"]) == (True, True, 2)
    assert all(conflict["certificate"] for conflict in why["conflicts"])
    assert ask_as("viewer").post(f"{run}/repair", json={}).status_code == 403
    made = client.post(f"{run}/repair", json={"name": "possible"}, headers={"Idempotency-Key": "once"})
    assert (made.status_code, made.json()["changes"]) == (201, why["changes"]["changes"])
    assert client.post(f"{run}/repair", json={"name": "possible"}, headers={"Idempotency-Key": "once"}).json() == made.json()
    assert all(client.get(link).status_code == 200 for link in made.json()["links"].values())
    assert client.post(f"{run}/repair").status_code == 201, "all fields have defaults, so nothing need be sent"
    again = client.post("/v1/runs", json={"scenario_id": made.json()["scenario_id"]})
    finish()
    assert client.get(again.headers["location"]).json()["outcome"] == "optimal"
    for path in ("infeasibility",):
        assert client.get(f"{again.headers['location']}/{path}").status_code == 409
    assert client.post(f"{again.headers['location']}/repair", json={}).status_code == 409
    for path in ("explain/seekers/P1", "explain/inversions", "stability"):
        assert (client.get(f"{run}/{path}").status_code, client.get(f"{run}/{path}").json()["code"]) == (409, "conflict"), path
    for path in ("assignments", "slots", "unplaced", "report.xlsx", "report.html", "bundle", "kpis", "rules", "result", "sheets/worklist"):
        assert client.get(f"{run}/{path}").status_code == 200, path


def test_another_board_sees_nothing_and_an_unfinished_run_has_nothing(service: Service, ask_as: Ask) -> None:
    client = ask_as("planner")
    run = client.post("/v1/runs", json={"scenario_id": make_scenario(service)}).headers["location"]
    run_id = run.rsplit("/", 1)[1]
    paths = ["result", "assignments", "unplaced", "slots", "rules", "reservations", "kpis", "bundle", "report.xlsx", "report.html"]
    paths += [
        "sheets/worklist",
        "explain/seekers/P1",
        "explain/slots/A",
        "explain/rules/x",
        "semantics/x",
        "explain/pairs?seeker=P1&slot=A",
        "explain/inversions",
    ]
    paths += ["infeasibility", "stability"]
    stranger = ask_as("admin", board="other")
    assert stranger.get(f"{run}/trace").status_code == 404
    assert told(client.get(f"{run}/trace"), Trace) == {"items": [], "goals": []}, "how a run comes along is told while it does"
    for path in paths:
        assert stranger.get(f"{run}/{path}").status_code == 404, path
        assert client.get(f"{run}/{path}").status_code == 409, path
    for method, path, body in (
        ("POST", f"{run}/repair", {}),
        ("POST", "/v1/evaluations", {"run_id": run_id, "assignments": []}),
        ("POST", "/v1/recommendations", {"run_id": run_id, "seeker_id": "P1"}),
    ):
        assert stranger.request(method, path, json=body).status_code == 404, path
        assert client.request(method, path, json=body).status_code == 409, path
    assert stranger.get("/v1/comparisons", params={"base": run_id, "with": "run_1"}).status_code == 404
    assert client.get("/v1/runs/run%00/result").status_code == 404


@pytest.mark.parametrize(("asked", "part"), [("bytes=0-3", slice(0, 4)), ("bytes=-4", slice(-4, None)), ("Bytes = 0-3", None), ("bytes=4-", slice(4, None))])
def test_a_file_comes_whole_or_in_the_part_that_is_asked_for(ask_as: Ask, town: str, asked: str, part: slice | None) -> None:
    client = ask_as("viewer")
    whole = client.get(f"{town}/report.xlsx").content
    answer = client.get(f"{town}/report.xlsx", headers={"Range": asked})
    assert (answer.status_code, answer.content) == ((200, whole) if part is None else (206, whole[part]))


def test_a_range_that_means_nothing_is_passed_over(ask_as: Ask, town: str) -> None:
    client = ask_as("viewer")
    whole = client.get(f"{town}/report.xlsx").content
    for asked in ("", "bytes", "bytes=", "bytes=x", "lines=1-2", "bytes=3-1", f"bytes={len(whole)}-", "bytes=-0", "bytes=0-1,9999999999-", "bytes=--1", "\x00"):
        answer = client.get(f"{town}/report.xlsx", headers={"Range": asked})
        assert (answer.status_code, answer.content == whole) == (200, True), asked


def test_a_result_that_is_damaged_does_not_say_where_it_lies(ask_as: Ask, service: Service, town: str) -> None:
    run_id, broken = town.rsplit("/", 1)[1], b'{"schema": 1}'
    with service.store.begin() as connection:
        mine = sa.and_(run_files.c.run_id == run_id, run_files.c.name == "result.json")
        connection.execute(run_files.update().where(mine).values(sha256=keep(connection, broken)))
    answer = ask_as("viewer").get(f"{town}/report.xlsx")
    assert answer.status_code == 422
    assert str(service.settings.data_dir) not in answer.text
    assert answer.json()["errors"][0]["code"] in ("bad_result", "other_schema")
