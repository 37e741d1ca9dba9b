"""Judge a plan, also a hand-made or partial one, without placing anybody."""

from __future__ import annotations

from typing import Annotated, Any, Self

import sqlalchemy as sa
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.answering.subject import Subject
from api.clock import now
from api.datasets import find_dataset, require_usable
from api.documents.judged import EvaluationDocument
from api.moments import Day
from api.results import job_of_dataset, subject_of
from api.routing import Me, Router, Use
from api.runs import run_of
from api.scenarios import find_version, own_layer
from api.service import Service

router = Router(tags=["evaluations"])
SECONDS = 120.0
"""Longest time for judging one plan."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, Field(max_length=64)]
INLINE: dict[str, Any] = {
    "tables": {
        "seekers": [{"seeker_id": "S1"}, {"seeker_id": "S2"}],
        "slots": [{"slot_id": "J1", "openings": 1}],
        "pairs": [{"seeker_id": "S1", "slot_id": "J1", "score": 90}, {"seeker_id": "S2", "slot_id": "J1", "score": 80}],
    },
    "assignments": [{"seeker_id": "S1", "slot_id": "J1"}, {"seeker_id": "S2", "slot_id": "J1"}],
    "as_of": "2026-11-02",
}


class Assignment(BaseModel):
    """One line of a plan."""

    model_config = ConfigDict(extra="forbid")

    seeker_id: Name
    slot_id: Name


class Evaluation(BaseModel):
    """A plan to judge, and what it is judged by: a run, a scenario, a dataset, or facts as tables of records with a policy as its TOML would be in JSON."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [INLINE, {"run_id": "run_0", "assignments": [{"seeker_id": "S1", "slot_id": "J1"}]}]}
    )

    run_id: Key | None = Field(None, description="Under the facts and the policy of a run, with the distance to its plan.")
    scenario_id: Key | None = None
    scenario_version: int | None = Field(None, ge=1, le=2**31 - 1, description="The latest where absent.")
    dataset_id: Key | None = None
    tables: dict[str, list[dict[str, Any]]] | None = Field(None, description="Records by table; columns as in docs/data.md.")
    policy: dict[str, Any] = Field({}, description="The policy that goes with `tables`; built-in defaults where empty.")
    as_of: Day | None = Field(None, description="The day on which `tables` are looked at; today where absent.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the lottery for a scenario or a dataset; a run has its own.")
    assignments: list[Assignment] = Field(max_length=2_000_000)

    @model_validator(mode="after")
    def _one_of_four(self) -> Self:
        if sum(each is not None for each in (self.run_id, self.scenario_id, self.dataset_id, self.tables)) != 1:
            raise ValueError("Give one of run_id, scenario_id, dataset_id and tables")
        if self.scenario_version is not None and self.scenario_id is None:
            raise ValueError("scenario_version goes with scenario_id")
        if self.tables is None and (self.policy or self.as_of is not None):
            raise ValueError("policy and as_of go with tables; what is stored has its own")
        return self


@router.operation("POST", "/v1/evaluations", "compute", fails=(404, 409, 410, 429, 503), response_model=EvaluationDocument)
def evaluate(asked: Evaluation, me: Me, service: Use) -> Response:
    """Judge a plan, also a hand-made or partial one: every rule it breaks, what it is worth in each goal, what is still open. Nothing is kept."""
    name, subjects, arguments = _question(asked, me.board, service)
    arguments["assignments"] = [(line.seeker_id, line.slot_id) for line in asked.assignments]
    return Response(service.answerers.ask(name, subjects, arguments, seconds=SECONDS), media_type="application/json")


def _question(asked: Evaluation, board: str, service: Service) -> tuple[str, list[Subject], dict[str, Any]]:
    """What is asked, of what."""
    if asked.run_id is not None:
        return "evaluate_run", [subject_of(service, run_of(service, board, asked.run_id))], {}
    if asked.tables is not None:
        return "evaluate_tables", [], {"tables": asked.tables, "policy": asked.policy, "as_of": (asked.as_of or now().date()).isoformat()}
    with service.store.read() as connection:
        subject = _stored(connection, asked, board, service)
    return "evaluate_facts", [subject], {"seed": asked.seed}


def _stored(connection: sa.Connection, asked: Evaluation, board: str, service: Service) -> Subject:
    """The facts and the policy of a scenario or a dataset."""
    if asked.scenario_id is None:
        dataset, layers, key = asked.dataset_id or "", [], ""
    else:
        version = find_version(connection, board, asked.scenario_id, asked.scenario_version)
        dataset, layers, key = version["dataset_id"], [*version["layers"], *own_layer(version)], f" {version['scenario_id']}@{version['version']}"
    require_usable(connection, find_dataset(connection, board, dataset))
    return Subject(f"{dataset}{key}", {**job_of_dataset(service, dataset), "layers": layers})
