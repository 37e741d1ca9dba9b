"""Scenarios: build on a dataset or on another scenario, check at once, change, compare, archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from allocator.change_words import describe
from allocator.changes import plain
from allocator.differences import difference
from allocator.inputs import Inputs
from allocator.named import named
from allocator.outlook import outlook
from api.documents.outlook import NamedDocument, OutlookDocument, OutlookTold
from api.once import OnceOnly, answered
from api.paging import Cursor, Limit, Page, linked, numbered, piece
from api.problems import FaultDocument
from api.references import needs_reference, problem_of
from api.routes.datasets import POLICY, Format, PolicyDocument, policy_response
from api.routing import Me, Router, Use
from api.scenarios import (
    Draft,
    archive_scenario,
    base_of,
    change_scenario,
    check,
    create_scenario,
    draft_of,
    find_scenario,
    find_version,
    inputs_of_version,
    require_open,
    require_sound,
)
from api.service import Service
from api.store.tables import scenario_versions, scenarios
from api.tags import fresh, require_match

router = Router(tags=["scenarios"])
MOST_CHANGES = 10_000
MOST_TOLD = 5_000
"""Changes of a difference told; their number is told too."""
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The latest where absent.")]
Id = Annotated[str, Field(min_length=1, max_length=64)]
Tag = Annotated[str, Field(min_length=1, max_length=40)]


class ChangeDocument(BaseModel):
    """One change; docs/cli.md says under \"Change sets\" what can be changed, and how."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["set", "add", "remove", "pin", "forbid"]
    path: str = Field(min_length=1, max_length=1000, description="By business key: `seekers[S1].wage_floor`, `constraints.reservation[partner].share`.")
    value: Any = Field(None, description="The new value; none where the op needs none.")


class BaseDocument(BaseModel):
    """What a scenario is built on: a dataset, or a scenario of which it takes the changes along."""

    model_config = ConfigDict(extra="forbid")

    dataset_id: Id | None = None
    scenario_id: Id | None = None
    version: int | None = Field(None, ge=1, le=2**31 - 1, description="Version of the scenario; the latest where absent.")

    @model_validator(mode="after")
    def _one(self) -> BaseDocument:
        if (self.dataset_id is None) == (self.scenario_id is None):
            raise ValueError("give either dataset_id or scenario_id")
        if self.version is not None and self.scenario_id is None:
            raise ValueError("a version is one of a scenario")
        return self


PROMISE: dict[str, JsonValue] = {"op": "set", "path": "constraints.reservation[two seats for the partner].count", "value": 1}


class NewScenario(BaseModel):
    """A scenario to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "one seat promised", "base": {"dataset_id": "dataset_0"}, "changes": [PROMISE], "tags": ["board"]}]},
    )

    name: str = Field(min_length=1, max_length=200)
    base: BaseDocument
    changes: list[ChangeDocument] = Field([], max_length=MOST_CHANGES, description="In their order; the later wins.")
    note: str = Field("", max_length=10_000)
    tags: list[Tag] = Field([], max_length=20)


class ScenarioPatch(BaseModel):
    """What to change of a scenario; what is absent stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "as agreed with the partner", "changes": [PROMISE]}]})

    name: str = Field("", min_length=1, max_length=200)
    changes: list[ChangeDocument] = Field([], max_length=MOST_CHANGES, description="All of them: they take the place of those there are.")
    note: str = Field("", max_length=10_000)
    tags: list[Tag] = Field([], max_length=20)


class LayerDocument(BaseModel):
    """The changes of a scenario that this one was built on, as they were then."""

    name: str
    changes: list[dict[str, Any]]


class BaseTold(BaseModel):
    """What a scenario is built on; `dataset_id` is the dataset under everything."""

    dataset_id: str
    scenario_id: str | None
    version: int | None


class ScenarioDocument(BaseModel):
    """A version of a scenario. It says all by itself, and never changes."""

    id: str
    version: int
    name: str
    base: BaseTold
    layers: list[LayerDocument] = Field(description="Changes of the scenarios under it, first to last; they stay as they are when those are changed.")
    changes: list[dict[str, Any]]
    note: str
    tags: list[str]
    created_by: str = Field(description="Who made this version.")
    created_at: datetime
    archived_at: datetime | None
    links: dict[str, str]


class TableValueDocument(BaseModel):
    """What has become of a cell, or of a whole record, column or table; null where there is none."""

    path: str
    old: Any
    new: Any
    layer: str


class CheckDocument(BaseModel):
    """What a scenario would come to."""

    sound: bool = Field(description="Whether it can be kept and run.")
    errors: list[FaultDocument]
    warnings: list[FaultDocument]
    sentences: list[str] = Field(description="What the changes do, in words; none where they cannot be made.")
    facts: list[TableValueDocument] = Field(description="Values of the tables that the changes speak of.")
    outlook: OutlookTold | None = Field(description="What can be said of it before it is solved; null where it is not sound.")


class ResolvedDocument(PolicyDocument):
    """A scenario with all its layers laid: the policy in force, who set each value, and what has become of the facts."""

    scenario_id: str
    version: int
    as_of: date
    facts_digest: str = Field(description="Digest of the facts, as results name it.")
    tables: dict[str, int]
    sentences: list[str] = Field(description="What the changes do, in words, those of the layers first.")
    facts: list[TableValueDocument] = Field(description="Values of the tables that changes speak of.")
    warnings: list[FaultDocument]


class DifferenceDocument(BaseModel):
    """The change set that turns one scenario into another."""

    base: dict[str, Any]
    other: dict[str, Any]
    same: bool
    count: int
    changes: list[dict[str, Any]] = Field(description=f"At most {MOST_TOLD:,} of them; demographics are not compared.")
    sentences: list[str] = Field(description="The same in words.")


def document(version: Mapping[str, Any], archived_at: datetime | None) -> dict[str, Any]:
    """A version's row as its document."""
    me = f"/v1/scenarios/{version['scenario_id']}"
    told = {name: version[name] for name in ScenarioDocument.model_fields if name in version}
    told |= {
        "id": version["scenario_id"],
        "base": {"dataset_id": version["dataset_id"], "scenario_id": version["base_id"], "version": version["base_version"]},
        "archived_at": archived_at,
        "links": {
            "self": me,
            "effective": f"{me}/resolved",
            "policy": f"{me}/policy",
            "versions": f"{me}/versions",
            "dataset": f"/v1/datasets/{version['dataset_id']}",
        },
    }
    return ScenarioDocument(**told).model_dump(mode="json")


def tag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"{version}"'


def _drafted(service: Service, me: Me, new: NewScenario) -> Draft:
    base = new.base
    with service.store.read() as connection:
        under = base_of(connection, me.board, dataset_id=base.dataset_id, scenario_id=base.scenario_id, version=base.version)
    return Draft(new.name, under, _said(new.changes), new.note, tuple(new.tags))


def _said(changes: list[ChangeDocument]) -> tuple[dict[str, Any], ...]:
    """Changes as they were sent: a value of null is one, an absent value is none."""
    return tuple(change.model_dump(exclude_unset=True) for change in changes)


@router.operation("POST", "/v1/scenarios", "scenarios", fails=(404, 409, 410), status=201, response_model=ScenarioDocument)
def create(new: NewScenario, me: Me, service: Use, once: OnceOnly) -> Response:
    """Make a scenario. Its changes are made on the facts at once; everything that is wrong with them comes in one answer, and then nothing is kept.

    Built on another scenario, it copies that one's changes: what is changed there later does not change this one.
    """
    once.start(new.model_dump(mode="json", exclude_unset=True))
    draft = _drafted(service, me, new)
    require_sound(check(service, me.board, draft))
    with service.store.begin() as connection:
        scenario_id = create_scenario(connection, me.board, draft, me.id)
        made = document(find_version(connection, me.board, scenario_id), None)
        return once.keep(connection, answered(made, 201, location=f"/v1/scenarios/{scenario_id}", etag=tag(1)))


@router.operation("POST", "/v1/scenario-checks", "compute", fails=(404, 409, 410))
def check_only(new: NewScenario, me: Me, service: Use) -> CheckDocument:
    """Say at once what a scenario would come to, without keeping or solving anything: faults, warnings, and what the changes do in words."""
    checked = check(service, me.board, _drafted(service, me, new))
    return CheckDocument(
        sound=checked.inputs is not None and not checked.errors,
        errors=[FaultDocument(**fault.as_dict()) for fault in checked.errors],
        warnings=[FaultDocument(**fault.as_dict()) for fault in checked.warnings],
        sentences=[] if checked.inputs is None else checked.inputs.sentences(),
        facts=[] if checked.inputs is None else _facts(checked.inputs),
        outlook=None if checked.inputs is None or checked.errors else OutlookTold(**_looking_ahead(checked.inputs)),
    )


def _facts(inputs: Inputs) -> list[TableValueDocument]:
    return [TableValueDocument(path=value.path, old=plain(value.old), new=plain(value.new), layer=value.layer) for value in inputs.touched]


@router.operation("GET", "/v1/scenarios", "read", fails=(400,))
def list_scenarios(
    request: Request,
    response: Response,
    me: Me,
    service: Use,
    limit: Limit = 100,
    cursor: Cursor = None,
    dataset_id: Annotated[str | None, Query(max_length=64)] = None,
    base_id: Annotated[str | None, Query(max_length=64, description="Those built on this scenario.")] = None,
    archived: Annotated[bool, Query(description="Also those that were archived.")] = False,
) -> Page[ScenarioDocument]:
    """Scenarios at their latest version, newest first."""
    latest = sa.and_(scenario_versions.c.scenario_id == scenarios.c.id, scenario_versions.c.version == scenarios.c.version)
    query = sa.select(scenario_versions, scenarios.c.id, scenarios.c.archived_at).join(scenario_versions, latest).where(scenarios.c.board == me.board)
    for column, value in ((scenario_versions.c.dataset_id, dataset_id), (scenario_versions.c.base_id, base_id)):
        query = query if value is None else query.where(column == value)
    if not archived:
        query = query.where(scenarios.c.archived_at.is_(None))
    with service.store.read() as connection:
        rows, following = piece(connection, query, scenarios.c.id, limit, cursor)
    linked(request, response, following)
    return Page(items=[ScenarioDocument(**document(row, row["archived_at"])) for row in rows], next_cursor=following)


@router.operation("GET", "/v1/scenarios/{scenario_id}", "read", response_model=ScenarioDocument, responses={304: {"description": "Unchanged."}})
def read_scenario(scenario_id: str, request: Request, me: Me, service: Use, version: Version = None) -> Response:
    """A scenario, at its latest version or at an older one. Its ETag is what a change must name in If-Match."""
    with service.store.read() as connection:
        row = find_scenario(connection, me.board, scenario_id)
        found = find_version(connection, me.board, scenario_id, version)
    archived = row["archived_at"]
    return fresh(request, document(found, archived), tag(found["version"]) if archived is None else f'"{found["version"]}.archived"')


@router.operation("GET", "/v1/scenarios/{scenario_id}/versions", "read", fails=(400,))
def list_versions(
    scenario_id: str, request: Request, response: Response, me: Me, service: Use, limit: Limit = 100, cursor: Cursor = None
) -> Page[ScenarioDocument]:
    """Every version of a scenario, first to last."""
    with service.store.read() as connection:
        archived = find_scenario(connection, me.board, scenario_id)["archived_at"]
        query = sa.select(scenario_versions).where(scenario_versions.c.scenario_id == scenario_id)
        rows, following = numbered(connection, query, scenario_versions.c.version, limit, cursor)
    linked(request, response, following)
    return Page(items=[ScenarioDocument(**document(row, archived)) for row in rows], next_cursor=following)


@router.operation("PATCH", "/v1/scenarios/{scenario_id}", "scenarios", fails=(409, 410, 412, 428), response_model=ScenarioDocument)
def change(scenario_id: str, patch: ScenarioPatch, request: Request, me: Me, service: Use) -> Response:
    """Make the next version of a scenario; the versions before stay as they are, and so do runs, and scenarios that were built on them.

    If-Match is compulsory, so that nobody overwrites what somebody else has changed meanwhile. A patch that changes nothing makes no version.
    """
    with service.store.read() as connection:
        row = find_scenario(connection, me.board, scenario_id)
        require_match(request, row["version"])
        require_open(row)
        before = draft_of(find_version(connection, me.board, scenario_id))
    draft = _patched(before, patch)
    if draft != before:
        require_sound(check(service, me.board, draft))
        with service.store.begin() as connection:
            change_scenario(connection, me.board, scenario_id, row["version"], draft, me.id)
    with service.store.read() as connection:
        version = row["version"] + (draft != before)
        return JSONResponse(document(find_version(connection, me.board, scenario_id, version), None), headers={"ETag": tag(version)})


def _patched(before: Draft, patch: ScenarioPatch) -> Draft:
    given = patch.model_fields_set
    return Draft(
        patch.name if "name" in given else before.name,
        before.base,
        _said(patch.changes) if "changes" in given else before.changes,
        patch.note if "note" in given else before.note,
        tuple(patch.tags) if "tags" in given else before.tags,
    )


@router.operation("DELETE", "/v1/scenarios/{scenario_id}", "scenarios", status=204)
def archive(scenario_id: str, me: Me, service: Use) -> Response:
    """Archive a scenario: it leaves the lists, and stays for its runs. Harmless where it is archived."""
    with service.store.begin() as connection:
        archive_scenario(connection, me.board, scenario_id, me.id)
    return Response(status_code=204)


@router.operation("GET", "/v1/scenarios/{scenario_id}/resolved", "read", fails=(409, 410))
def read_effective(scenario_id: str, me: Me, service: Use, version: Version = None) -> ResolvedDocument:
    """A scenario with all its layers laid: the policy in force with the layer of each value, and what has become of the facts, old and new."""
    found, inputs = _opened(service, me, scenario_id, version)
    _, faults = problem_of(inputs)
    return ResolvedDocument(
        scenario_id=scenario_id,
        version=found["version"],
        as_of=inputs.scenario.as_of,
        facts_digest=inputs.scenario.digest,
        tables={name: len(frame) for name, frame in inputs.scenario.tables.items()},
        policy=inputs.layers.policy.to_dict(),
        origins=dict(inputs.layers.origins),
        digest=inputs.layers.policy.digest,
        sentences=inputs.sentences(),
        facts=_facts(inputs),
        warnings=[FaultDocument(**fault.as_dict()) for fault in faults],
    )


@router.operation("GET", "/v1/scenarios/{scenario_id}/policy", "read", fails=(409, 410), response_model=PolicyDocument, responses=POLICY)
def read_policy(scenario_id: str, me: Me, service: Use, version: Version = None, form: Format = "json") -> Response:
    """The policy of a scenario with all its layers laid, as JSON with the layer of each value, or as TOML."""
    return policy_response(_opened(service, me, scenario_id, version)[1].layers, form)


@router.operation("GET", "/v1/scenarios/{scenario_id}/outlook", "read", fails=(409, 410))
def read_outlook(scenario_id: str, me: Me, service: Use, version: Version = None) -> OutlookDocument:
    """What can be said of a scenario before it is solved: the rules in force with those that hold by default, promises in seats, what cannot all be kept."""
    found, inputs = _opened(service, me, scenario_id, version)
    return OutlookDocument(scenario_id=scenario_id, version=found["version"], **_looking_ahead(inputs))


def _looking_ahead(inputs: Inputs) -> dict[str, Any]:
    """What can be said of facts and wishes before they are solved."""
    problem, faults = problem_of(inputs)
    told = inputs.placing(lambda: outlook(problem, inputs.layers))
    return {**told.as_dict(), "needs_reference": needs_reference(faults)}


@router.operation("GET", "/v1/scenarios/{scenario_id}/names", "read", fails=(409, 410))
def read_names(scenario_id: str, me: Me, service: Use, version: Version = None) -> dict[str, list[NamedDocument]]:
    """The names that rules can use: partners, populations, tiers, sectors, employers and so on, with how many people or openings each is about."""
    _, inputs = _opened(service, me, scenario_id, version)
    return {what: [NamedDocument(**name.as_dict()) for name in names] for what, names in named(problem_of(inputs)[0]).items()}


@router.operation("GET", "/v1/scenarios/{scenario_id}/diff", "read", fails=(409, 410))
def diff(
    scenario_id: str,
    me: Me,
    service: Use,
    other: Annotated[str, Query(alias="with", max_length=64, description="The scenario to compare with.")],
    version: Version = None,
    with_version: Version = None,
) -> DifferenceDocument:
    """What would have to be changed of a scenario for it to be another one, facts and policy: as changes, and in words."""
    mine, one = _opened(service, me, scenario_id, version)
    theirs, two = _opened(service, me, other, with_version)
    changes = difference(one, two).changes
    told = changes[:MOST_TOLD]
    return DifferenceDocument(
        base={"scenario_id": scenario_id, "version": mine["version"]},
        other={"scenario_id": other, "version": theirs["version"]},
        same=not changes,
        count=len(changes),
        changes=[change.to_dict() for change in told],
        sentences=[describe(change, one) for change in told],
    )


def _opened(service: Service, me: Me, scenario_id: str, version: int | None) -> tuple[Mapping[str, Any], Inputs]:
    with service.store.read() as connection:
        found = find_version(connection, me.board, scenario_id, version)
    return found, inputs_of_version(service, me.board, found)
