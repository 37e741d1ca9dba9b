"""From the facts that a source gave to a run: wishes laid over them, commitments carried forward, the last publication as the reference."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from allocator.inputs import Inputs
from allocator.policy import DEFAULT_GOALS, Policy
from allocator.scenario import Scenario
from allocator.tables.folder import SETTINGS_FILE
from allocator.write import settings, write_scenario
from api.datasets import Understood
from api.folders import own_folder
from api.night.carry import carried, counted
from api.night.schedule import Schedule
from api.results import open_run
from api.scenarios import find_version, own_layer
from api.service import Service
from api.solving.child import inputs_of
from api.store.blobs import load
from api.store.tables import datasets, runs

REFERENCE, NOBODY = "reference.csv", b"seeker_id,slot_id\n"
"""A reference in which nobody holds anything, for a policy that looks at one before there is any."""
STICKY = "stability[referred and offered]"
BEFORE = ("stability", "match_quality", "lottery")
"""Goals that come after what people were referred to or offered."""
Row = Mapping[str, Any]
Layer = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """What a night's run is made of: its facts, ready to be kept; its layers; its reference; and the commitments by status, and how they came."""

    facts: Understood
    layers: list[Layer]
    reference_run: str | None
    commitments: dict[str, int]
    carried: dict[str, int]


def prepared(service: Service, board: str, schedule: Schedule, night: date, dataset: Row, last: Row | None) -> Prepared:
    """Read tonight's facts, lay the wishes over them, and carry over what was promised. Takes as long as reading takes.

    `dataset` is what the source gave, `last` the publication that holds.

    Raises
    ------
    InputError
        Facts and wishes do not fit together.
    ProblemError
        The scenario that the schedule names is not there.
    """
    with service.store.read() as connection:
        given = _files(connection, dataset["files"])
        files, layers = _wishes(connection, board, schedule, given)
        before = None if last is None else dict(connection.execute(sa.select(runs).where(runs.c.id == last["run_id"])).mappings().one())
    opened = None if before is None else open_run(service, before)
    work = own_folder(service.settings.work)
    with tempfile.TemporaryDirectory(prefix="night-", dir=work) as beside:
        facts = _read(beside, files, [], night).scenario
        commitments, moved_on = carried(facts, [] if opened is None else opened.result.plan(), None if opened is None else opened.scenario, night)
        files = _with_commitments(files, facts, commitments, schedule, night)
        policy = _read(beside, files, layers, night).layers.policy
        if last is None and _looks_back(policy) and not facts.has("reference"):
            files[REFERENCE] = NOBODY
        if schedule.keep_offers and {"referred", "offered"} & set(counted(commitments)):
            layers = [*layers, *_sticky(policy)]
        resolved = _read(beside, files, layers, night)
        if last is None:
            resolved.problem()  # with a reference, the solver process looks whether they fit
    withheld = dataset["withheld"] if dataset["withheld"] is not None and set(given) <= set(files) else [name for name in files if not name.endswith(".toml")]
    counts = {table: len(frame) for table, frame in resolved.scenario.tables.items()}
    name = f"{schedule.name} {night.isoformat()}"
    kept = Understood(
        name, night, resolved.scenario.digest, files, counts, tuple(resolved.scenario.warnings), tuple(name for name in withheld if name in files)
    )
    return Prepared(kept, layers, None if before is None else before["id"], counted(commitments), moved_on)


def _files(connection: sa.Connection, told: Mapping[str, str]) -> dict[str, bytes]:
    return {name: load(connection, digest) for name, digest in told.items()}


def _wishes(connection: sa.Connection, board: str, schedule: Schedule, files: dict[str, bytes]) -> tuple[dict[str, bytes], list[Layer]]:
    """The files with the policy that holds, and the layers over it: the base scenario's, then the schedule's own changes."""
    layers: list[Layer] = []
    if schedule.scenario_id is not None:
        version = find_version(connection, board, schedule.scenario_id, schedule.scenario_version)
        base = connection.execute(sa.select(datasets.c.files).where(datasets.c.id == version["dataset_id"])).scalar_one()
        wishes = {name: content for name, content in _files(connection, base).items() if _is_policy(name)}
        files = {name: content for name, content in files.items() if not _is_policy(name)} | wishes
        layers = [*version["layers"], *own_layer(version)]
    return files, [*layers, *([schedule.change_set().to_dict()] if schedule.changes else [])]


def _is_policy(name: str) -> bool:
    return name.endswith(".toml") and name != SETTINGS_FILE


def _read(beside: str, files: Mapping[str, bytes], layers: list[Layer], night: date) -> Inputs:
    """The inputs as the solver process will read them."""
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return inputs_of({"scenario": folder, "layers": layers, "as_of": night.isoformat()})


def _with_commitments(files: Mapping[str, bytes], facts: Scenario, commitments: pd.DataFrame, schedule: Schedule, night: date) -> dict[str, bytes]:
    """The files with tonight's commitments, name and day. A workbook, which holds every table, is written out as one file for each."""
    if any(name.lower().endswith(".xlsx") for name in files):
        files = {name: content for name, content in files.items() if name.endswith(".toml")} | _written(facts)
    told = {name: content for name, content in files.items() if Path(name).stem.lower() != "commitments"}
    told[SETTINGS_FILE] = settings(replace(facts, name=schedule.name, as_of=night)).encode()
    if len(commitments):
        told["commitments.csv"] = commitments.to_csv(index=False, lineterminator="\n").encode()
    return told


def _written(facts: Scenario) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside) / "facts"
        write_scenario(facts, folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def _looks_back(policy: Policy) -> bool:
    """Whether the policy needs a reference."""
    limits = any(rule.kind == "change_limit" and rule.enabled for rule in policy.constraints)
    return limits or any(goal.kind == "stability" and goal.aim == "stability" and goal.enabled for goal in policy.goals or ())


def _sticky(policy: Policy) -> list[Layer]:
    """The layer that keeps what people were referred to or offered, before match quality counts; nothing where the policy says it itself."""
    goals = [(goal.kind, goal.name, goal.aim) for goal in policy.goals] if policy.goals is not None else [(kind, kind, kind) for kind in DEFAULT_GOALS]
    if any(kind == "stability" and aim != "stability" for kind, _, aim in goals):
        return []
    names = [name for _, name, _ in goals]
    place = next((number for number, (kind, _, _) in enumerate(goals) if kind in BEFORE), len(goals))
    add = {"op": "add", "path": f"goals.{STICKY}", "value": {"keeps": ["referred", "offered"]}}
    order = {"op": "set", "path": "goals.order", "value": [*names[:place], STICKY, *names[place:]]}
    return [{"name": "the night", "note": "People keep what they were referred to or offered.", "changes": [add, order]}]
