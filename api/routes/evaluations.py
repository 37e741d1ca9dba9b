"""Judge a plan, also a hand-made or partial one, without solving anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from allocator import Fault, InputError, Policy
from allocator.check import require_settled, violations
from allocator.domain import TABLES
from allocator.plan import Plan
from allocator.problem import Problem
from allocator.read import frames_to_scenario
from api.routing import Router

router = Router(tags=["evaluations"])


class Assignment(BaseModel):
    """One line of a plan."""

    model_config = ConfigDict(extra="forbid")

    seeker_id: str
    slot_id: str


class Evaluation(BaseModel):
    """A plan to judge: the facts as tables of records, the policy as its TOML would be in JSON, and the assignments."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "tables": {
                    "seekers": [{"seeker_id": "S1"}, {"seeker_id": "S2"}],
                    "slots": [{"slot_id": "J1", "openings": 1}],
                    "pairs": [{"seeker_id": "S1", "slot_id": "J1", "score": 90}, {"seeker_id": "S2", "slot_id": "J1", "score": 80}],
                },
                "assignments": [{"seeker_id": "S1", "slot_id": "J1"}, {"seeker_id": "S2", "slot_id": "J1"}],
                "as_of": "2026-11-02",
            }
        },
    )

    tables: dict[str, list[dict[str, Any]]] = Field(description="Records by table; columns as in docs/data.md.")
    assignments: list[Assignment]
    policy: dict[str, Any] = Field({}, description="The policy; built-in defaults where empty.")
    as_of: date | None = Field(None, description="The day the facts are looked at; today where absent.")


@router.operation("POST", "/v1/evaluations", "compute")
def evaluate(asked: Evaluation) -> dict[str, Any]:
    """Judge a plan, also a hand-made or partial one, without solving anything."""
    problem = _problem(asked)
    plan = _plan(problem, asked.assignments)
    broken = [violation.as_dict() for violation in violations(plan)]
    standings = [line.as_dict() for rule in problem.policy.constraints for line in rule.standings(plan)]
    return {"keeps_every_rule": not broken, "assignments": len(plan), "violations": broken, "rules": standings, "digest": problem.scenario.digest}


def _problem(asked: Evaluation) -> Problem:
    unknown = [
        Fault("unknown_table", f"There is no table {name!r}.", f"Tables: {', '.join(TABLES)}.", value=name) for name in asked.tables if name not in TABLES
    ]
    if unknown:
        raise InputError(unknown)
    frames = {name: pd.DataFrame(records) for name, records in asked.tables.items()}
    problem = Problem(frames_to_scenario(frames, as_of=asked.as_of or date.today(), name="evaluation"), Policy.from_dict(asked.policy))
    problem.require_sound()
    require_settled(problem.policy)
    return problem


def _plan(problem: Problem, assignments: list[Assignment]) -> Plan:
    faults = [
        Fault("unknown_id", f"{table} has no {name}.", "Correct the id.", column=f"assignments[{number}]", value=name)
        for number, line in enumerate(assignments)
        for table, name in (("seekers", line.seeker_id), ("slots", line.slot_id))
        if problem.scenario.position(table, name) < 0
    ]
    if faults:
        raise InputError(faults)
    return Plan.of(problem, [(line.seeker_id, line.slot_id) for line in assignments])
