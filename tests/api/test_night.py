"""A night from its source to its sheets, and every way in which it can come to nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from api.service import Service
from tests.api.nightly import START, Board, Clock, standing

Finish = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    with standing(monkeypatch) as made:
        yield made


@pytest.fixture
def board(service: Service, time: Clock, finish: Finish) -> Board:
    return Board(service, time, finish)


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


def test_a_day_in_the_log_names_nobody(board: Board) -> None:
    board.night()
    night = board.night()
    ids = [line.split(",")[0] for line in (board.source / "seekers.csv").read_text().splitlines()[1:]]
    said = json.dumps([night["log"], night["reason"], night["gates"], board.publications()[-1]["summary"]])
    assert [name for name in ids if f'"{name}"' in said or f" {name} " in said] == []


def test_a_faulty_source_is_kept_with_its_faults_and_nothing_is_published(board: Board) -> None:
    board.night()
    board.bring(slots="slot_id,openings\nJ1,many\n")
    night = board.night()
    assert (night["result"], night["reason"]["code"]) == ("failed", "faulty-source")
    assert night["dataset_id"] is not None
    assert len(board.publications()) == 1
    board.bring()
    assert board.night()["result"] == "published"


def test_a_source_that_is_not_there_fails_at_once_or_is_waited_for(service: Service, time: Clock, finish: Finish) -> None:
    board = Board(service, time, finish, {"wait_for_source": "PT2H"})
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


def test_no_plan_at_all_is_told_with_the_run_that_names_the_repair(service: Service, time: Clock, finish: Finish) -> None:
    promise = "constraints.reservation[two seats for the partner]"
    changes = [{"op": "set", "path": f"{promise}.mode", "value": "minimum_hard"}, {"op": "set", "path": f"{promise}.count", "value": 3}]
    night = Board(service, time, finish, {"changes": changes}).night()
    assert (night["result"], night["reason"]["code"]) == ("failed", "infeasible")
    assert night["run_id"] in night["reason"]["message"]


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


def test_a_held_night_waits_and_a_later_one_overtakes_it(service: Service, time: Clock, finish: Finish) -> None:
    board = Board(service, time, finish, {"review": "hold"})
    first = board.night()
    assert (first["status"], first["reason"]["code"]) == ("held", "review")
    assert board.publications() == []
    second = board.night()
    assert (board.rows()[0]["status"], second["status"]) == ("held", "held")


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
    import sqlalchemy as sa

    from api.results import open_run
    from api.store.tables import runs

    run_id = run_id or board.publications()[-1]["run_id"]
    with board.service.store.read() as connection:
        run = connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one()
    return set(open_run(board.service, run).result.plan())


def test_downtime_is_caught_up_by_the_rule(service: Service, time: Clock, finish: Finish) -> None:
    for rule, expected in (("none", ["skipped"] * 3), ("latest", ["skipped", "skipped", "published"]), ("all", ["skipped", "published", "published"])):
        time.moment = START
        board = Board(service, time, finish, {"name": f"Paper {rule}", "catch_up": {"rule": rule, "max_age": "P1DT20H"}})
        time.on(days=3, hours=3)
        board.work()
        assert [row["result"] for row in board.rows()] == expected, rule
        assert all(row["reason"]["message"] for row in board.rows() if row["result"] == "skipped")


def test_a_night_that_comes_to_no_end_is_given_up(board: Board) -> None:
    board._finish = lambda: []
    night = board.night()
    assert night["status"] == "running"
    board.time.on(hours=9)
    board.work()
    night = board.rows()[0]
    assert (night["result"], night["reason"]["code"]) == ("failed", "gave-up")
