"""Scenarios: a dataset under changes, in versions that are never changed. Making one, changing it, finding it again, and what it comes to.

A version says all by itself: where it was built on another scenario, it holds that one's changes as layers. So it stays as it is when the other is
changed later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from allocator import Fault, InputError
from allocator.changes import ChangeSet, layer_names
from allocator.inputs import Inputs
from allocator.problem import Problem
from api.clock import now
from api.datasets import find_dataset, require_usable
from api.facts import Layer, facts_of, under_layers
from api.ids import new_id
from api.problems import PointedFault, ProblemError, not_found
from api.references import left_to_runs
from api.service import Service
from api.store import audit
from api.store.tables import datasets, scenario_versions, scenarios

MOST_LAYERS = 50
"""Scenarios that may be built one on the other."""


@dataclass(frozen=True)
class Base:
    """What a scenario is built on: a dataset, perhaps through another scenario, whose layers it copies."""

    dataset_id: str
    scenario_id: str | None = None
    version: int | None = None
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What a version of a scenario says."""

    name: str
    base: Base
    changes: tuple[Mapping[str, Any], ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What a draft comes to: `inputs` where its changes can be made, `faults` of its policy in the light of the facts."""

    inputs: Inputs | None
    faults: tuple[Fault, ...] = field(default=())

    @property
    def errors(self) -> tuple[Fault, ...]:
        """What must be mended."""
        return tuple(fault for fault in self.faults if fault.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is odd, but can be run."""
        return tuple(fault for fault in self.faults if fault.severity != "error")


# -- finding --------------------------------------------------------------------------------------------------------


def find_scenario(connection: sa.Connection, board: str, scenario_id: str, *, lock: bool = False) -> Mapping[str, Any]:
    """A scenario of a board; ProblemError where there is none."""
    query = sa.select(scenarios).where(scenarios.c.id == scenario_id, scenarios.c.board == board)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise not_found("scenario", scenario_id)
    return dict(row)


def find_version(connection: sa.Connection, board: str, scenario_id: str, version: int | None = None) -> Mapping[str, Any]:
    """A version of a scenario of a board, the latest where none is asked for; ProblemError where there is none."""
    latest = find_scenario(connection, board, scenario_id)["version"]
    wanted = sa.select(scenario_versions).where(scenario_versions.c.scenario_id == scenario_id, scenario_versions.c.version == (version or latest))
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise not_found("version of the scenario", f"{scenario_id}@{version}")
    return dict(row)


def own_layer(version: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A version's own changes as a layer; none where it has none."""
    return [{"name": version["name"], "changes": version["changes"]}] if version["changes"] else []


def base_of(connection: sa.Connection, board: str, *, dataset_id: str | None = None, scenario_id: str | None = None, version: int | None = None) -> Base:
    """A dataset or a scenario as a base; ProblemError where there is none, or none that could be built on."""
    if scenario_id is None:
        assert dataset_id is not None, "a base is a dataset or a scenario"
        require_usable(connection, find_dataset(connection, board, dataset_id))
        return Base(dataset_id)
    row = find_version(connection, board, scenario_id, version)
    require_usable(connection, find_dataset(connection, board, row["dataset_id"]))
    layers = (*row["layers"], *own_layer(row))
    if len(layers) > MOST_LAYERS:
        raise ProblemError("conflict", f"The base has {len(layers)} scenarios under it already; {MOST_LAYERS} are the most. Build on one of those.")
    return Base(row["dataset_id"], scenario_id, row["version"], layers)


def draft_of(version: Mapping[str, Any]) -> Draft:
    """What a version says."""
    base = Base(version["dataset_id"], version["base_id"], version["base_version"], tuple(version["layers"]))
    return Draft(version["name"], base, tuple(version["changes"]), version["note"], tuple(version["tags"]))


# -- checking -------------------------------------------------------------------------------------------------------


def inputs_of_version(service: Service, board: str, version: Mapping[str, Any]) -> Inputs:
    """The facts and wishes of a version."""
    with service.store.read() as connection:
        dataset = find_dataset(connection, board, version["dataset_id"])
        require_usable(connection, dataset)
    return under_layers(facts_of(service, dataset), [*version["layers"], *own_layer(version)])


def check(service: Service, board: str, draft: Draft) -> Checked:
    """Make a draft's changes and hold its policy against the facts, without keeping or solving anything."""
    with service.store.read() as connection:
        dataset = find_dataset(connection, board, draft.base.dataset_id)
        require_usable(connection, dataset)
    own = {"name": draft.name, "changes": list(draft.changes)}
    try:
        inputs = under_layers(facts_of(service, dataset), [*draft.base.layers, *([own] if draft.changes else [])])
    except InputError as error:
        return Checked(None, _pointed(error.faults, draft))
    try:
        found = tuple(left_to_runs(Problem(inputs.scenario, inputs.layers.policy).faults()))
    except InputError as error:
        found = error.faults
    return Checked(inputs, _pointed(map(inputs.layers.placed, found), draft))


def require_sound(checked: Checked) -> Inputs:
    """The facts and wishes of a draft; ProblemError with everything that is wrong with it."""
    if checked.inputs is None or checked.errors:
        count = len(checked.errors)
        raise ProblemError("faulty-input", f"{count:,} fault{'' if count == 1 else 's'} in the changes.", faults=checked.faults)
    return checked.inputs


def _pointed(faults: Iterable[Fault], draft: Draft) -> tuple[Fault, ...]:
    """Faults of a draft, those of its own changes with their place in the request."""
    *_, own = layer_names([ChangeSet(name=layer["name"]) for layer in (*draft.base.layers, {"name": draft.name})])
    return tuple(_point(fault) if fault.file == own else fault for fault in faults)


def _point(fault: Fault) -> Fault:
    number = re.match(r"changes\[(\d+)\]", fault.column)
    return fault if number is None else PointedFault(**asdict(fault), pointer=f"/changes/{int(number[1]) - 1}")


# -- writing --------------------------------------------------------------------------------------------------------


def create_scenario(connection: sa.Connection, board: str, draft: Draft, by: str, **origin: Any) -> str:
    """Keep a draft, which was checked, as a new scenario of a board; its id. The trail tells its `origin`, too."""
    _require_there(connection, draft.base.dataset_id)
    scenario_id, moment = new_id("scenario"), now()
    connection.execute(scenarios.insert().values(id=scenario_id, board=board, version=1, created_by=by, created_at=moment, updated_at=moment))
    _write_version(connection, scenario_id, 1, draft, by)
    audit.record(connection, board, by, "scenario.create", scenario_id, {"dataset": draft.base.dataset_id, "base": draft.base.scenario_id, **origin})
    return scenario_id


def change_scenario(connection: sa.Connection, board: str, scenario_id: str, before: int, draft: Draft, by: str) -> int:
    """Make a draft the next version of a scenario that is at version `before`; the new version. ProblemError where somebody else was first."""
    mine = sa.and_(scenarios.c.id == scenario_id, scenarios.c.board == board, scenarios.c.version == before, scenarios.c.archived_at.is_(None))
    if connection.execute(scenarios.update().where(mine).values(version=before + 1, updated_at=now())).rowcount != 1:
        row = find_scenario(connection, board, scenario_id)
        require_open(row)
        raise ProblemError("stale", f'It is at "{row["version"]}" now: read it again.', headers={"ETag": f'"{row["version"]}"'})
    _require_there(connection, draft.base.dataset_id)
    _write_version(connection, scenario_id, before + 1, draft, by)
    audit.record(connection, board, by, "scenario.change", scenario_id, {"version": before + 1})
    return before + 1


def archive_scenario(connection: sa.Connection, board: str, scenario_id: str, by: str) -> None:
    """Take a scenario out of the lists; it stays for the runs that were made of it. Harmless where it is archived."""
    if find_scenario(connection, board, scenario_id, lock=True)["archived_at"] is None:
        connection.execute(scenarios.update().where(scenarios.c.id == scenario_id).values(archived_at=now()))
        audit.record(connection, board, by, "scenario.archive", scenario_id)


def require_open(row: Mapping[str, Any]) -> None:
    """ProblemError where a scenario is archived."""
    if row["archived_at"] is not None:
        raise ProblemError("conflict", f"Scenario {row['id']!r} is archived; it can be read, and built on, but not changed.")


def _require_there(connection: sa.Connection, dataset_id: str) -> None:
    """Hold the dataset, so that nobody archives it in the meantime; ProblemError where somebody has."""
    purged = connection.execute(sa.select(datasets.c.purged_at).where(datasets.c.id == dataset_id).with_for_update()).scalar_one()
    if purged is not None:
        raise ProblemError("conflict", f"Dataset {dataset_id!r} was archived.")


def _write_version(connection: sa.Connection, scenario_id: str, version: int, draft: Draft, by: str) -> None:
    row = {
        "scenario_id": scenario_id,
        "version": version,
        "name": draft.name,
        "dataset_id": draft.base.dataset_id,
        "base_id": draft.base.scenario_id,
        "base_version": draft.base.version,
        "layers": _plain(draft.base.layers),
        "changes": _plain(draft.changes),
        "note": draft.note,
        "tags": list(draft.tags),
    }
    connection.execute(scenario_versions.insert().values(**row, created_by=by, created_at=now()))


def _plain(told: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(each) for each in told]
