"""A night from its source to its sheets, and every way in which it can come to nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from api.results import open_run
from api.service import Service
from api.store.tables import datasets, runs
from tests.api.conftest import Ask
from tests.api.night_simulation import Deaths, KilledError, replace_processes
from tests.api.nightly import START, Board, Clock, standing


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    with standing(monkeypatch) as made:
        yield made


@pytest.fixture(autouse=True)
def _solvers(solvers: None) -> None: ...


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading and solving without processes of their own; the tests without it have them."""
    replace_processes(monkeypatch)


@pytest.fixture
def board(service: Service, time: Clock) -> Board:
    return Board(service, time)


def test_a_night_is_published_with_its_sheets_and_says_what_happened(board: Board) -> None:
    night = board.night()
    assert (night["status"], night["result"], night["night"].isoformat()) == ("finished", "published", "2026-11-02"), night
    assert [line["step"] for line in night["log"]] == ["begin", "read", "prepare", "run", "judge", "published"]
    (publication,) = board.publications()
    assert (publication["summary"]["placed"], publication["run_id"]) == (3, night["run_id"])
    folder = board.service.settings.sheets / "paper-nightly"
    assert {"workbook.xlsx", "assignments.csv", "publication.json"} <= {path.name for path in (folder / "2026-11-02").iterdir()}
    assert json.loads((folder / "latest.json").read_text())["folder"] == "2026-11-02"
    assert (folder / "latest").resolve() == (folder / "2026-11-02").resolve()


@pytest.mark.usefixtures("quick")
def test_the_next_night_starts_from_the_one_before(board: Board) -> None:
    first, second = board.night(), board.night()
    assert second["result"] == "published", second
    prepared = next(line for line in second["log"] if line["step"] == "prepare")["facts"]
    assert prepared["reference"] == first["run_id"]
    assert prepared["carried"] == {"proposed": 3}
    judged = next(line for line in second["log"] if line["step"] == "judge")["facts"]["figures"]
    assert judged["moved"] == 0
    assert (judged["flow"]["same"], judged["flow"]["moved"]) == (3, 0)
    assert [row["previous_id"] for row in board.publications()] == [None, board.publications()[0]["id"]]


@pytest.mark.usefixtures("quick")
def test_a_day_in_the_log_names_nobody(board: Board) -> None:
    board.night()
    night = board.night()
    ids = [line.split(",")[0] for line in (board.source / "seekers.csv").read_text().splitlines()[1:]]
    said = json.dumps([night["log"], night["reason"], night["gates"], board.publications()[-1]["summary"]])
    assert [name for name in ids if f'"{name}"' in said or f" {name} " in said] == []


@pytest.mark.usefixtures("quick")
def test_a_faulty_source_is_kept_with_its_faults_and_nothing_is_published(board: Board) -> None:
    board.night()
    board.bring(slots="slot_id,openings\nJ1,many\n")
    night = board.night()
    assert (night["result"], night["reason"]["code"]) == ("failed", "faulty-source")
    assert night["dataset_id"] is not None
    assert len(board.publications()) == 1
    board.bring()
    assert board.night()["result"] == "published"


@pytest.mark.usefixtures("quick")
def test_a_source_that_is_not_there_fails_at_once_or_is_waited_for(service: Service, time: Clock) -> None:
    board = Board(service, time, {"wait_for_source": "PT2H"})
    board.bring()
    missing = board.source.rename(board.source.with_name("elsewhere"))
    night = board.night()
    assert (night["status"], night["log"][-1]["step"]) == ("running", "source")
    time.on(hours=1)
    board.work()
    assert [line["step"] for line in board.rows()[-1]["log"]] == ["begin", "source"]
    missing.rename(board.source)
    board.work()
    assert board.rows()[-1]["result"] == "published"
    board.source.rename(missing)
    night = board.night()
    time.on(hours=3)
    board.work()
    assert (board.rows()[-1]["result"], board.rows()[-1]["reason"]["code"]) == ("failed", "source-unreadable")


@pytest.mark.usefixtures("quick")
def test_no_plan_at_all_is_told_with_the_run_that_names_the_repair(service: Service, time: Clock) -> None:
    promise = "constraints.reservation[two seats for the partner]"
    changes = [{"op": "set", "path": f"{promise}.mode", "value": "minimum_hard"}, {"op": "set", "path": f"{promise}.count", "value": 3}]
    night = Board(service, time, {"changes": changes}).night()
    assert (night["result"], night["reason"]["code"]) == ("failed", "infeasible")
    assert night["run_id"] in night["reason"]["message"]


@pytest.mark.usefixtures("quick")
def test_gates_refuse_and_the_last_good_publication_stays(board: Board) -> None:
    board.night()
    header, first, *_ = (board.source / "slots.csv").read_text().splitlines()
    board.bring(slots=f"{header}\n{first}\n", but=("pairs.csv",), pairs=_pairs_of(board, first.split(",")[0]))
    night = board.night()
    assert (night["result"], night["reason"]["code"]) == ("failed", "gates"), night["reason"]
    assert "placed" in night["reason"]["gates"]
    assert len(board.publications()) == 1


def _pairs_of(board: Board, slot: str) -> str:
    header, *lines = (board.source / "pairs.csv").read_text().splitlines()
    return "\n".join([header, *[line for line in lines if line.split(",")[1] == slot], ""])


@pytest.mark.usefixtures("quick")
def test_a_held_night_waits_and_a_later_one_overtakes_it(service: Service, time: Clock, ask_as: Ask) -> None:
    board = Board(service, time, {"review": "hold"})
    first = board.night()
    assert (first["status"], first["reason"]["code"]) == ("held", "review")
    assert board.publications() == []
    second = board.night()
    assert (board.rows()[0]["status"], second["status"]) == ("held", "held")
    publisher = ask_as("publisher")
    made = publisher.post("/v1/publications", json={"run_id": second["run_id"], "occurrence_id": second["id"], "note": "looked at"})
    assert (made.status_code, made.json()["scheduled_for"][:10]) == (201, "2026-11-03"), made.json()
    assert [(row["status"], row["result"]) for row in board.rows()] == [("finished", "skipped"), ("finished", "published")]
    assert board.rows()[0]["reason"]["code"] == "overtaken"
    again = publisher.post("/v1/publications", json={"run_id": second["run_id"], "occurrence_id": second["id"]})
    older = publisher.post("/v1/publications", json={"run_id": first["run_id"], "occurrence_id": first["id"]})
    assert (again.status_code, older.status_code, len(board.publications())) == (409, 409, 1)


@pytest.mark.usefixtures("quick")
def test_begun_pairs_stay_and_offers_are_kept(board: Board) -> None:
    board.night()
    placed = _assignments(board)
    (seeker, slot), *_ = sorted(placed)
    board.bring(commitments=f"seeker_id,slot_id,status\n{seeker},{slot},started\n")
    assert board.night()["result"] == "published"
    board.bring()  # the source forgets, the night does not
    night = board.night()
    facts = next(line for line in night["log"] if line["step"] == "prepare")["facts"]
    assert facts["carried"]["started"] == 1
    assert (seeker, slot) in _assignments(board)
    board.bring(commitments=f"seeker_id,slot_id,status\n{seeker},{slot},declined\n")
    assert board.night()["reason"] in (None, board.rows()[-1]["reason"])
    assert (seeker, slot) not in _assignments(board, board.rows()[-1]["run_id"])


def _assignments(board: Board, run_id: str | None = None) -> set[tuple[str, str]]:
    run_id = run_id or board.publications()[-1]["run_id"]
    with board.service.store.read() as connection:
        run = connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one()
    return set(open_run(board.service, run).result.plan())


@pytest.mark.usefixtures("quick")
def test_downtime_is_caught_up_by_the_rule(service: Service, time: Clock) -> None:
    for rule, expected in (("none", ["skipped"] * 3), ("latest", ["skipped", "skipped", "published"]), ("all", ["skipped", "published", "published"])):
        time.moment = START
        board = Board(service, time, {"name": f"Paper {rule}", "catch_up": {"rule": rule, "max_age": "P1DT20H"}})
        time.on(days=3, hours=3)
        board.work()
        assert [row["result"] for row in board.rows()] == expected, rule
        assert all(row["reason"]["message"] for row in board.rows() if row["result"] == "skipped")


@pytest.mark.usefixtures("quick")
def test_a_night_that_comes_to_no_end_is_given_up(board: Board) -> None:
    board.solves = False
    night = board.night()
    assert night["status"] == "running"
    board.time.on(hours=9)
    board.work()
    night = board.rows()[0]
    assert (night["result"], night["reason"]["code"]) == ("failed", "gave-up")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("after", [False, True], ids=["before it is kept", "after it is kept"])
def test_a_worker_may_die_at_any_transaction_and_the_night_is_the_same(board: Board, after: bool) -> None:
    deaths, died = Deaths(board.service), 0
    for number in range(1, 40):
        deaths.plan(number, after=after)
        try:
            night = board.night()
        except KilledError:
            died += 1
            deaths.plan(0, after=False)
            board.work()
            night = board.rows()[-1]
        else:
            break
        assert night["result"] == "published", night
        assert [line["step"] for line in night["log"]] == ["begin", "read", "prepare", "run", "judge", "published"]
    count = len(board.rows())
    assert died > 10, "each step was met"
    assert len(board.publications()) == count
    with board.service.store.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(runs)).scalar() == count
        assert connection.execute(sa.select(sa.func.count()).select_from(datasets)).scalar() == 2 * count


@pytest.mark.usefixtures("quick")
def test_a_night_whose_worker_dies_each_time_ends_with_the_reason(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    def deadly(*_: Any) -> None:
        raise KilledError

    monkeypatch.setattr("api.night.steps.figures_of", deadly)
    for _ in range(20):
        try:
            night = board.night() if not board.rows() else board.work() or board.rows()[-1]
        except KilledError:
            continue
        break
    assert (night["result"], night["reason"]["code"]) == ("failed", "worker-lost")
    monkeypatch.undo()


@pytest.mark.usefixtures("quick")
def test_offers_come_before_match_quality(service: Service, time: Clock) -> None:
    changes = [{"op": "remove", "path": "constraints.reservation[two seats for the partner]"}]
    board = Board(service, time, {"changes": changes, "gates": {"moved": 9}})
    board.night()
    assert ("P1", "A") in _assignments(board)
    board.bring(commitments="seeker_id,slot_id,status\nP2,A,offered\n")
    night = board.night()
    assert ("P2", "A") in _assignments(board, night["run_id"]), night["log"]
    assert next(line for line in night["log"] if line["step"] == "judge")["facts"]["figures"]["moved"] == 1
