"""What a worker does with a run: claim it, lay out its inputs, solve in a process, keep the result. Harmless where it is done twice."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
import structlog

from api.clock import now
from api.jobs import runs as life
from api.jobs.runs import Claim
from api.service import Service
from api.solving.process import Ended, carry_out
from api.store.tables import datasets, run_files, runs

log = structlog.get_logger("ojt.runs")
EVERY = 1.0
"""Least seconds between two incumbents that are written down."""


def solve_run(service: Service, worker_id: str, run_id: str) -> None:
    """Bring a run to its end, or leave it to the next attempt."""
    claim = life.claim(service.store, run_id, worker_id)
    if claim is None:
        return
    log.info("run begun", run_id=run_id, attempt=claim.token)
    work = service.settings.data_dir / "work" / f"{run_id}.{claim.token}"
    try:
        ended = _solved(service, claim, work)
        _written_down(service, claim, ended, work)
        log.info("run ended", run_id=run_id, attempt=claim.token, how=ended.how)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _solved(service: Service, claim: Claim, work: Path) -> Ended:
    with service.store.read() as connection:
        run = connection.execute(sa.select(runs).where(runs.c.id == claim.run_id)).mappings().one()
        files = connection.execute(sa.select(datasets.c.files).where(datasets.c.id == run["dataset_id"])).scalar_one()
        reference = dict(connection.execute(sa.select(run_files.c.name, run_files.c.sha256).where(run_files.c.run_id == run["reference_run"])).all())
    out = work / "result"
    out.mkdir(parents=True, exist_ok=True)
    job = {**run["job"], "kind": run["kind"], "scenario": str(service.folders.folder(files)), "out": str(out)}
    if reference:
        job["reference"] = str(service.folders.folder({"assignments.csv": reference["assignments.csv"]}) / "assignments.csv")
    told = Telling(service, claim)
    return carry_out(job, service.settings, told.wanted, told.heard)


class Telling:
    """Writes down what the solver tells, not more often than anybody can read, and asks whether to go on."""

    def __init__(self, service: Service, claim: Claim) -> None:
        self._service, self._claim = service, claim
        self._goals: dict[str, dict[str, float | None]] = {}
        self._phase, self._written, self._unsaid = "", 0.0, False
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
            self._say()

    def wanted(self) -> Literal["go on", "stop", "abandon"]:
        """What the run's row asks for."""
        self._say()
        status = life.wanted(self._service.store, self._claim) if self._held else None
        return "abandon" if status is None else "stop" if status == "cancelling" else "go on"

    def _say(self) -> None:
        if self._unsaid and time.monotonic() - self._written >= EVERY:
            goal, amounts = next(reversed(self._goals.items()))
            self._write({"last_improvement_at": now()}, ("incumbent", {"goal": goal, **amounts}))

    def _write(self, values: Mapping[str, Any], event: tuple[str, Mapping[str, Any]]) -> None:
        self._unsaid, self._written = False, time.monotonic()
        shown = {"phase": self._phase, "goals": [{"goal": goal, **amounts} for goal, amounts in self._goals.items()]}
        self._held &= life.progress(self._service.store, self._claim, {"progress": shown, **values}, event)


def _written_down(service: Service, claim: Claim, ended: Ended, work: Path) -> None:
    store, said = service.store, ended.said
    if ended.how == "done":
        files = {path.name: path.read_bytes() for path in sorted((work / "result").iterdir())}
        stopped = life.wanted(store, claim) == "cancelling" and said["stop_reason"] == "cancelled"
        values = {"outcome": said["status"], "stop_reason": said["stop_reason"], "verified": said["verified"], "summary": said["summary"]}
        life.finish(store, claim, "cancelled" if stopped else "succeeded", values, files)
    elif ended.how == "faulty":
        error = {"code": "faulty-input", "message": "The input has faults.", "faults": said["faults"]}
        life.finish(store, claim, "failed", {"stop_reason": "error", "error": error}, {})
    elif ended.how == "broken":
        error = {"code": "broken", "message": f"The solver made a mistake ({said['error']}); the logs say more."}
        life.finish(store, claim, "failed", {"stop_reason": "error", "error": error}, {})
    elif ended.how == "memory":
        error = {"code": "memory", "message": f"The solver held more than {service.settings.memory_gb:g} GB and was ended."}
        life.finish(store, claim, "failed", {"stop_reason": "memory", "error": error}, {})
    elif ended.how == "wall":
        _overstayed(service, claim)
    elif ended.how == "killed":
        error = {"code": "solver-lost", "message": "The solver process was killed each time it was begun.", "exit_code": said.get("exit_code")}
        if life.died(store, claim, service.settings.attempts, error):
            solve_run(service, claim.worker_id, claim.run_id)


def _overstayed(service: Service, claim: Claim) -> None:
    if life.wanted(service.store, claim) == "cancelling":
        life.finish(service.store, claim, "cancelled", {"stop_reason": "cancelled"}, {})
        return
    error = {"code": "wall-limit", "message": f"The run took longer than {service.settings.wall_limit} and did not end when asked."}
    life.finish(service.store, claim, "failed", {"stop_reason": "time_limit", "error": error}, {})
