"""Log lines: one form for what we say and what uvicorn, the queue and SQLAlchemy say, with the ids of run, trace and worker; no personal data."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor

from api.settings import Settings
from api.tracebacks import frames

QUIET = {"sqlalchemy": logging.WARNING, "alembic": logging.WARNING, "dbos": logging.WARNING, "uvicorn": logging.WARNING, "httpx2": logging.WARNING}
"""Least levels of those who talk much."""

_always: dict[str, str] = {}


class Stderr(logging.Handler):
    """Writes to whatever stderr is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        try:
            print(self.format(record), file=sys.stderr, flush=True)
        except Exception:  # as logging asks of a handler: a line that cannot be written breaks nothing
            self.handleError(record)


def configure(settings: Settings, process: str) -> None:
    """Let every logger of this process write to stderr as the settings say; `process` is web, worker, serve or command."""
    shared: list[Processor] = [
        merge_contextvars,
        _of_the_process,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _bare_traceback,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    written: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    written += [_in_order, structlog.processors.JSONRenderer(ensure_ascii=False)] if settings.log_format == "json" else [_as_text]
    handler = Stderr()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=written))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name, least in QUIET.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(least, root.level))
        logger.handlers[:], logger.propagate = ([handler], False) if name == "dbos" else ([], True)  # the queue adds a handler of its own to none
    for name in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers[:] = []
    always(process=process)


def always(**told: str) -> None:
    """Say this in every line of the process, whichever thread writes it."""
    _always.update(told)


def _of_the_process(_: Any, __: str, event: EventDict) -> EventDict:
    return {**_always, **event}


def _bare_traceback(_: Any, __: str, event: EventDict) -> EventDict:
    """An error's type and lines of code in the place of its traceback."""
    told = event.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    record: logging.LogRecord | None = event.get("_record")
    if record is not None and record.exc_info:
        told = record.exc_info
        record.exc_info = record.exc_text = None
    error = told if isinstance(told, BaseException) else told[1] if isinstance(told, tuple) else None
    if error is not None:
        event["trace"] = frames(error)
    return event


def _in_order(_: Any, __: str, event: EventDict) -> Mapping[str, Any]:
    first = ("timestamp", "level", "process", "logger", "event")
    return {name: event[name] for name in first if name in event} | {name: value for name, value in event.items() if name not in first}


def _as_text(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """A line for people: time, level, who, what, then the rest as name=value, then where an error came through."""
    trace = event.pop("trace", [])
    head = f"{event.pop('timestamp', '')} {event.pop('level', '').upper():<7} {event.pop('process', '')} {event.pop('logger', '')}: {event.pop('event', '')}"
    rest = "".join(f" {name}={value}" for name, value in event.items())
    line = (head + rest).replace("\r", "\\r").replace("\n", "\\n")
    return "\n".join([line, *(f"    {each}" for each in trace)])
