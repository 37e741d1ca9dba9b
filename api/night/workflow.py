"""What workers carry out of a night: its steps, each kept by the queue as done, and the sheets. Only worker processes load this file."""

from __future__ import annotations

import structlog
from dbos import DBOS

from api.ids import new_id
from api.jobs.queue import CHORES
from api.jobs.worker import here
from api.night import occurrences as life
from api.night.publications import SHEETS
from api.night.sheets import bring_in_line
from api.night.steps import STEPS

log = structlog.get_logger("ojt.nights")
PAUSES = (5.0, 30.0, 120.0, 600.0, 1800.0)
"""Seconds before sheets that could not be written are tried again; the last one again and again for a day."""
MOST_TRIES = 50


@DBOS.workflow(name=life.WORKFLOW, max_recovery_attempts=None)
def night(occurrence_id: str) -> None:
    """The steps of an occurrence that can be done now. While its run is solved nothing waits here: the tick brings it on."""
    for name in STEPS:
        after = _step(name, occurrence_id)
        if after != "next":
            if isinstance(after, float):
                _again(occurrence_id, after)
            return


@DBOS.step(name="night step")
def _step(name: str, occurrence_id: str) -> str | float:
    try:
        return STEPS[name](here().service, occurrence_id)
    except Exception as error:  # the tick puts the work back, a few times
        log.error("a step of a night broke", occurrence_id=occurrence_id, step=name, error=type(error).__name__)
        raise


@DBOS.step(name="night again")
def _again(occurrence_id: str, seconds: float) -> None:
    service = here().service
    with service.store.begin() as connection:
        row = life.locked(connection, occurrence_id)
        if row["status"] in life.OPEN:
            life.start(connection, service.queue, occurrence_id, delay=seconds)


@DBOS.workflow(name=SHEETS)
def sheets(publication_id: str, number: int) -> None:
    """The sheets in line with the publications; again later where they cannot be written."""
    _write_sheets(publication_id, number)


@DBOS.step(name="write sheets")
def _write_sheets(publication_id: str, number: int) -> None:
    service = here().service
    try:
        bring_in_line(service, publication_id)
    except Exception as error:  # the folder cannot be reached, nobody is free to make them, or a mistake of ours: a publication is not left without
        log.warning("sheets could not be written", publication_id=publication_id, error=type(error).__name__, tries=number)
        if number < MOST_TRIES:
            with service.store.begin() as connection:
                delay = PAUSES[min(number, len(PAUSES)) - 1]
                service.queue.put(connection, SHEETS, new_id("sheets"), publication_id, number + 1, queue=CHORES, delay=delay)
