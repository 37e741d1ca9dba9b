"""Sweeps: one is handed out in parts, each a run of its own, and joined again from what the parts have found.

How a sweep stands follows from its parts; nothing about it is kept twice.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

import sqlalchemy as sa

from allocator import Fault, InputError
from allocator.over import Over, read_overs
from allocator.point import Point
from allocator.sweep import Sweep, policies_over
from allocator.sweep_parts import Part, joined, points_in, split
from api.clock import now
from api.ids import new_id
from api.jobs import runs as life
from api.jobs.living import living
from api.problems import ProblemError, not_found
from api.scenarios import find_version, inputs_of_version, own_layer
from api.service import Service
from api.solving.part import PEOPLE_FILE, POINTS_FILE
from api.store.blobs import load
from api.store.tables import run_files, runs, sweeps, workers

KIND = "sweep_part"
MOST_POINTS = 441
"""Points of a sweep: a grid of 21 by 21."""
LEAST = 8
"""Points of a part, where there are several parts: each has to read the facts, and to solve its first point from nothing."""
KEPT = 16
"""Frontiers kept in the memory of a process; the least recently used goes first."""

Status = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled"]
State = Literal["waiting", "solved", "failed", "cancelled"]

_kept: OrderedDict[str, Sweep] = OrderedDict()
_keeping = threading.Lock()


# -- asking ---------------------------------------------------------------------------------------------------------


def overs_of(axes: Sequence[str]) -> tuple[Over, ...]:
    """The parameters as `ojt sweep --over` writes them; InputError with everything that is wrong with them."""
    try:
        overs = read_overs(axes)
    except InputError as error:
        raise InputError(_asked(fault) for fault in error.faults) from None
    count = len(points_in(overs))
    if count > MOST_POINTS:
        fault = Fault("too_many_points", f"That makes {count:,} points; a sweep has {MOST_POINTS} at most.", "Take a larger step, or a shorter range.")
        raise InputError([_asked(fault)])
    return overs


def require_sound(service: Service, board: str, version: Mapping[str, Any], overs: Sequence[Over]) -> None:
    """InputError where the policy of a version cannot take one of the values, so that no part will find that out in vain."""
    inputs = inputs_of_version(service, board, version)
    policy = policies_over(inputs)
    faults: dict[Fault, None] = {}
    for axis, over in enumerate(overs):
        for number in range(len(over.texts)):
            try:
                policy([other.sets(number if place == axis else 0) for place, other in enumerate(overs)])
            except InputError as error:
                faults.update((_asked(fault), None) for fault in error.faults)
    if faults:
        raise InputError(faults)


def _asked(fault: Fault) -> Fault:
    return replace(fault, file="", column="axes", value="", fix=fault.fix or "Sweep over values that this key takes; GET /v1/rules says of each kind which.")


# -- handing out ----------------------------------------------------------------------------------------------------


def submit(connection: sa.Connection, service: Service, asked: Mapping[str, Any], overs: Sequence[Over], terms: Mapping[str, Any], room: int) -> str:
    """A new sweep with its parts, waiting; at most `room` of them. `asked` are columns of its row. Its id."""
    version = find_version(connection, asked["board"], asked["scenario_id"], asked["scenario_version"])
    sweep_id, axes = new_id("sweep"), [{"place": over.place, "texts": list(over.texts)} for over in overs]
    connection.execute(sweeps.insert().values(id=sweep_id, axes=axes, terms={}, created_at=now(), **asked))
    parts = split(overs, min(room, _parts(connection, service, overs)))
    shared = {name: asked[name] for name in ("board", "scenario_id", "scenario_version", "created_by")}
    shared |= {"kind": KIND, "dataset_id": version["dataset_id"], "sweep_id": sweep_id, "reference_run": terms["reference_run"]}
    job = {name: value for name, value in terms.items() if name != "reference_run"}
    job |= {"axes": axes, "layers": [*version["layers"], *own_layer(version)]}
    handed = []
    for part in parts:
        run_id = life.submit(connection, service.queue, {**shared, "job": {**job, "part": asdict(part)}})
        handed.append({"run": run_id, "points": len(points_in(part.owned(overs))), **asdict(part)})
    connection.execute(sweeps.update().where(sweeps.c.id == sweep_id).values(terms={**terms, "parts": handed}))
    return sweep_id


def _parts(connection: sa.Connection, service: Service, overs: Sequence[Over]) -> int:
    """Into how many parts: as many as there are solvers to work on them at once, none of them too small."""
    solvers = connection.execute(sa.select(sa.func.sum(workers.c.solvers)).where(living())).scalar() or service.settings.solvers
    return max(1, min(int(solvers), len(points_in(overs)) // LEAST))


def cancel(connection: sa.Connection, sweep_id: str) -> bool:
    """Ask every part that has not ended to end, with the points that it has; whether there was any."""
    # All rows first: the last part that ends takes the sweep's row, and whoever ends one meanwhile has a part's row already.
    parts = sa.select(runs.c.id, runs.c.status).where(runs.c.sweep_id == sweep_id).order_by(runs.c.id).with_for_update()
    open_ = [row.id for row in connection.execute(parts) if row.status in ("queued", "running")]
    for run_id in open_:
        life.cancel(connection, run_id)
    if open_:
        connection.execute(sweeps.update().where(sweeps.c.id == sweep_id).values(cancel_requested_at=now()))
    return bool(open_)


# -- finding --------------------------------------------------------------------------------------------------------


def find(connection: sa.Connection, board: str, sweep_id: str) -> Mapping[str, Any]:
    """A sweep of a board; ProblemError where there is none."""
    row = connection.execute(sa.select(sweeps).where(sweeps.c.id == sweep_id, sweeps.c.board == board)).mappings().first()
    if row is None:
        raise not_found("sweep", sweep_id)
    return dict(row)


def parts_of(connection: sa.Connection, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a sweep, in the order of their values, as their runs stand; `done` counts the points that are solved so far."""
    columns = (runs.c.id, runs.c.status, runs.c.stop_reason, runs.c.error, runs.c.progress, runs.c.summary, runs.c.started_at, runs.c.purged_at)
    found = {each["id"]: dict(each) for each in connection.execute(sa.select(*columns).where(runs.c.sweep_id == row["id"])).mappings()}
    return [{**part, **found[part["run"]], "done": _done(part, found[part["run"]])} for part in row["terms"]["parts"]]


def _done(part: Mapping[str, Any], run: Mapping[str, Any]) -> int:
    if run["status"] in life.ENDED:
        return int((run["summary"] or {}).get("solved", 0))
    solved = ((run["progress"] or {}).get("points") or {}).get("done", 0)
    return min(int(solved), int(part["points"]))


def status_of(row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> Status:
    """How a sweep stands."""
    count = Counter(part["status"] for part in parts)
    if count.total() > sum(count[end] for end in life.ENDED):
        return "cancelling" if row["cancel_requested_at"] is not None else "queued" if count.total() == count["queued"] else "running"
    return "failed" if count["failed"] else "cancelled" if count["cancelled"] else "succeeded"


# -- joining --------------------------------------------------------------------------------------------------------


def frontier_of(service: Service, row: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> Sweep:
    """What the parts that have ended have found, joined; ProblemError where that was deleted after its time."""
    if any(part["purged_at"] is not None for part in parts):
        raise ProblemError("gone", f"The points of sweep {row['id']!r} were deleted after their time.")
    key = f"{service.store.url} {row['id']} {[part['id'] for part in parts if part['status'] in life.ENDED]}"
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _joined(service, row)
    with _keeping:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _joined(service: Service, row: Mapping[str, Any]) -> Sweep:
    overs, terms = [Over(axis["place"], tuple(axis["texts"])) for axis in row["axes"]], row["terms"]
    files = sa.select(run_files.c.run_id, run_files.c.name, run_files.c.sha256).join(runs).where(runs.c.sweep_id == row["id"])
    with service.store.read() as connection:
        kept = {(run_id, name): digest for run_id, name, digest in connection.execute(files).all()}
        digests = [kept[part["run"], POINTS_FILE] for part in terms["parts"] if (part["run"], POINTS_FILE) in kept]
        documents = [json.loads(load(connection, digest)) for digest in digests]
        people = next((digest for (_, name), digest in kept.items() if name == PEOPLE_FILE), None)
        ids: Sequence[str] = () if people is None else json.loads(load(connection, people))
    return joined(overs, documents, ids, seed=terms["seed"], gap=terms["gap"], lottery=terms["lottery"])


def states_of(parts: Sequence[Mapping[str, Any]], found: Sweep) -> list[State]:
    """Of each point, whether it is solved, waits, or never will be."""
    overs = found.parameters
    owner = {texts: run for run in parts for texts in points_in(_part(run).owned(overs))}
    return [_state(point, owner[point.texts]["status"]) for point in found.points]


def _part(run: Mapping[str, Any]) -> Part:
    return Part(**{name: run[name] for name in ("axis", "start", "stop", "first", "last")})


def _state(point: Point, status: str) -> State:
    if point.stop_reason != "cancelled":
        return "solved"
    return "waiting" if status in life.OPEN else "failed" if status == "failed" else "cancelled"
