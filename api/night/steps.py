"""What happens at an occurrence, a step at a time. Each step looks whether it is still to be done, works, and changes the row in one transaction; a
worker that dies in between leaves the step to the next one, and two that do the same step at once change the row once.

    begin      its turn has come: the night before it has come to its end
    read       read the source, keep what it gave as a dataset, stop where that has faults
    prepare    lay the wishes over it, carry commitments over, take the last publication as the reference, submit the run
    wait       until the run has ended; nothing is held meanwhile, the tick looks
    judge      check the plan independently, ask the gates
    decide     publish, hold for review, or refuse
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
import structlog

from allocator.errors import Fault, InputError
from api import clock
from api.datasets import Understood, keep_dataset, understand
from api.jobs import runs as run_life
from api.night import occurrences as life
from api.night.announcing import announce
from api.night.figures import figures_of
from api.night.gates import Last, Tonight, failed, judged
from api.night.preparing import NOBODY, REFERENCE, prepared
from api.night.publications import current, publish_night
from api.night.schedule import Schedule
from api.night.sources import Found, SourceError, read_source
from api.problems import ProblemError
from api.references import NO_REFERENCE
from api.service import Service
from api.store import audit
from api.store.tables import datasets, occurrences, runs, scenario_versions, scenarios, schedules

log = structlog.get_logger("ojt.nights")
Row = Mapping[str, Any]
Next = Literal["next", "wait", "end"] | float
"""What comes after a step: the next one, nothing until the run has ended, nothing at all, or another look after so many seconds."""
NIGHT = "night"
"""Whom the audit trail names for what a night does by itself."""
LOOK_AGAIN = 60.0
TURN = 5.0


def begin(service: Service, occurrence_id: str) -> Next:
    """Begin where it is the occurrence's turn: those of a schedule go one after another, because each starts from the one before."""
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None:
            return "end"
        if row["status"] == "running":
            return "next"
        before = occurrences.c.schedule_id == row["schedule_id"], occurrences.c.scheduled_for < row["scheduled_for"], occurrences.c.status.in_(life.OPEN)
        earlier = connection.execute(sa.select(occurrences.c.night).where(*before).order_by(occurrences.c.scheduled_for).limit(1)).scalar()
        if earlier is not None:
            life.write(connection, row, "turn", f"Waits until the night of {earlier.isoformat()} has come to its end.", again=True)
            return TURN
        started = clock.now()
        life.write(connection, row, "begin", _begun(row, started), {"status": "running", "started_at": row["started_at"] or started}, trigger=row["trigger"])
    return "next"


def read(service: Service, occurrence_id: str) -> Next:
    """Read the source, once; what it gave is kept as it came, with everything that is wrong with it."""
    row = _tried(service, occurrence_id)
    if row is None or row["dataset_id"] is not None:
        return "end" if row is None else "next"
    schedule = _schedule(service, row)
    try:
        found = read_source(service, row["board"], schedule, row["night"])
        told = None if found.dataset_id is not None else _understood(service, found, schedule, row)
    except (SourceError, ProblemError) as error:
        return _not_read(service, occurrence_id, schedule, error)
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None or row["dataset_id"] is not None:
            return "end" if row is None else "next"
        dataset_id = found.dataset_id or keep_dataset(connection, row["board"], _required(told), NIGHT)
        kept = connection.execute(sa.select(datasets).where(datasets.c.id == dataset_id)).mappings().one()
        newest = found.newest.isoformat() if found.newest else None
        facts = {"dataset": dataset_id, "counts": kept["counts"], "warnings": kept["warnings"], "newest": newest}
        row = life.write(connection, row, "read", _told_counts(found.sentence, kept["counts"]), {"dataset_id": dataset_id}, **facts)
        if kept["errors"]:
            _fail(
                connection,
                service,
                row,
                "faulty-source",
                f"The source has {_count(kept['errors'], 'fault')}; dataset {dataset_id} lists them.",
                dataset=dataset_id,
            )
            return "end"
    return "next"


def prepare(service: Service, occurrence_id: str) -> Next:
    """Make the run: facts with commitments carried over, wishes, reference, seed; and put it into the queue."""
    row = _tried(service, occurrence_id)
    if row is None or row["run_id"] is not None:
        return "end" if row is None else "next"
    schedule = _schedule(service, row)
    with service.store.read() as connection:
        last = current(connection, row["board"], row["schedule_id"])
        dataset = dict(connection.execute(sa.select(datasets).where(datasets.c.id == row["dataset_id"])).mappings().one())
    try:
        ready = prepared(service, row["board"], schedule, row["night"], dataset, last)
    except (InputError, ProblemError) as error:
        with service.store.begin() as connection:
            row = _mine(connection, service, occurrence_id)
            if row is not None:
                faults = error.faults if isinstance(error, InputError) else [Fault(error.code, error.detail)]
                _fail(
                    connection, service, row, "faulty-input", f"Facts and wishes do not fit together: {_count(len(faults), 'fault')}.", faults=_by_code(faults)
                )
        return "end"
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None or row["run_id"] is not None:
            return "end" if row is None else "next"
        dataset_id = keep_dataset(connection, row["board"], ready.facts, NIGHT)
        scenario_id, version = _scenario(connection, row, schedule, dataset_id, ready.layers)
        seed = schedule.seed_for(row["night"])
        limits = schedule.limits.model_dump(exclude_none=True)
        values = {"board": row["board"], "scenario_id": scenario_id, "scenario_version": version, "dataset_id": dataset_id, "occurrence_id": row["id"]}
        job = {"seed": seed, **limits, "layers": ready.layers, "as_of": row["night"].isoformat()}
        told = {
            "reference_run": ready.reference_run,
            "job": job,
            "note": f"{schedule.name}, {row['night'].isoformat()}",
            "tags": ["nightly"],
            "created_by": NIGHT,
        }
        run_id = run_life.submit(connection, service.queue, {**values, **told})
        audit.record(connection, row["board"], NIGHT, "run.submit", run_id, {"scenario": scenario_id, "version": version, "occurrence": row["id"]})
        facts = {"run": run_id, "dataset": dataset_id, "seed": seed, "commitments": ready.commitments, "carried": ready.carried}
        life.write(
            connection, row, "prepare", _told_prepared(ready.commitments, ready.carried, last), {"run_id": run_id}, reference=ready.reference_run, **facts
        )
    return "next"


def wait(service: Service, occurrence_id: str) -> Next:
    """Go on where the run has ended; else nothing is to be done until the tick sees its end."""
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None:
            return "end"
        run = connection.execute(sa.select(runs).where(runs.c.id == row["run_id"])).mappings().one()
        if run["status"] not in run_life.ENDED:
            return "wait"
        if life.fact(row, "run", "status") is None:
            facts = {"status": run["status"], "outcome": run["outcome"], "stop_reason": run["stop_reason"]}
            life.write(connection, row, "run", f"The run ended: {run['outcome'] or run['status']}.".replace("_", " "), **facts)
    return "next"


def judge(service: Service, occurrence_id: str) -> Next:
    """Check the plan independently, and ask every gate."""
    row = _tried(service, occurrence_id)
    if row is None or row["gates"] is not None:
        return "end" if row is None else "next"
    schedule = _schedule(service, row)
    with service.store.read() as connection:
        run = dict(connection.execute(sa.select(runs).where(runs.c.id == row["run_id"])).mappings().one())
        last = current(connection, row["board"], row["schedule_id"])
        last_run = None if last is None else dict(connection.execute(sa.select(runs).where(runs.c.id == last["run_id"])).mappings().one())
    if run["status"] != "succeeded" or not run["verified"]:
        with service.store.begin() as connection:
            row = _mine(connection, service, occurrence_id)
            if row is not None:
                _fail(connection, service, row, *_without_plan(run))
        return "end"
    figures = figures_of(service, run, last_run)
    newest = life.fact(row, "read", "newest")
    tonight = Tonight(
        now=clock.now(),
        outcome=figures.outcome,
        violations=figures.violations,
        placed=figures.placed,
        gap=figures.gap,
        counts=figures.counts,
        short=figures.short,
        moved=figures.moved if last is not None else None,
        newest=None if newest is None else datetime.fromisoformat(newest),
        last=None if last is None else Last(last["summary"]["placed"], last["summary"]["counts"], last["summary"]["short"]),
    )
    verdicts = judged(schedule.gates, tonight)
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None or row["gates"] is not None:
            return "end" if row is None else "next"
        against = failed(verdicts)
        said = f"{_count(len(verdicts), 'gate')} asked, all passed." if not against else " ".join(verdict["sentence"] for verdict in against)
        life.write(
            connection, row, "judge", f"{figures.headline} {said}", {"gates": verdicts}, figures=asdict(figures), failed=[each["gate"] for each in against]
        )
    return "next"


def decide(service: Service, occurrence_id: str) -> Next:
    """Publish where every gate passes and nobody wants to look first; else hold, or refuse and say why."""
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None:
            return "end"
        schedule, against = _schedule_in(connection, row), failed(row["gates"])
        if any(verdict["gate"] == "no_violation" for verdict in against):
            _fail(connection, service, row, "broken-rule", against[0]["sentence"])
        elif schedule.review == "hold":
            code = "gates" if against else "review"
            sentence = f"Held: {against[0]['sentence']}" if against else "Held until somebody publishes it."
            reason = {"code": code, "message": sentence, "gates": [verdict["gate"] for verdict in against]}
            life.write(connection, row, "held", sentence, {"status": "held", "reason": reason})
            announce(connection, service, row["board"], "occurrence.held", occurrence=row["id"], run=row["run_id"])
        elif against:
            sentence = " ".join(verdict["sentence"] for verdict in against)
            _fail(connection, service, row, "gates", f"Not published: {sentence} {_onward(row)}", gates=[verdict["gate"] for verdict in against])
        else:
            publish_night(connection, service, row, NIGHT, "", life.fact(row, "judge", "figures"))
    return "end"


STEPS: dict[str, Callable[[Service, str], Next]] = {"begin": begin, "read": read, "prepare": prepare, "wait": wait, "judge": judge, "decide": decide}
"""The steps in their order."""


def carry_on(service: Service, occurrence_id: str) -> Next:
    """Every step that can be done now."""
    after: Next = "end"
    for step in STEPS.values():
        after = step(service, occurrence_id)
        if after != "next":
            break
    return after


# -- the row, the schedule, the ends --------------------------------------------------------------------------------


def _mine(connection: sa.Connection, service: Service, occurrence_id: str) -> Row | None:
    """The row, held, where it is still to be worked on; None where it has ended, ends now because it is too old, or its worker dies again and again."""
    row = life.locked(connection, occurrence_id)
    if row["status"] not in life.OPEN:
        return None
    if life.tries(row) > 2 * service.settings.attempts:
        _fail(connection, service, row, "worker-lost", "Each time the next step was begun, the worker that did it died.")
        return None
    schedule = _schedule_in(connection, row)
    begun = life.latest_start(row)
    if clock.now() - begun > schedule.give_up_after:
        if row["run_id"] is not None:
            run_life.cancel(connection, row["run_id"])
        _fail(connection, service, row, "gave-up", f"It had not come to an end after {schedule.give_up_after}.")
        return None
    return row


def _tried(service: Service, occurrence_id: str) -> Row | None:
    """The same, with one try more counted, before work that could end the worker."""
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is not None:
            connection.execute(occurrences.update().where(occurrences.c.id == occurrence_id).values(attempts=row["attempts"] + 1))
        return row


def _schedule(service: Service, row: Row) -> Schedule:
    with service.store.read() as connection:
        return _schedule_in(connection, row)


def _schedule_in(connection: sa.Connection, row: Row) -> Schedule:
    return Schedule.model_validate(connection.execute(sa.select(schedules.c.document).where(schedules.c.id == row["schedule_id"])).scalar_one())


def _onward(row: Row) -> str:
    """What to do where a gate has failed."""
    night = row["night"].isoformat()
    return f"Mend what it names and start the night again with `ojt nightly run --date {night} --again`, or publish its run by hand."


def _fail(connection: sa.Connection, service: Service, row: Row, code: str, sentence: str, **facts: Any) -> None:
    life.end(connection, row, "failed", sentence, code, **facts)
    announce(connection, service, row["board"], "occurrence.failed", occurrence=row["id"], run=row["run_id"])
    log.warning("a night failed", occurrence_id=row["id"], code=code)


def _understood(service: Service, found: Found, schedule: Schedule, row: Row) -> Understood:
    """What the source's files say. A policy that looks at a reference gets one that is empty, before there is any to look at."""

    def told(files: Mapping[str, bytes]) -> Understood:
        return understand(service.settings, files, name=f"{schedule.name} {row['night'].isoformat()}", as_of=row["night"])

    first = told(found.files)
    errors = [fault for fault in first.faults if fault.severity == "error"]
    if errors and REFERENCE not in found.files and all(fault.code == NO_REFERENCE for fault in errors):
        return told({**found.files, REFERENCE: NOBODY})
    return first


def _required(told: Understood | None) -> Understood:
    assert told is not None, "files that are no dataset yet were read"
    return told


def _not_read(service: Service, occurrence_id: str, schedule: Schedule, error: SourceError | ProblemError) -> Next:
    """Look again later while there is time; then the night has failed."""
    code, message = (error.code, error.message) if isinstance(error, SourceError) else (error.code, error.detail)
    with service.store.begin() as connection:
        row = _mine(connection, service, occurrence_id)
        if row is None or row["dataset_id"] is not None:
            return "end" if row is None else "next"
        if clock.now() - life.latest_start(row) >= schedule.wait_for_source:
            _fail(connection, service, row, f"source-{code}", message)
            return "end"
        life.write(connection, row, "source", f"{message} It is looked at again.", again=True, code=code)
    return LOOK_AGAIN


def _scenario(connection: sa.Connection, row: Row, schedule: Schedule, dataset_id: str, layers: list[dict[str, Any]]) -> tuple[str, int]:
    """The schedule's own scenario with a version for tonight; made with the first night."""
    scenario_id = f"scenario_{row['schedule_id'].removeprefix('schedule_')}"
    moment, there = clock.now(), sa.select(scenarios.c.version).where(scenarios.c.id == scenario_id)
    version = (connection.execute(there.with_for_update()).scalar() or 0) + 1
    if version == 1:
        whose = {"id": scenario_id, "board": row["board"], "created_by": NIGHT, "created_at": moment}
        connection.execute(scenarios.insert().values(**whose, version=version, updated_at=moment))
    else:
        connection.execute(scenarios.update().where(scenarios.c.id == scenario_id).values(version=version, updated_at=moment))
    said = {"name": f"{schedule.name} {row['night'].isoformat()}", "dataset_id": dataset_id, "layers": layers, "changes": [], "note": "", "tags": ["nightly"]}
    connection.execute(scenario_versions.insert().values(scenario_id=scenario_id, version=version, **said, created_by=NIGHT, created_at=moment))
    audit.record(connection, row["board"], NIGHT, "scenario.change", scenario_id, {"version": version, "dataset": dataset_id})
    return scenario_id, version


def _without_plan(run: Row) -> tuple[str, str]:
    """Why a run has no plan to publish."""
    if run["status"] == "cancelled":
        return "run-cancelled", f"The run {run['id']} was cancelled."
    if run["status"] == "failed":
        error = run["error"] or {}
        count = len(error.get("faults", ()))
        return f"run-{error.get('code', 'failed')}", f"The run {run['id']} failed: {error.get('message', 'the reason is not known')}" + (
            f" {_count(count, 'fault')}." if count else ""
        )
    if run["outcome"] == "infeasible":
        return "infeasible", f"No plan keeps every rule; run {run['id']} names the rules that would have to give way."
    return "no-plan", f"The run {run['id']} found no plan before it had to end."


# -- sentences ------------------------------------------------------------------------------------------------------


def _begun(row: Row, moment: datetime) -> str:
    late = (moment - row["scheduled_for"]).total_seconds() / 60
    when = f", {late:.0f} minutes after it was due" if late >= 5 else ""
    return f"Begun {'by hand' if row['trigger'] == 'manual' else 'by its schedule'}{when}."


def _told_counts(sentence: str, counts: Mapping[str, int]) -> str:
    return f"{sentence} {counts.get('seekers', 0):,} job seekers, {counts.get('slots', 0):,} slots."


def _told_prepared(commitments: Mapping[str, int], moved_on: Mapping[str, int], last: Row | None) -> str:
    held = sum(commitments.get(status, 0) for status in ("accepted", "started"))
    sticky = sum(commitments.get(status, 0) for status in ("referred", "offered"))
    carried_over = sum(
        count for status, count in moved_on.items() if status in ("proposed", "referred", "offered", "accepted", "started", "declined", "completed")
    )
    compared = "there is no publication to compare with" if last is None else f"{carried_over:,} came over from the last publication, which is the reference"
    return f"{held:,} begun pairs are held, {sticky:,} referred or offered ones are kept where nothing speaks against it; {compared}. The run was submitted."


def _by_code(faults: list[Fault] | Any) -> dict[str, int]:
    """How many faults of each code, told without their values."""
    return dict(Counter(fault.code for fault in faults))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
