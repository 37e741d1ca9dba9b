"""Metrics for Prometheus. What counts runs, nights and deliveries is counted in the store, so that every web replica says the same; what a process
counts by itself says so. Nothing names a person, and the canary's runs are counted apart.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api import canary
from api.jobs.living import count_alive
from api.service import Service
from api.store.engine import seconds_between
from api.store.tables import CANARY, canaries, deliveries, occurrences, run_unplaced, runs

FRESH = 5.0
"""Seconds that an answer of the store is told again, whoever asks."""
SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
GAPS = (0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.5, 1)
ANSWERED = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Requests:
    """How long requests took in this process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "alloc_http_request_seconds", "Duration of requests, of this process alone.", ("method", "route", "status"), buckets=ANSWERED, registry=registry
        )

    def seen(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._seconds.labels(method, route, str(status)).observe(seconds)


class Meters:
    """The metrics of a web process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Requests(self._registry)

    def watch(self, service: Service) -> None:
        """Tell also what the store of a service says."""
        self._registry.register(Stored(service))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)


class Stored(Collector):
    """What the store says, asked anew when the last answer is older than `FRESH`."""

    def __init__(self, service: Service) -> None:
        self._service, self._asking = service, threading.Lock()
        self._known: list[Metric] = []
        self._asked = float("-inf")

    def describe(self) -> Iterable[Metric]:
        """Nothing: the store is not asked before somebody wants to know."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Every metric of the store."""
        with self._asking:
            if time.monotonic() - self._asked > FRESH:
                with self._service.store.read() as connection:
                    self._known = list(_metrics(connection, self._service))
                self._asked = time.monotonic()
            return list(self._known)


def _metrics(connection: sa.Connection, service: Service) -> Iterator[Metric]:
    yield from _runs(connection)
    yield from _waiting(connection, service)
    yield from _nights(connection)
    yield from _canary(connection)


def _runs(connection: sa.Connection) -> Iterator[Metric]:
    ended = CounterMetricFamily("alloc_runs", "Runs that ended.", labels=("outcome", "stop_reason"))
    theirs = runs.c.board != CANARY
    ending = (runs.c.status, runs.c.outcome, runs.c.stop_reason)
    query = sa.select(*ending, sa.func.count()).where(theirs, runs.c.finished_at.is_not(None)).group_by(*ending)
    counts: Counter[tuple[str, str]] = Counter()
    for status, outcome, why, count in connection.execute(query):
        counts[outcome or status, why or ""] += count
    for labels, count in sorted(counts.items()):
        ended.add_metric(labels, count)
    yield ended
    waited = seconds_between(connection, runs.c.created_at, runs.c.started_at)
    yield _histogram(connection, "alloc_queue_wait_seconds", "Time from submission to the first attempt.", waited, SECONDS, theirs, runs.c.started_at)
    begun, over = runs.c.started_at, runs.c.finished_at
    solved = seconds_between(connection, begun, over)
    yield _histogram(connection, "alloc_solve_seconds", "Time from the first attempt to the end.", solved, SECONDS, theirs, begun, over)
    yield _histogram(connection, "alloc_gap_at_stop", "Largest relative gap of any goal at the end.", runs.c.gap, GAPS, theirs, runs.c.gap)
    unplaced = CounterMetricFamily("alloc_unplaced", "People without a slot in plans, by reason.", labels=("reason",))
    counted = sa.select(run_unplaced.c.reason, sa.func.sum(run_unplaced.c.people)).group_by(run_unplaced.c.reason)
    for reason, people in connection.execute(counted):
        unplaced.add_metric((reason,), people)
    yield unplaced


def _histogram(
    connection: sa.Connection,
    name: str,
    about: str,
    value: sa.ColumnElement[float],
    bounds: Sequence[float],
    theirs: sa.ColumnElement[bool],
    *there: sa.Column[object],
) -> Metric:
    """How many values are at most each bound, in one pass over an index."""
    within = [sa.func.count(sa.case((value <= bound, 1))) for bound in bounds]
    query = sa.select(*within, sa.func.count(), sa.func.coalesce(sa.func.sum(value), 0)).where(theirs, *(column.is_not(None) for column in there))
    *counts, total, sum_ = connection.execute(query).one()
    metric = HistogramMetricFamily(name, about)
    metric.add_metric((), [*((f"{bound:g}", count) for bound, count in zip(bounds, counts, strict=True)), ("+Inf", total)], float(sum_))
    return metric


def _waiting(connection: sa.Connection, service: Service) -> Iterator[Metric]:
    counted = sa.select(runs.c.status, sa.func.count()).where(runs.c.status.in_(("queued", "running", "cancelling"))).group_by(runs.c.status)
    there: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted)}
    depth = GaugeMetricFamily("alloc_queue_depth", "Runs that wait for a solver.")
    depth.add_metric((), there.get("queued", 0))
    running = GaugeMetricFamily("alloc_runs_running", "Runs that are being solved.")
    running.add_metric((), there.get("running", 0) + there.get("cancelling", 0))
    alive = GaugeMetricFamily("alloc_workers", "Workers that live.")
    alive.add_metric((), count_alive(connection, service.settings.lost_after))
    yield from (depth, running, alive)


def _nights(connection: sa.Connection) -> Iterator[Metric]:
    nights = CounterMetricFamily("alloc_schedule_occurrences", "Due times of schedules that are over.", labels=("result",))
    counted = sa.select(occurrences.c.result, sa.func.count()).where(occurrences.c.result.is_not(None)).group_by(occurrences.c.result)
    for result, count in connection.execute(counted):
        nights.add_metric((result,), count)
    sent = CounterMetricFamily("alloc_webhook_deliveries", "Deliveries of webhooks, by where they stand.", labels=("status",))
    for status, count in connection.execute(sa.select(deliveries.c.status, sa.func.count()).group_by(deliveries.c.status)):
        sent.add_metric((status,), count)
    yield from (nights, sent)


def _canary(connection: sa.Connection) -> Iterator[Metric]:
    up = GaugeMetricFamily("alloc_canary_up", "Whether the last canary that ended came to its known answer; absent where there was none.")
    seconds = GaugeMetricFamily("alloc_canary_seconds", "How long the last canary took from submission to its verdict.")
    at = GaugeMetricFamily("alloc_canary_last_success_timestamp_seconds", "When a canary last came to its known answer.")
    last = canary.last(connection)
    if last is not None:
        up.add_metric((), int(last["sound"]))
        seconds.add_metric((), (last["finished_at"] - last["started_at"]).total_seconds())
    good = connection.execute(sa.select(sa.func.max(canaries.c.finished_at)).where(canaries.c.sound)).scalar()
    if good is not None:
        at.add_metric((), good.timestamp())
    yield from (up, seconds, at)
