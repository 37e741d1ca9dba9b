"""What a worker does with a run: claim it, lay out its inputs, solve in a process, keep the result. Harmless where it is done twice."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
import structlog
from structlog.contextvars import bound_contextvars

from api import telemetry
from api.clock import now
from api.jobs import runs as life
from api.jobs.runs import Claim
from api.service import Service
from api.solving.process import Ended, carry_out
from api.store.engine import passing
from api.store.tables import datasets, run_files, runs

log = structlog.get_logger("ojt.runs")
EVERY = 1.0
"""Least seconds between two incumbents that are written down."""
WAITS = (0.2, 0.5, 1.0, 2.0, 5.0)
PATIENCE = 600.0
"""Seconds for which a store that cannot be reached is waited for before an attempt is given up."""
T = TypeVar("T")

_held: dict[str, int] = {}
_holding = threading.Lock()


def held_here() -> set[str]:
    """The runs that this process works on."""
    with _holding:
        return set(_held)


def solve_run(service: Service, worker_id: str, run_id: str) -> None:
    """Bring a run to its end, or leave it to the next attempt."""
    claim = patiently(lambda: life.claim(service.store, run_id, worker_id))
    if claim is None:
        return
    with _holding:
        _held[run_id] = claim.token
    work = service.settings.work / worker_id / f"{run_id}.{claim.token}"
    try:
        with bound_contextvars(run_id=run_id, attempt=claim.token, trace_id=telemetry.trace_id(claim.traceparent)):
            _attempted(service, claim, work)
    finally:
        with _holding:
            if _held.get(run_id) == claim.token:
                del _held[run_id]
        shutil.rmtree(work, ignore_errors=True)


def patiently(task: Callable[[], T]) -> T:
    """Do something with the store, again and again while it cannot be reached."""
    began, tries = time.monotonic(), 0
    while True:
        try:
            return task()
        except sa.exc.SQLAlchemyError as error:
            if not passing(error) or time.monotonic() - began > PATIENCE:
                raise
            log.warning("the store cannot be reached", error=type(error).__name__)
        time.sleep(WAITS[min(tries, len(WAITS) - 1)])
        tries += 1


def _attempted(service: Service, claim: Claim, work: Path) -> None:
    log.info("run begun")
    if claim.token == 1 and claim.submitted_at is not None:
        telemetry.waited("wait in the queue", claim.traceparent, claim.submitted_at, run_id=claim.run_id)
    try:
        with telemetry.span("solve", claim.traceparent, run_id=claim.run_id, attempt=claim.token, worker_id=claim.worker_id) as span:
            ended = _solved(service, claim, work)
            files = {path.name: path.read_bytes() for path in sorted((work / "result").iterdir())} if ended.how == "done" else {}
            patiently(lambda: _written_down(service, claim, ended, files))
            span.set_attributes({"how": ended.how, **{name: ended.said[name] for name in ("status", "stop_reason") if name in ended.said}})
        log.info("run ended", how=ended.how)
    except Exception as broken:  # whatever breaks, the run must not hang: it waits for another attempt, or ends as failed with its reason
        log.exception("an attempt broke")
        error = {"code": "broken", "message": f"Each attempt at the run broke off in the worker ({type(broken).__name__}); the logs say more."}
        patiently(lambda: life.died(service.store, service.queue, claim, service.settings.attempts, error))


def _solved(service: Service, claim: Claim, work: Path) -> Ended:
    job = patiently(lambda: _job(service, claim))
    out = work / "result"
    out.mkdir(parents=True, exist_ok=True)
    told = Telling(service, claim)
    return carry_out({**job, "out": str(out)}, service.settings, told.wanted, told.heard)


def _job(service: Service, claim: Claim) -> dict[str, Any]:
    with service.store.read() as connection:
        run = connection.execute(sa.select(runs).where(runs.c.id == claim.run_id)).mappings().one()
        files = connection.execute(sa.select(datasets.c.files).where(datasets.c.id == run["dataset_id"])).scalar_one()
        reference = dict(connection.execute(sa.select(run_files.c.name, run_files.c.sha256).where(run_files.c.run_id == run["reference_run"])).all())
    job = {**run["job"], "kind": run["kind"], "scenario": str(service.folders.folder(files))}
    if run["reference_run"] is not None:
        job["reference"] = str(service.folders.folder({"assignments.csv": reference["assignments.csv"]}) / "assignments.csv")
    return job


class Telling:
    """Writes down what the solver tells, not more often than anybody can read, and asks whether to go on."""

    def __init__(self, service: Service, claim: Claim) -> None:
        self._service, self._claim = service, claim
        self._goals: dict[str, dict[str, float | None]] = {}
        self._points: dict[str, int] = {}
        self._phase, self._written, self._unsaid, self._better = "", 0.0, False, False
        self._held = True

    def heard(self, message: Mapping[str, Any]) -> None:
        """A message from the solver."""
        if message["type"] == "phase":
            self._phase = message["phase"]
            self._write({}, ("phase", {"phase": self._phase}))
        elif message["type"] == "incumbent":
            before = self._goals.get(message["goal"])
            self._goals[message["goal"]] = {"value": message["value"], "bound": message["bound"]}
            self._unsaid |= before != self._goals[message["goal"]]
            self._better |= message["value"] is not None and message["value"] != (before or {}).get("value")  # a better bound is no better plan
            self._say()
        elif message["type"] == "points":
            self._points = {"done": message["done"], "total": message["total"]}
            self._unsaid = True
            self._say()
        elif message["type"] == "unready":
            log.error("a list could not be made", error=message["error"], trace=message["trace"])

    def wanted(self) -> Literal["go on", "stop", "abandon"]:
        """What the run's row asks for."""
        self._say()
        if not self._held:
            return "abandon"
        try:
            status = life.wanted(self._service.store, self._claim)
        except sa.exc.SQLAlchemyError as error:
            return self._without(error)
        return "abandon" if status is None else "stop" if status == "cancelling" else "go on"

    def _without(self, error: sa.exc.SQLAlchemyError) -> Literal["go on"]:
        """The store cannot be reached: solving goes on, and the end will wait for it."""
        if not passing(error):
            raise error
        return "go on"

    def _say(self) -> None:
        if not self._unsaid or time.monotonic() - self._written < EVERY:
            return
        if self._points:
            self._write({}, ("points", self._points))
        else:
            goal, amounts = next(reversed(self._goals.items()))
            self._write({"last_improvement_at": now()} if self._better else {}, ("incumbent", {"goal": goal, **amounts}))
            self._better = False

    def _write(self, values: Mapping[str, Any], event: tuple[str, Mapping[str, Any]]) -> None:
        self._unsaid, self._written = False, time.monotonic()
        shown: dict[str, Any] = {"phase": self._phase, "goals": [{"goal": goal, **amounts} for goal, amounts in self._goals.items()]}
        shown |= {"points": self._points} if self._points else {}
        try:
            self._held &= life.progress(self._service.store, self._claim, {"progress": shown, **values}, event)
        except sa.exc.SQLAlchemyError as error:
            self._without(error)


def _written_down(service: Service, claim: Claim, ended: Ended, files: Mapping[str, bytes]) -> None:
    store, said = service.store, ended.said
    if ended.how == "done":
        stopped = said["stop_reason"] == "cancelled"
        cancelled = stopped and life.wanted(store, claim) == "cancelling"
        reason = "time_limit" if stopped and not cancelled else said["stop_reason"]
        values = {
            "outcome": said["status"],
            "stop_reason": reason,
            **{name: said[name] for name in ("verified", "summary")},
            "gap": (said["summary"] or {}).get("gap"),
        }
        life.finish(store, claim, "cancelled" if cancelled else "succeeded", values, files)
    elif ended.how == "killed":
        error = {"code": "solver-lost", "message": "The solver process was killed each time it was begun.", "exit_code": said.get("exit_code")}
        life.died(store, service.queue, claim, service.settings.attempts, error)
    elif ended.how != "abandoned":
        if ended.how == "wall" and life.wanted(store, claim) == "cancelling":
            life.finish(store, claim, "cancelled", {"stop_reason": "cancelled"}, {})
            return
        reason, error = _failure(service, ended)
        life.finish(store, claim, "failed", {"stop_reason": reason, "error": error}, {})


def _failure(service: Service, ended: Ended) -> tuple[str, dict[str, Any]]:
    """Stop reason and error of a run that will not get any further."""
    settings, said = service.settings, ended.said
    if ended.how == "faulty":
        return "error", {"code": "faulty-input", "message": "The input has faults.", "faults": said["faults"]}
    if ended.how == "memory" or said.get("error") == "MemoryError":
        return "memory", {"code": "memory", "message": f"The solver held more than {settings.memory_gb:g} GB and was ended."}
    if ended.how == "wall":
        return "time_limit", {"code": "wall-limit", "message": f"The run took longer than {settings.wall_limit} and did not end when asked."}
    log.error("the solver made a mistake", error=said["error"], trace=said["trace"])
    return "error", {"code": "broken", "message": f"The solver made a mistake ({said['error']}); the logs say more."}
