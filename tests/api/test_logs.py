"""What is written to the log, and what never is."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from api.service import Service
from api.settings import Settings
from api.tracebacks import frames
from tests.api.conftest import Ask
from tests.api.made import make_scenario

PERSON = "Zaphod-Beeblebrox-S17"


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written(logged_as: Callable[[Settings, str], None], capsys: pytest.CaptureFixture[str]) -> Lines:
    """The lines that were written as JSON since the last look."""
    logged_as(Settings(log_format="json", log_level="DEBUG"), "web")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_everybody_writes_the_same_form(written: Lines) -> None:
    structlog.get_logger("ojt.web").info("hello", run_id="run_1")
    logging.getLogger("uvicorn.error").error("from %s", "uvicorn")
    logging.getLogger("dbos").warning("from the queue")
    logging.getLogger("anything").info("from a library")
    logging.getLogger("sqlalchemy.engine").info("select 1")
    told = written()
    assert [(line["logger"], line["event"], line["process"]) for line in told] == [
        ("ojt.web", "hello", "web"),
        ("uvicorn.error", "from uvicorn", "web"),
        ("dbos", "from the queue", "web"),
        ("anything", "from a library", "web"),
    ]
    assert told[0]["run_id"] == "run_1"
    assert all(line["timestamp"].endswith("Z") for line in told)


def test_lines_for_people_are_one_line_each(logged_as: Callable[[Settings, str], None], capsys: pytest.CaptureFixture[str]) -> None:
    logged_as(Settings(log_format="text", log_level="INFO"), "worker")
    structlog.get_logger("ojt.worker").info("worker\nstarted", worker_id="w1")
    structlog.get_logger("ojt.worker").debug("not said")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO    worker ojt.worker: worker\\nstarted worker_id=w1")


def test_an_error_is_told_by_where_it_came_through_and_not_by_what_it_says(written: Lines) -> None:
    try:
        try:
            raise KeyError(PERSON)
        except KeyError as error:
            raise ValueError(f"no {PERSON}") from error
    except ValueError as error:
        structlog.get_logger("ojt").exception("it broke")
        logging.getLogger("uvicorn.error").error("it broke", exc_info=error)
        told = frames(error)
    lines = written()
    assert PERSON not in json.dumps(lines)
    assert told[1] == "KeyError"
    assert told[-1] == "ValueError"
    assert all(line["trace"] == told for line in lines)
    assert "tests/api/test_logs.py" in told[0]


def test_errors_about_files_and_connections_say_what_they_mean() -> None:
    assert frames(FileNotFoundError(2, "No such file", "x.csv"))[-1].startswith("FileNotFoundError: ")
    assert "refused" in frames(sa.exc.OperationalError("select 1", {}, Exception("connection refused")))[-1]
    assert frames(sa.exc.IntegrityError("insert", {}, Exception(PERSON)))[-1] == "IntegrityError"


def test_an_error_of_the_store_does_not_show_its_parameters(service: Service) -> None:
    with service.store.read() as connection, pytest.raises(sa.exc.SQLAlchemyError) as caught:
        connection.execute(sa.text("select nothing from nowhere where name = :name"), {"name": PERSON})
    assert PERSON not in str(caught.value)


def test_a_request_is_one_line_with_its_template(ask_as: Ask, written: Lines) -> None:
    client = ask_as("planner")
    written()
    answers = [client.get(f"/v1/runs/{PERSON}?status={PERSON}"), client.get(f"/v1/{PERSON}"), client.get("/healthz")]
    lines = [line for line in written() if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"], line["level"]) for line in lines] == [
        ("GET", "/v1/runs/{run_id}", 404, "info"),
        ("GET", "(none)", 404, "info"),
        ("GET", "/healthz", 200, "debug"),
    ]
    assert lines[0]["key"].startswith("key_")
    assert lines[0]["ms"] > 0
    assert [line["trace_id"] for line in lines] == [answer.headers["x-trace-id"] for answer in answers]
    assert PERSON not in json.dumps(lines)


def test_a_sender_s_trace_is_kept_and_reaches_the_worker(service: Service, ask_as: Ask, finish: Callable[[], Any], written: Lines) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    made = ask_as("planner").post("/v1/runs", json={"scenario_id": make_scenario(service)}, headers=headers)
    assert (made.status_code, made.headers["x-trace-id"]) == (202, trace)
    finish()
    lines = [line for line in written() if line["logger"] == "ojt.runs"]
    assert [(line["event"], line["run_id"], line["trace_id"]) for line in lines] == [(event, made.json()["id"], trace) for event in ("run begun", "run ended")]


def test_what_nobody_has_caught_is_a_problem_and_a_line(ask_as: Ask, written: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(PERSON)

    monkeypatch.setattr("api.routes.runs.find_run", broken)
    answer = ask_as("planner").get("/v1/runs/run_1")
    assert (answer.status_code, answer.json()["code"], answer.headers["content-type"]) == (500, "broken", "application/problem+json")
    lines = [line for line in written() if line.get("trace_id") == answer.json()["trace_id"]]
    assert [line["event"] for line in lines] == ["a request broke", "request"]
    assert lines[0]["trace"][-1] == "RuntimeError"
    assert PERSON not in json.dumps(lines)
    assert PERSON not in answer.text
