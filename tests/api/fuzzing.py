"""Schemathesis over the whole API, in this process: examples, edge cases, random cases, and sequences in which one answer feeds the next request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.run import PhaseName

from api.app import create_app
from api.settings import Settings

REFUSED = ["2xx", "3xx", 400, 401, 403, 404, 406, 409, 410, 412, 415, 422, 428, 429]
"""How a request may be answered that fits the schema: whether a cursor is ours, an id is there, or facts and policy fit each other, no schema can say."""


@dataclass
class Report:
    """What came of it."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Requests that were sent."""
        return sum(self.cases.values())

    def said(self) -> str:
        """All of it, for people."""
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.statuses.items()))
        phases = ", ".join(f"{phase} {count:,}" for phase, count in self.cases.items())
        head = f"{self.total:,} requests to {len(self.operations)} operations in {self.seconds:,.0f} s ({phases}); {statuses}"
        return "\n\n".join([head, *self.errors, *self.failures.values()])


def fuzz(settings: Settings, secret: str, *, examples: int, steps: int = 6, seed: int = 1, world: Mapping[str, str]) -> Report:
    """Ask every operation up to so many odd things in each phase; `world` are ids that exist, which half of the requests use."""
    quiet = settings.model_copy(update={"queue_limit": 10**9, "auth_failures": 10**9})
    app = create_app(quiet)
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "headers": {"Authorization": f"Bearer {secret}"},
            "max-stream-events": 1,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "workers": 1,
            "cache": {"enabled": False},
            "generation": {"max-examples": examples, "mode": "all", "no-shrink": True, "allow-x00": True, "database": "none"},
            "dictionaries": {name: {"values": [value]} for name, value in world.items()},
            "parameters": {name: {"dictionary": name, "probability": 0.5} for name in world},
            "checks": {"positive_data_acceptance": {"expected-statuses": REFUSED}},
            "phases": {"stateful": {"max-steps": steps}},
        }
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    report, started = Report(), time.monotonic()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished) and event.phase is not PhaseName.AUTH_BOOTSTRAP:
            _read(report, event)
        elif isinstance(event, events.NonFatalError):
            report.errors.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            report.errors.append(repr(event.exception))
    report.seconds = time.monotonic() - started
    return report


def _read(report: Report, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        node = recorder.cases.get(case_id)
        report.cases[event.phase.value] += 1
        if node is not None:
            report.operations.add(node.value.operation.label)
        if interaction.response is not None:
            report.statuses[interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is None:
                continue
            failure = check.failure_info.failure
            node = recorder.cases[case_id]
            label = node.value.operation.label
            body = recorder.interactions[case_id].response
            answer = f"{body.status_code} {body.text[:600]}" if body is not None else ""
            name = f"{label} {check.name} {failure.title}"
            report.failures.setdefault(name, f"{name}\n{failure.message}\n{check.failure_info.code_sample[:1500]}\n{answer}")
