"""Where an error came through, for the log: its type and lines of code, without what it says of the data.

Messages of errors may hold values of the data, so they are left out; only errors about files, connections and modules keep theirs, which have none.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
OF_THE_STORE = ("OperationalError", "InterfaceError")
"""Errors of SQLAlchemy about the connection, not the data."""


def frames(error: BaseException) -> list[str]:
    """The lines of code that an error passed through, and its type; before them those of the errors that it came from."""
    told: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        told = [*_lines(at.__traceback__), _said(at), *(["which led to:", *told] if told else [])]
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return told


def _lines(traceback: TracebackType | None) -> list[str]:
    """All that are ours, and of others the last one, which raised."""
    lines = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = Path(code.co_filename)
        ours = place.is_relative_to(ROOT) and "site-packages" not in place.parts
        if ours or traceback.tb_next is None:
            lines.append(f"{place.relative_to(ROOT) if ours else Path(*place.parts[-3:])}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return lines


def _said(error: BaseException) -> str:
    of_the_store = type(error).__module__.startswith("sqlalchemy.") and type(error).__name__ in OF_THE_STORE
    return f"{type(error).__name__}: {error}" if of_the_store or isinstance(error, OSError | ImportError) else type(error).__name__
