"""One trace from the request to the end of its run, and nothing about a person in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api import telemetry
from api.access import keys
from api.app import create_app
from api.service import Service
from tests.api.made import make_scenario

PERSON = "Zaphod-Beeblebrox-S17"


@pytest.fixture
def exported(service: Service) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    telemetry.start(service.settings.model_copy(update={"telemetry": True}), "web", exporter)
    yield exporter
    telemetry.stop()


@pytest.fixture
def planner(service: Service, exported: InMemorySpanExporter) -> Iterator[TestClient]:
    with service.store.begin() as connection:
        _, secret = keys.create(connection, board="main", role="planner", name=PERSON, by="test")
    with TestClient(create_app(service.settings), raise_server_exceptions=False, headers={"Authorization": f"Bearer {secret}"}) as client:
        exported.clear()
        yield client


def named(exported: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exported.get_finished_spans()}


def test_one_trace_from_the_request_to_the_end_of_its_run(
    service: Service, planner: TestClient, exported: InMemorySpanExporter, finish: Callable[[], list[dict[str, Any]]]
) -> None:
    sender = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    made = planner.post("/v1/runs", json={"scenario_id": make_scenario(service), "note": PERSON}, headers={"traceparent": sender})
    finish()
    spans = named(exported)
    assert {"POST /v1/runs", "submit", "wait in the queue", "solve"} <= set(spans)
    assert {f"{span.context.trace_id:032x}" for span in spans.values()} == {"4bf92f3577b34da6a3ce929d0e0e4736"} == {made.headers["x-trace-id"]}
    submit = spans["submit"].context.span_id
    assert [spans[name].parent.span_id for name in ("wait in the queue", "solve")] == [submit, submit]  # type: ignore[union-attr]
    solve = dict(spans["solve"].attributes or {})
    assert (solve["run_id"], solve["how"], solve["stop_reason"]) == (made.json()["id"], "done", "proved")
    assert spans["wait in the queue"].end_time <= spans["solve"].end_time  # type: ignore[operator]


def test_no_span_tells_who(planner: TestClient, exported: InMemorySpanExporter) -> None:
    planner.get(f"/v1/runs/{PERSON}?status={PERSON}", headers={"User-Agent": "test"})
    planner.get(f"/{PERSON}")
    planner.post(f"/v1/runs/{PERSON}/cancel", json={"who": PERSON})
    told = [(span.name, dict(span.attributes or {}), [(event.name, event.attributes) for event in span.events]) for span in exported.get_finished_spans()]
    assert "GET /v1/runs/{run_id}" in [name for name, _, _ in told]
    assert PERSON not in str(told)


def test_an_error_is_told_by_its_type(exported: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="S17"), telemetry.span("solve"):
        raise ValueError(PERSON)
    (span,) = exported.get_finished_spans()
    assert (dict(span.attributes or {}), span.events, span.status.description) == ({"error.type": "ValueError"}, (), None)


def test_nothing_is_sent_unless_asked(service: Service) -> None:
    telemetry.start(service.settings, "web")
    assert telemetry.of_requests()["tracing"] is False
    with telemetry.span("solve") as span:
        assert not span.is_recording()
    assert telemetry.carried() == {}
