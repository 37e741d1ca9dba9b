"""Sweeps: a policy at every value of one or two of its parameters, what each costs and whom it helps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from allocator import Fault, InputError
from allocator.inert import inert
from allocator.over import value_of
from allocator.sweep import Sweep
from api import sweeps as life
from api.jobs.runs import ENDED
from api.once import OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, piece
from api.problems import ProblemError
from api.routing import Me, Router, Use
from api.runs import require_compared, require_reference, require_room
from api.scenarios import Draft, base_of, check, create_scenario, find_version, require_sound
from api.service import Service
from api.store import audit
from api.store.tables import sweeps
from api.sweeps import State, Status
from api.tags import fresh

router = Router(tags=["sweeps"])
POLL_AFTER = 2
SweepId = Annotated[str, Path(max_length=64, pattern=r"^\w+$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Value = Annotated[bool | int | Number | Annotated[str, Field(max_length=200)], Field(description="A number, true or false, or a word.")]
VEGA = "application/vnd.vegalite.v5+json"
FORMS = {
    200: {
        "description": "The points.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            VEGA: {"schema": {"type": "object"}},
        },
    },
    304: {"description": "Unchanged."},
}


class Axis(BaseModel):
    """What is moved, and through which values: either `values` or `range`."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, max_length=300, description="A place in the policy, as `ojt sweep --over` has it: `constraints.reservation[NAME].share`.")
    values: list[Value] | None = Field(None, min_length=1, max_length=life.MOST_POINTS)
    range: str | None = Field(None, max_length=100, description="`START:STOP:STEP`, both ends included, in exact decimals.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Axis:
        if (self.values is None) == (self.range is None):
            raise ValueError("give either values or range")
        return self

    def text(self) -> str:
        """As `--over` has it."""
        return f"{self.path}={self.range if self.values is None else ','.join(map(_text, self.values))}"


class NewSweep(BaseModel):
    """A sweep to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "scenario_id": "scenario_0",
                    "axes": [{"path": "constraints.reservation[partner].share", "range": "0:0.6:0.02"}],
                    "note": "what the board asked for",
                }
            ]
        },
    )

    scenario_id: str = Field(max_length=64)
    scenario_version: int | None = Field(None, ge=1, le=2**31 - 1, description="The latest where absent.")
    axes: list[Axis] = Field(min_length=1, max_length=2, description=f"One or two parameters; at most {life.MOST_POINTS} points in all.")
    seed: int = Field(0, ge=0, le=2**31 - 1)
    gap: float = Field(0.0001, ge=0, le=1, allow_inf_nan=False, description="Relative gap at which a goal of a point counts as done; 0 asks for proof.")
    time_limit: float | None = Field(None, gt=0, le=86_400, allow_inf_nan=False, description="Seconds for each point; the policy's where absent.")
    lottery: bool = Field(False, description="Let the lottery decide between equally good plans at every point, too; it may take long.")
    baselines: bool = Field(False, description="At each point also what greedy, first come first served and a lottery reach.")
    reference_run: str | None = Field(
        None,
        max_length=64,
        description="A run whose plan is what rules of stability compare with; needed where the data brings no reference and a rule compares.",
    )
    tags: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field([], max_length=20)
    note: str = Field("", max_length=2000)


class PartDocument(BaseModel):
    """A part of a sweep: neighbouring points that one worker solves, one after the other."""

    run: str
    status: Status
    stop_reason: str | None
    points: int
    done: int
    error: dict[str, Any] | None


class AxisDocument(BaseModel):
    """A parameter and its values."""

    path: str
    values: list[bool | int | float | str]


class SweepDocument(BaseModel):
    """A sweep: where it stands."""

    id: str
    status: Status = Field(description="Follows from its parts; `failed` where one failed, whatever the others have found.")
    scenario_id: str
    scenario_version: int
    axes: list[AxisDocument]
    seed: int
    gap: float
    time_limit: float | None
    lottery: bool
    baselines: bool
    reference_run: str | None
    points: int
    done: int = Field(description="Points that are solved so far.")
    parts: list[PartDocument]
    tags: list[str]
    note: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    cancel_requested_at: datetime | None
    finished_at: datetime | None
    links: dict[str, str]


class GoalDocument(BaseModel):
    """A goal at a point: its value and proven bound."""

    kind: str
    label: str
    unit: str
    value: int | float | None
    bound: int | float | None
    gap: float | None


class PromiseDocument(BaseModel):
    """Where the promise or limit that is moved stands."""

    label: str
    key: str
    promised: int
    filled: int
    short: int | None
    unit: str


class PriceDocument(BaseModel):
    """By how much a goal's value changes with one more, on either side of a point: below 0 where it falls. CSV has the same, with the same sign."""

    goal: str
    label: str
    unit: str
    parameter: str
    per: str
    method: Literal["difference", "slope"]
    below: float | None = Field(description="The change of the goal's value per one more, coming to this point; negative where the value falls.")
    above: float | None = Field(description="The same, going on from this point.")
    below_step: float | None
    above_step: float | None
    exact: bool


class BaselineGoal(BaseModel):
    """A goal's value without optimizing."""

    kind: str
    label: str
    value: int | float | None


class BaselineDocument(BaseModel):
    """What a way of filling slots that does not optimize reaches."""

    name: str
    placed: int
    keeps_every_rule: bool
    goals: list[BaselineGoal]


class GroupDocument(BaseModel):
    """People of a group in the pool, and those placed."""

    pool: int
    placed: int


class PointDocument(BaseModel):
    """The policy at one value of each parameter."""

    number: int
    state: State = Field(description="Whether it is solved, waits for its part, or never will be.")
    value: bool | int | float | str
    values: list[bool | int | float | str]
    status: Literal["optimal", "feasible", "infeasible", "no_solution"]
    stop_reason: str
    verified: bool
    placed: int | None
    promises: list[PromiseDocument]
    goals: list[GoalDocument]
    prices: list[PriceDocument]
    newly_placed: int | None = Field(description="People placed who are not placed at the point before.")
    lost: int | None
    dominated: bool
    dominated_by: list[bool | int | float | str] | None
    baselines: list[BaselineDocument]
    served: dict[str, dict[str, GroupDocument]] = Field(description="By tier, partner, center, county and population.")
    road: str
    seconds: float


class FrontierDocument(BaseModel):
    """All points of a sweep, the last parameter moving fastest."""

    sweep: str
    status: Status
    scenario: str
    as_of: str
    seed: int
    gap: float
    lottery: bool
    parameter: str
    parameters: list[str]
    present: list[bool | int | float | str | None] = Field(description="Each parameter's value in the policy as it is.")
    goal: str | None = Field(description="The goal that the knee is looked for in.")
    knee: bool | int | float | str | None = Field(description="Value after which the goal gives way fastest.")
    points: list[PointDocument]


class Place(BaseModel):
    """A point by its values, to be made a scenario."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"values": [0.24], "name": "a quarter for partners"}]})

    values: list[Value] = Field(min_length=1, max_length=2)
    name: str | None = Field(None, min_length=1, max_length=200, description="Name of the scenario; says the values where absent.")
    note: str = Field("", max_length=2000)
    tags: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field([], max_length=20)


class Promoted(BaseModel):
    """The scenario that a point became."""

    scenario_id: str
    version: int
    name: str
    changes: list[dict[str, Any]]
    links: dict[str, str]


class Movement(BaseModel):
    """Who is placed at one point and not at the other."""

    base: int
    other: int
    gained: list[str]
    lost: list[str]
    same: int


class Moved(BaseModel):
    """How many are placed at a point and not at the base, and the other way round."""

    number: int
    gained: int
    lost: int
    same: int


class Movements(BaseModel):
    """Every point that has a plan, against one of them."""

    base: int
    points: list[Moved]


def document(connection: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """A sweep's row and its parts as its document."""
    parts = life.parts_of(connection, row)
    me, terms = f"/v1/sweeps/{row['id']}", row["terms"]
    told = {name: row[name] for name in SweepDocument.model_fields if name in row and name != "axes"}
    told |= {name: terms[name] for name in ("seed", "gap", "time_limit", "lottery", "baselines", "reference_run")}
    told["axes"] = [{"path": axis["place"], "values": [value_of(text) for text in axis["texts"]]} for axis in row["axes"]]
    told["parts"] = [{name: part[name] for name in PartDocument.model_fields} for part in parts]
    told |= {"status": life.status_of(row, parts), "points": sum(part["points"] for part in parts), "done": sum(part["done"] for part in parts)}
    told["started_at"] = min((part["started_at"] for part in parts if part["started_at"] is not None), default=None)
    told["links"] = {"self": me, "frontier": f"{me}/frontier", "runs": f"/v1/runs?sweep_id={row['id']}", "scenario": f"/v1/scenarios/{row['scenario_id']}"}
    return SweepDocument(**told).model_dump(mode="json")


@router.operation("POST", "/v1/sweeps", "runs", fails=(404, 409, 410, 429), status=202, response_model=SweepDocument)
def submit(new: NewSweep, me: Me, service: Use, once: OnceOnly) -> Response:
    """Solve a policy at every value, in parts that workers share; the answer comes when all of them are safe in the queue."""
    overs = life.overs_of([axis.text() for axis in new.axes])
    once.start(new.model_dump(mode="json"))
    with service.store.read() as connection:
        version = find_version(connection, me.board, new.scenario_id, new.scenario_version)
    life.require_sound(service, me.board, version, overs)
    require_compared(service, me.board, version, new.reference_run)
    asked = {"board": me.board, "scenario_id": new.scenario_id, "scenario_version": version["version"], "created_by": me.id}
    asked |= {"tags": new.tags, "note": new.note}
    terms = new.model_dump(include={"seed", "gap", "time_limit", "lottery", "baselines", "reference_run"})
    with service.store.begin() as connection:
        room = require_room(connection, service, me.board)
        if new.reference_run is not None:
            require_reference(connection, me.board, new.reference_run)
        sweep_id = life.submit(connection, service, asked, overs, terms, room)
        audit.record(connection, me.board, me.actor, "sweep.submit", sweep_id, {"scenario": new.scenario_id, "version": version["version"]})
        told = document(connection, life.find(connection, me.board, sweep_id))
        return once.keep(connection, answered(told, 202, location=f"/v1/sweeps/{sweep_id}", retry_after=POLL_AFTER))


@router.operation("GET", "/v1/sweeps", "read", fails=(400,))
def list_sweeps(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    scenario_id: Annotated[str | None, Query(max_length=64, pattern=r"^\w+$")] = None,
) -> Page[SweepDocument]:
    """Sweeps, newest first."""
    query = sa.select(sweeps).where(sweeps.c.board == me.board)
    query = query if scenario_id is None else query.where(sweeps.c.scenario_id == scenario_id)
    with service.store.read() as connection:
        rows, following = piece(connection, query, sweeps.c.id, limit, cursor)
        linked(request, response, following)
        return Page(items=[SweepDocument(**document(connection, row)) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/sweeps/{sweep_id}", "read", response_model=SweepDocument, responses={304: {"description": "Unchanged."}})
def read(sweep_id: SweepId, request: Request, me: Me, service: Use) -> Response:
    """A sweep; with If-None-Match, nothing where it has not changed."""
    with service.store.read() as connection:
        told = document(connection, life.find(connection, me.board, sweep_id))
    return fresh(request, told, headers={} if told["status"] in ENDED else {"Retry-After": str(POLL_AFTER)})


@router.operation("POST", "/v1/sweeps/{sweep_id}/cancel", "runs", status=202, response_model=SweepDocument)
def cancel(sweep_id: SweepId, me: Me, service: Use) -> Response:
    """End a sweep and keep the points that are solved. Harmless where it has ended."""
    with service.store.begin() as connection:
        life.find(connection, me.board, sweep_id)
        if life.cancel(connection, sweep_id):
            audit.record(connection, me.board, me.actor, "sweep.cancel", sweep_id)
        return JSONResponse(document(connection, life.find(connection, me.board, sweep_id)), 202)


@router.operation("GET", "/v1/sweeps/{sweep_id}/frontier", "read", fails=(409, 410), response_model=FrontierDocument, responses=FORMS)
def frontier(
    sweep_id: SweepId,
    request: Request,
    me: Me,
    service: Use,
    form: Annotated[Literal["json", "csv", "vega"], Query(alias="format", description="`vega` is a chart of one numeric parameter, in Vega-Lite.")] = "json",
) -> Response:
    """Every point: values, bounds, what one more costs on either side, who is placed, which points another one beats.

    Points of parts that are not done yet say so.
    """
    row, parts, found = _found(service, me.board, sweep_id)
    status = life.status_of(row, parts)
    if form == "csv":
        return Response(_csv(found), media_type="text/csv")
    if form == "vega":
        return fresh(request, _chart(found), headers={"Content-Type": VEGA})
    told: dict[str, Any] = {"sweep": sweep_id, "status": status, **found.as_dict()}
    reached = next((point.goals for point in found.points if point.verified), ())
    told["goal"] = None if found.main_goal is None else reached[found.main_goal].label
    states = life.states_of(parts, found)
    told["points"] = [{"number": number, "state": state, **point} for number, (state, point) in enumerate(zip(states, told["points"], strict=True))]
    return fresh(request, told)


@router.operation("GET", "/v1/sweeps/{sweep_id}/differences", "read", fails=(409, 410), response_model=Movement)
def differences(
    sweep_id: SweepId,
    me: Me,
    service: Use,
    base: Annotated[int, Query(ge=0, lt=life.MOST_POINTS, description="Number of a point.")],
    other: Annotated[int, Query(ge=0, lt=life.MOST_POINTS, description="Number of another.")],
) -> Response:
    """Who is placed at one point and not at the other."""
    _, _, found = _found(service, me.board, sweep_id)
    for number in (base, other):
        _require_plan(sweep_id, found, number)
    before, after = found.points[base].answer.placed, found.points[other].answer.placed
    told = Movement(base=base, other=other, gained=sorted(after - before), lost=sorted(before - after), same=len(before & after))
    return JSONResponse(told.model_dump(mode="json"))


@router.operation("GET", "/v1/sweeps/{sweep_id}/movements", "read", fails=(409, 410), response_model=Movements)
def movements(sweep_id: SweepId, me: Me, service: Use, base: Annotated[int, Query(ge=0, lt=life.MOST_POINTS, description="Number of a point.")]) -> Response:
    """How many people each point places who are not placed at the base, and how many it does not who are: for a slider that need not ask again."""
    _, _, found = _found(service, me.board, sweep_id)
    _require_plan(sweep_id, found, base)
    before, told = found.points[base].answer.placed, []
    for number, point in enumerate(found.points):
        if point.verified:
            after = point.answer.placed
            told.append(Moved(number=number, gained=len(after - before), lost=len(before - after), same=len(before & after)))
    return JSONResponse(Movements(base=base, points=told).model_dump(mode="json"))


@router.operation("POST", "/v1/sweeps/{sweep_id}/promote", "scenarios", fails=(409, 410), status=201, response_model=Promoted)
def promote(sweep_id: SweepId, asked: Place, me: Me, service: Use, once: OnceOnly) -> Response:
    """Make a point a scenario of its own, built on the one that was swept."""
    once.start({"sweep": sweep_id, **asked.model_dump(mode="json")})
    row, _, found = _found(service, me.board, sweep_id)
    wanted = tuple(value_of(_text(value)) for value in asked.values)
    point = next((point for point in found.points if point.values == wanted), None)
    if point is None:
        listed = "; ".join(f"{over.place}: {', '.join(over.texts)}" for over in found.parameters)
        raise InputError([Fault("no_such_point", "The sweep has no point with these values.", f"It has {listed}.", column="values")])
    changes = found.change_set(point)
    with service.store.read() as connection:
        base = base_of(connection, me.board, scenario_id=row["scenario_id"], version=row["scenario_version"])
    named = asked.name or changes.name[:200]
    draft = Draft(named, base, tuple(changes.to_dict()["changes"]), asked.note or f"A point of sweep {sweep_id}.", tuple(asked.tags))
    require_sound(check(service, me.board, draft))
    with service.store.begin() as connection:
        scenario_id = create_scenario(connection, me.board, draft, me.actor, sweep=sweep_id, point=list(point.texts))
        place = f"/v1/scenarios/{scenario_id}"
        told = {
            "scenario_id": scenario_id,
            "version": 1,
            "name": named,
            "changes": list(draft.changes),
            "links": {"self": place, "sweep": f"/v1/sweeps/{sweep_id}"},
        }
        return once.keep(connection, answered(told, 201, location=place))


def _found(service: Service, board: str, sweep_id: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]], Sweep]:
    with service.store.read() as connection:
        row = life.find(connection, board, sweep_id)
        parts = life.parts_of(connection, row)
    return row, parts, life.frontier_of(service, row, parts)


def _require_plan(sweep_id: str, found: Sweep, number: int) -> None:
    if number >= len(found.points) or not found.points[number].verified:
        raise ProblemError("conflict", f"Sweep {sweep_id!r} has no plan at point {number}.")


def _text(value: bool | int | float | str) -> str:
    """A value as `--over` writes it; words that would be read as something else in quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return format(Decimal(str(value)), "f")
    return json.dumps(value, ensure_ascii=False) if any(sign in value for sign in ",:[]{}\"'\\\n\r\t") or value != value.strip() or not value else value


def _csv(found: Sweep) -> bytes:
    frame = found.frame().rename(columns=lambda name: inert(str(name)))
    words = frame.select_dtypes(include=["object", "str"]).columns
    frame[words] = frame[words].map(lambda cell: inert(cell) if isinstance(cell, str) else cell)
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _chart(found: Sweep) -> dict[str, Any]:
    """The chart of one parameter that is a number."""
    from allocator.charts.frontier import frontier as drawn

    goal = found.main_goal
    numbers = len(found.parameters) == 1 and all(isinstance(point.values[0], int | float) and not isinstance(point.values[0], bool) for point in found.points)
    if not numbers or not any(point.verified for point in found.points):
        raise ProblemError("conflict", "Only a sweep over one parameter that is a number has a chart, and only with a plan somewhere.")
    reached = None if goal is None else next(point.goals[goal] for point in found.points if point.verified)
    more = {} if reached is None else {"reached": reached.label, "unit": reached.unit}
    return drawn(found.frame(), found.parameters[0].place, **more).spec()
