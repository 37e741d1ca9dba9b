"""The canary: a small allocation that goes the way of everybody's, from upload to checked result, and must come to an answer known beforehand.

Workers begin one whenever it is due, whichever is first; any worker judges it. What came of it is kept in `canaries`, for the metrics and for `/readyz`;
its run is deleted once it is judged.
"""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from api.clock import now
from api.datasets import keep_dataset, understand
from api.ids import new_id
from api.jobs import runs as life
from api.service import Service
from api.settings import Settings
from api.store import migrate
from api.store.blobs import load
from api.store.tables import CANARY, canaries, datasets, run_events, run_files, run_unplaced, runs, scenario_versions, scenarios
from api.store.unused import forget

log = structlog.get_logger("ojt.canary")
PATIENCE = timedelta(minutes=5)
"""Time after which an answer is missed, long enough for a run that has to wait for others."""
KEPT = timedelta(days=90)
"""How long verdicts are kept."""
FILES = {
    "seekers.csv": b"seeker_id,partner_id\nK1,P\nK2,P\nK3,\nK4,\n",
    "slots.csv": b"slot_id,openings\nA,1\nB,1\nC,1\n",
    "partners.csv": b"partner_id,name\nP,A partner\n",
    "pairs.csv": b"seeker_id,slot_id,score\nK1,A,95\nK1,C,30\nK2,A,50\nK3,B,90\nK4,C,60\n",
    "policy.toml": b"""\
[[constraints]]
kind = "reservation"
beneficiaries = "partner:P"
count = 2

[[goals]]
kind = "match_quality"
""",
    "scenario.toml": b'name = "canary"\nas_of = 2026-11-02\n',
}
"""Two of three seats are promised to the partner: K4, who would come third, must give way."""
ANSWER = {("K1", "C"), ("K2", "A"), ("K3", "B")}


def due(moment: datetime, every: timedelta) -> datetime:
    """The last moment at which a canary was due."""
    seconds = max(1.0, every.total_seconds())
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def begin(service: Service, moment: datetime) -> str | None:
    """Begin the canary that was due at a moment; its id, None where somebody else was first."""
    canary_id = new_id("canary")
    try:
        with service.store.begin() as connection:
            connection.execute(canaries.insert().values(id=canary_id, due=moment, started_at=now()))
    except sa.exc.IntegrityError:
        return None
    understood = understand(service.settings, FILES, name="canary")
    with service.store.begin() as connection:
        known = connection.execute(
            sa.select(scenarios.c.id, datasets.c.id)
            .join(scenario_versions, scenario_versions.c.scenario_id == scenarios.c.id)
            .join(datasets, datasets.c.id == scenario_versions.c.dataset_id)
            .where(scenarios.c.board == CANARY, datasets.c.digest == understood.digest, datasets.c.purged_at.is_(None))
            .limit(1)
        ).first()
        scenario_id, dataset_id = known or _scenario(connection, keep_dataset(connection, CANARY, understood, CANARY))
        values = {"board": CANARY, "scenario_id": scenario_id, "scenario_version": 1, "dataset_id": dataset_id, "created_by": CANARY}
        run_id = life.submit(connection, service.queue, {**values, "job": {"seed": 0, "layers": []}})
        connection.execute(canaries.update().where(canaries.c.id == canary_id).values(run_id=run_id))
    return canary_id


def _scenario(connection: sa.Connection, dataset_id: str) -> tuple[str, str]:
    scenario_id, moment = new_id("scenario"), now()
    connection.execute(scenarios.insert().values(id=scenario_id, board=CANARY, version=1, created_by=CANARY, created_at=moment, updated_at=moment))
    row = {"scenario_id": scenario_id, "version": 1, "name": CANARY, "dataset_id": dataset_id, "layers": [], "changes": [], "note": "", "tags": []}
    connection.execute(scenario_versions.insert().values(**row, created_by=CANARY, created_at=moment))
    return scenario_id, dataset_id


def judge(service: Service) -> None:
    """Give a verdict on every canary that has ended or is missed, and delete the runs that are done with."""
    with service.store.read() as connection:
        open_ = [dict(row) for row in connection.execute(sa.select(canaries).where(canaries.c.finished_at.is_(None))).mappings()]
    for canary in open_:
        with service.store.begin() as connection:
            reason = _verdict(connection, canary)
            if reason is not None:
                _settle(connection, canary, reason)
    _tidy(service)


def _verdict(connection: sa.Connection, canary: Mapping[str, Any]) -> str | None:
    """What is wrong with a canary that is over, empty where nothing is; None while it may still come."""
    run = connection.execute(sa.select(runs).where(runs.c.id == canary["run_id"])).mappings().first()
    if run is not None and run["status"] in life.ENDED:
        return _wrong(connection, dict(run))
    if now() - canary["started_at"] <= PATIENCE:
        return None
    return "It was begun, but never reached the queue." if run is None else f"Its run is still {run['status']} after {PATIENCE.seconds // 60} minutes."


def _wrong(connection: sa.Connection, run: Mapping[str, Any]) -> str:
    if (run["status"], run["outcome"], run["verified"]) != ("succeeded", "optimal", True):
        return f"Its run ended as {run['status']}, outcome {run['outcome']}, {'' if run['verified'] else 'not '}verified."
    files = dict(connection.execute(sa.select(run_files.c.name, run_files.c.sha256).where(run_files.c.run_id == run["id"])).all())
    try:
        answer = {(line["seeker_id"], line["slot_id"]) for line in csv.DictReader(io.StringIO(load(connection, files["assignments.csv"]).decode("utf-8-sig")))}
        quality = next(goal["value"] for goal in json.loads(load(connection, files["result.json"]))["goals"] if goal["kind"] == "match_quality")
    except (KeyError, StopIteration, ValueError):
        return "Its result cannot be read."
    return "" if (answer, quality) == (ANSWER, 170) else "Its answer is not the known one."


def _settle(connection: sa.Connection, canary: Mapping[str, Any], reason: str) -> None:
    mine = sa.and_(canaries.c.id == canary["id"], canaries.c.finished_at.is_(None))
    if connection.execute(canaries.update().where(mine).values(finished_at=now(), sound=not reason, reason=reason)).rowcount != 1:
        return
    if canary["run_id"] is not None:
        life.cancel(connection, canary["run_id"])
    if reason:
        log.error("the canary failed", reason=reason, run_id=canary["run_id"])
    else:
        log.info("the canary is sound", seconds=round((now() - canary["started_at"]).total_seconds(), 1))


def _tidy(service: Service) -> None:
    """Delete the canary's runs that are judged, and verdicts past their time."""
    awaited = sa.select(canaries.c.run_id).where(canaries.c.finished_at.is_(None), canaries.c.run_id.is_not(None))
    over = sa.select(runs.c.id).where(runs.c.board == CANARY, runs.c.status.in_(life.ENDED), runs.c.id.not_in(awaited))
    with service.store.read() as connection:
        gone = list(connection.execute(over).scalars())
    if not gone:
        return
    with service.store.begin() as connection:
        digests = set(connection.execute(sa.select(run_files.c.sha256).where(run_files.c.run_id.in_(gone))).scalars())
        for table in (run_events, run_files, run_unplaced):
            connection.execute(table.delete().where(table.c.run_id.in_(gone)))
        connection.execute(runs.delete().where(runs.c.id.in_(gone)))
        connection.execute(canaries.delete().where(canaries.c.started_at < now() - KEPT))
        forget(connection, digests)
    service.queue.delete(gone)


def last(connection: sa.Connection) -> Mapping[str, Any] | None:
    """The canary that was judged last; None where there was none."""
    row = connection.execute(sa.select(canaries).where(canaries.c.finished_at.is_not(None)).order_by(canaries.c.id.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def complaint(connection: sa.Connection, every: timedelta | None) -> str | None:
    """What the canary has to complain of; None where all is well, or none is wanted."""
    found = last(connection)
    if found is not None and not found["sound"]:
        return f"The canary failed: {found['reason']}"
    if every is not None and found is not None and now() - found["finished_at"] > 2 * every + PATIENCE:
        return f"The canary is overdue: the last one ended at {found['finished_at']:%Y-%m-%d %H:%M} UTC."
    return None


def look(service: Service) -> None:
    """What every worker does every few seconds: begin the one that is due, judge those that are over."""
    every = service.settings.canary
    if every is not None:
        moment = due(now(), every)
        with service.store.read() as connection:
            begun = connection.execute(sa.select(canaries.c.id).where(canaries.c.due == moment)).first()
        if begun is None:
            begin(service, moment)
    judge(service)


def by_hand(settings: Settings, wait: float) -> Mapping[str, Any] | None:
    """Run one now and wait for its verdict; None where there is none in time."""
    service = Service(settings)
    try:
        migrate.upgrade(service.store)
        canary_id, until = begin(service, now()), time.monotonic() + wait
        while time.monotonic() < until:
            judge(service)
            with service.store.read() as connection:
                found = connection.execute(sa.select(canaries).where(canaries.c.id == canary_id, canaries.c.finished_at.is_not(None))).mappings().first()
            if found is not None:
                return dict(found)
            time.sleep(0.2)
        return None
    finally:
        service.close()
