"""Processes that answer: busy ones send people away, late ones are ended, dead ones replaced; what is made once is kept while there is room."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi import Request

from allocator import InputError
from api.answering import pool
from api.answering.papers import Papers
from api.answering.pool import Answerers
from api.answering.subject import Subject
from api.forms import Form, form_of
from api.problems import ProblemError
from api.routes.evaluations import INLINE
from api.settings import Settings
from api.solving.child import _carried_out
from tests.api.night_simulation import Quiet
from tests.api.town import make_town

PLAN = {"tables": INLINE["tables"], "policy": {}, "as_of": "2026-11-02", "assignments": [["S1", "J1"]]}


pytestmark = pytest.mark.usefixtures("solvers")


@pytest.fixture
def answerers() -> Iterator[Answerers]:
    """Two processes."""
    made = Answerers(Settings(answerers=2))
    yield made
    made.close()


def judged(answerers: Answerers, **more: Any) -> dict[str, Any]:
    return dict(json.loads(answerers.ask("evaluate_tables", [], PLAN, **more)))


def test_it_answers_and_says_what_is_wrong_with_a_question(answerers: Answerers) -> None:
    assert judged(answerers)["keeps_every_rule"] is True
    with pytest.raises(InputError) as caught:
        answerers.ask("evaluate_tables", [], {**PLAN, "assignments": [["S9", "J1"]]})
    assert [fault.code for fault in caught.value.faults] == ["unknown_id"]
    with pytest.raises(RuntimeError, match="made a mistake"):
        answerers.ask("evaluate_tables", [], {**PLAN, "as_of": "yesterday"})
    assert judged(answerers)["keeps_every_rule"] is True


def test_a_dead_process_is_replaced_unnoticed(answerers: Answerers) -> None:
    judged(answerers)
    (alive,) = [each for each in answerers._all if each.process is not None]
    os.kill(alive.process.pid, signal.SIGKILL)
    assert judged(answerers)["keeps_every_rule"] is True


def test_a_process_that_cannot_be_started_is_started_with_the_next_question(answerers: Answerers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Any) -> None:
        raise EOFError

    with monkeypatch.context() as patch:
        patch.setattr(pool.CONTEXT.Process, "start", refused)
        with pytest.raises(ProblemError) as caught:
            judged(answerers)
    assert caught.value.code == "unavailable"
    assert judged(answerers)["keeps_every_rule"] is True


def test_who_overstays_is_ended(answerers: Answerers) -> None:
    judged(answerers)
    (alive,) = [each for each in answerers._all if each.process is not None]
    frozen = psutil.Process(alive.process.pid)
    frozen.suspend()
    with pytest.raises(ProblemError) as caught:
        answerers.ask("evaluate_tables", [], PLAN, seconds=0.2)
    assert caught.value.code == "unavailable"
    assert not psutil.wait_procs([frozen], timeout=20)[1]
    assert judged(answerers)["keeps_every_rule"] is True


def test_who_finds_nobody_free_is_told_to_come_again(answerers: Answerers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE", 0.1)
    for each in answerers._all:
        each.busy = "short"
    with pytest.raises(ProblemError) as caught:
        judged(answerers)
    assert (caught.value.code, (caught.value.headers or {})["Retry-After"]) == ("busy", pool.AGAIN)
    threading.Timer(0.05, lambda: setattr(answerers._all[0], "busy", None)).start()
    monkeypatch.setattr(pool, "PATIENCE", 5)
    with answerers._free:
        answerers._free.notify_all()
    answerers._all[1].busy = None
    assert judged(answerers)["keeps_every_rule"] is True


def test_papers_leave_a_process_to_others_and_a_run_is_asked_about_where_it_is_open(answerers: Answerers) -> None:
    first, second = answerers._all
    first.busy = "paper"
    assert answerers._choose("paper", []) is None
    assert answerers._choose("short", []) is second
    first.busy, second.open = None, ["run_1"]
    assert answerers._choose("warm", ["run_1"]) is second
    second.busy = "warm"
    assert answerers._choose("warm", ["run_1"]) is None
    assert answerers._choose("short", ["run_1"]) is first
    assert answerers._choose("warm", ["run_2"]) is first


def test_of_two_that_have_a_run_open_the_one_that_knows_it_is_asked(answerers: Answerers) -> None:
    first, second = answerers._all
    first.open, second.open, second.ready, second.used = ["run_1"], ["run_1", "run_2"], ["run_1"], 9.0
    assert answerers._choose("warm", ["run_1"]) is second
    assert answerers._choose("short", ["run_1"]) is second
    assert answerers._choose("paper", ["run_1"]) is first, "a paper needs nothing of what was found out"
    second.busy = "short"
    assert answerers._choose("warm", ["run_1"]) is None, "it is waited for: finding it out again takes longer"
    assert answerers._choose("short", ["run_1"]) is first


def subject(folder: Path) -> Subject:
    """A run of the town, solved here."""
    scenario = make_town(folder / "town")
    _carried_out({"kind": "solve", "scenario": str(scenario), "seed": 0, "out": str(folder / "result")}, Quiet())  # type: ignore[arg-type]
    return Subject("run_1", {"scenario": str(scenario)}, str(folder / "result"))


def test_a_run_is_opened_ahead_where_a_process_stays_free_and_waited_for_meanwhile(answerers: Answerers, tmp_path: Path) -> None:
    town, let = subject(tmp_path), threading.Event()

    def laid_out() -> Subject:
        let.wait(60)
        return town

    assert answerers.open_ahead("run_1", laid_out) == "opening"
    assert answerers.open_ahead("run_1", laid_out) == "opening", "once is enough"
    assert answerers.open_ahead("run_2", laid_out) == "later", "one at a time, and one stays free"
    assert judged(answerers)["keeps_every_rule"] is True
    (opening,) = [each for each in answerers._all if each.busy == "ahead"]
    assert answerers._choose("warm", ["run_1"]) is None, "it is waited for, not opened a second time"
    threading.Timer(0.2, let.set).start()
    told = json.loads(answerers.ask("explain_slot", [town], {"slot_id": "J0", "seconds": 5}, kind="warm"))
    assert told["sentence"]
    assert opening.ready == ["run_1"]
    assert answerers.open_ahead("run_1", laid_out) == "open"
    opening.process.kill()
    opening.process.join()
    assert answerers.open_ahead("run_1", laid_out) == "opening", "what died is not open"


def test_a_run_is_opened_ahead_beside_what_is_ready_elsewhere(answerers: Answerers, tmp_path: Path) -> None:
    town, let = subject(tmp_path), threading.Event()

    def laid_out() -> Subject:
        let.wait(60)
        return town

    first, second = answerers._all
    first.open, first.ready = ["run_1", "run_2"], ["run_2"]
    assert answerers.open_ahead("run_1", laid_out) == "opening"
    assert (first.busy, second.busy) == (None, "ahead")
    let.set()


def test_what_cannot_be_opened_ahead_or_does_not_stay_is_left_to_the_first_question(tmp_path: Path) -> None:
    small, lone = Answerers(Settings(answerers=2, answers_gb=0.001)), Answerers(Settings(answerers=1))
    town = subject(tmp_path)

    def broken() -> Subject:
        raise OSError("no room on the disk")

    try:
        assert lone.open_ahead("run_1", lambda: town) == "later"
        for key, lay_out in (("run_1", lambda: town), ("run_2", broken)):
            assert small.open_ahead(key, lay_out) == "opening"
            until = time.monotonic() + 60
            while any(each.busy for each in small._all):
                assert time.monotonic() < until
                time.sleep(0.05)
            assert small.open_ahead(key, lay_out) == "later"
    finally:
        small.close()
        lone.close()


def test_what_does_not_fit_into_memory_is_closed(tmp_path: Path) -> None:
    answerers = Answerers(Settings(answerers=1, answers_gb=0.001))
    subject = Subject("town", {"scenario": str(make_town(tmp_path))})
    try:
        for _ in range(2):
            assert json.loads(answerers.ask("evaluate_facts", [subject], {"assignments": [], "seed": 0}))["seekers"] == 40
            assert answerers._all[0].open == ()
    finally:
        answerers.close()


def test_papers_are_made_once_and_kept_while_there_is_room(tmp_path: Path) -> None:
    papers, made = Papers(tmp_path / "papers", 25), list[str]()

    def make(name: str) -> bytes:
        made.append(name)
        time.sleep(0.1)
        return b"0123456789"

    threads = [threading.Thread(target=papers.get, args=("run_1", "a", lambda: make("a"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["a"]
    (tmp_path / "papers" / "0.0.0").mkdir()
    for name in ("b", "c"):
        assert papers.get("run_2", name, lambda name=name: make(name)).read_bytes() == b"0123456789"  # type: ignore[misc]
    assert not (tmp_path / "papers" / "0.0.0").exists()
    papers.get("run_1", "a", lambda: make("a again"))
    assert made == ["a", "b", "c", "a again"]
    papers.forget("run_1")
    papers.get("run_1", "a", lambda: make("a once more"))
    assert made[-1] == "a once more"


@pytest.mark.parametrize(
    ("accept", "asked", "form"),
    [
        (None, None, "json"),
        ("*/*", None, "json"),
        ("text/csv", None, "csv"),
        ("text/*", None, "csv"),
        ("application/json;q=0.2, text/csv;q=0.3", None, "csv"),
        ("text/csv;q=0, */*", None, "json"),
        ("text/csv", "json", "json"),
        ("image/png", "csv", "csv"),
        ("image/png", None, None),
        ("text/csv;q=x", None, None),
        ("", None, None),
    ],
)
def test_the_form_is_what_format_says_else_accept(accept: str | None, asked: Form | None, form: Form | None) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
    if form is None:
        with pytest.raises(ProblemError) as caught:
            form_of(request, asked, ("json", "csv"))
        assert caught.value.code == "not-acceptable"
    else:
        assert form_of(request, asked, ("json", "csv")) == form


def test_a_process_is_ended_once_however_many_want_it_ended(answerers: Answerers) -> None:
    for _ in range(20):
        one = answerers._all[0]
        one.start(1e9)
        process, failed = one.process, []

        def end(one: Any = one, failed: list[BaseException] = failed) -> None:
            try:
                one.end()
            except BaseException as error:  # what the test is about: any error at all
                failed.append(error)

        threads = [threading.Thread(target=end) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert not process.is_alive()
