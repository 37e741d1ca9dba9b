"""Why nothing fits, and the way out: the cheapest bends, as a scenario to run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.documents.result import Infeasibility
from api.forms import UNCHANGED, lasting
from api.once import OnceOnly, answered
from api.problems import ProblemError
from api.results import result_file, tag_of_result
from api.routes.results import NO_RESULT
from api.routing import Me, Router, Use
from api.runs import run_of
from api.scenarios import Draft, base_of, create_scenario, find_version
from api.service import Service

router = Router(tags=["infeasibility"])


class NewRepair(BaseModel):
    """The repaired scenario to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "what is possible", "note": "agreed with the partners"}]})

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(None, description="Its name; `NAME, repaired` where absent.")
    note: str = Field("", max_length=2000, description="What the repair moves, where absent.")


UNNAMED = NewRepair()
"""What an empty body asks for."""


class Repaired(BaseModel):
    """The scenario that was made."""

    scenario_id: str
    version: int
    base_scenario_id: str
    base_version: int
    run_id: str
    changes: list[dict[str, Any]]
    links: dict[str, str]


@router.operation("GET", "/v1/runs/{run_id}/infeasibility", "read", fails=NO_RESULT, response_model=Infeasibility, responses=UNCHANGED)
def read_infeasibility(run_id: str, request: Request, me: Me, service: Use) -> Response:
    """Why no plan keeps every rule, with a certificate for each conflict, and the cheapest set of bends with the changes that make it fit."""
    run = run_of(service, me.board, run_id)
    headers, known = lasting(request, tag_of_result(service, run, "infeasibility"))
    return known or JSONResponse(_told(run, _impossible(service, run)), headers=headers)


@router.operation("POST", "/v1/runs/{run_id}/repair", "scenarios", fails=(409, 410), status=201, response_model=Repaired)
def repair(run_id: str, me: Me, service: Use, once: OnceOnly, new: NewRepair = UNNAMED) -> Response:
    """Make a scenario of the run's, with the repair's changes on top. Nothing is solved; submit a run of it."""
    once.start(new.model_dump(mode="json"))
    run = run_of(service, me.board, run_id)
    changes = _impossible(service, run)["changes"]
    if not changes["changes"]:
        raise ProblemError("conflict", f"Run {run_id!r} names no changes that would make it fit: none were found, or no bending helps.")
    with service.store.begin() as connection:
        version = find_version(connection, me.board, run["scenario_id"], run["scenario_version"])
        base = base_of(connection, me.board, scenario_id=run["scenario_id"], version=run["scenario_version"])
        name = new.name or f"{version['name'][:180]}, repaired"
        draft = Draft(name, base, tuple(changes["changes"]), new.note or changes["note"][:2000])
        scenario_id = create_scenario(connection, me.board, draft, me.actor)
        told = {
            "scenario_id": scenario_id,
            "version": 1,
            "base_scenario_id": run["scenario_id"],
            "base_version": run["scenario_version"],
            "run_id": run["id"],
            "changes": changes["changes"],
            "links": {
                "scenario": f"/v1/scenarios/{scenario_id}",
                "base": f"/v1/scenarios/{run['scenario_id']}",
                "run": f"/v1/runs/{run['id']}",
                "infeasibility": f"/v1/runs/{run['id']}/infeasibility",
            },
        }
        return once.keep(connection, answered(told, location=f"/v1/scenarios/{scenario_id}", etag='"1"'))


def _impossible(service: Service, run: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a run that is infeasible; ProblemError where it is not."""
    result: dict[str, Any] = json.loads(result_file(service, run, "result.json"))
    if result["status"] != "infeasible":
        raise ProblemError(
            "conflict", f"Run {run['id']!r} is {result['status'].replace('_', ' ')}: nothing was proved impossible, so there is nothing to bend."
        )
    return result


def _told(run: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    bends = result["bends"]
    return {
        "run_id": run["id"],
        "proved": result["bends_proved"],
        "repairable": bool(result["changes"]["changes"]),
        "price": round(sum(bend["price"] for bend in bends), 6),
        "people_affected": sum(bend["people"] for bend in bends),
        "conflicts": result["conflicts"],
        "bends": bends,
        "changes": result["changes"],
    }
