"""Runs of a board: finding one, and what is asked of one before anything is done with it. How a run lives is in `jobs/runs.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from api.jobs.turns import OPEN
from api.problems import PointedFault, ProblemError, not_found
from api.references import LOOK_BACK, NO_REFERENCE, problem_of
from api.scenarios import inputs_of_version
from api.service import Service
from api.store.tables import run_events, runs


class Limits(BaseModel):
    """What may end a run early."""

    model_config = ConfigDict(extra="forbid")

    time_limit: float | None = Field(
        None,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="Seconds for solving; the policy's where absent. A run lasts longer by what it takes to end: the step under way, the check, the files.",
    )
    gap: float | None = Field(None, ge=0, le=1, allow_inf_nan=False, description="Relative gap at which a goal counts as done; 0 asks for proof.")
    memory_gb: float | None = Field(None, gt=0, le=4096, allow_inf_nan=False, description="Gigabytes to hold while solving; the policy's where absent.")


def find_run(connection: sa.Connection, board: str, run_id: str) -> Mapping[str, Any]:
    """A run of a board; ProblemError where there is none."""
    row = connection.execute(sa.select(runs).where(runs.c.id == run_id, runs.c.board == board)).mappings().first()
    if row is None:
        raise not_found("run", run_id)
    return dict(row)


def run_of(service: Service, board: str, run_id: str) -> Mapping[str, Any]:
    """A run of a board, read by itself; ProblemError where there is none."""
    with service.store.read() as connection:
        return find_run(connection, board, run_id)


def told_so_far(service: Service, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a run has told of its goals since its attempt began, as moments of a trace; seconds are those since solving began."""
    query = sa.select(run_events).where(run_events.c.run_id == run["id"], run_events.c.type.in_(("phase", "incumbent"))).order_by(run_events.c.seq)
    moments: list[dict[str, Any]] = []
    began = None
    with service.store.read() as connection:
        for event in connection.execute(query).mappings():
            data = event["data"]
            if event["type"] == "incumbent":
                began = began or event["at"]
                moments.append({"seconds": round((event["at"] - began).total_seconds(), 3), **{name: data[name] for name in ("goal", "value", "bound")}})
            elif data["phase"] == "read":
                moments, began = [], None  # a new attempt
            elif data["phase"] == "solve":
                began = event["at"]
    return moments


def require_room(connection: sa.Connection, service: Service, board: str) -> int:
    """How many more runs of the board may wait; ProblemError where none may."""
    waiting = connection.execute(sa.select(sa.func.count()).where(runs.c.board == board, runs.c.status.in_(OPEN))).scalar_one()
    if waiting >= service.settings.queue_limit:
        raise ProblemError("queue-full", f"{waiting} runs wait or run; the limit is {service.settings.queue_limit}.", headers={"Retry-After": "10"})
    return int(service.settings.queue_limit - waiting)


def planned(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """The run; ProblemError where it found no plan."""
    if run["purged_at"] is None and not run["verified"]:
        how = run["outcome"] or run["status"]
        raise ProblemError("conflict", f"Run {run['id']!r} has no plan: it is {how.replace('_', ' ')}.")
    return run


def require_reference(connection: sa.Connection, board: str, run_id: str) -> None:
    """Hold a run whose plan is to be a reference, so that nobody purges it meanwhile; ProblemError where it has none, or none any more."""
    connection.execute(sa.select(runs.c.id).where(runs.c.id == run_id, runs.c.board == board).with_for_update(read=True))
    row = find_run(connection, board, run_id)
    if row["purged_at"] is not None:
        raise ProblemError("gone", f"The result of run {run_id!r} was deleted after its time; it can be no reference.")
    if not row["verified"]:
        raise ProblemError("conflict", f"Run {run_id!r} has no plan that could be a reference.")


def require_compared(service: Service, board: str, version: Mapping[str, Any], reference_run: str | None) -> None:
    """ProblemError where rules of a version of a scenario compare with an earlier plan, and neither the data nor the run brings one.

    Facts are read only where a change speaks of such a rule: data whose own policy has one brings the plan, or could not be used.
    """
    if reference_run is not None or not any(kind in path for path in _changed(version) for kind in LOOK_BACK):
        return
    _, faults = problem_of(inputs_of_version(service, board, version))
    fix = "Give reference_run: a run with a plan, such as that of the publication that holds (GET /v1/publications/current); or switch the rule off."
    lacking = [replace(fault, severity="error", fix=fix) for fault in faults if fault.code == NO_REFERENCE]
    if lacking:
        told = [PointedFault(**asdict(fault), pointer="/reference_run") for fault in lacking]
        raise ProblemError("faulty-input", "The scenario compares with an earlier plan, and none is named.", faults=told)


def _changed(version: Mapping[str, Any]) -> Iterator[str]:
    """What the changes of a version speak of."""
    return (str(change["path"]) for layer in (*version["layers"], version) for change in layer["changes"])
