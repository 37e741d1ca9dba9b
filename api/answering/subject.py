"""What a question is about, laid out in folders of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from allocator.opened import Opened
    from allocator.result import Result


class Subject(NamedTuple):
    """A job that says where facts and wishes are, and the folder of its result, if it has one. `key` names both: the same key is the same content."""

    key: str
    job: Mapping[str, Any]
    result: str | None = None


def stored_result(folder: Path) -> Result:
    """A result in a folder of this machine; the faults of one that cannot be read do not say where that is."""
    from allocator.errors import InputError
    from allocator.stored import read_result

    try:
        return read_result(folder)
    except InputError as error:
        here = str(folder)
        told = (replace(fault, file=fault.file.replace(here, "").strip("/"), message=fault.message.replace(here, "the run")) for fault in error.faults)
        raise InputError(told) from None


def opened_from(job: Mapping[str, Any], folder: Path) -> Opened:
    """A result in a folder with the facts of its job, read as of the day that the run has read them."""
    from allocator.opened import Opened
    from api.solving.child import inputs_of

    result = stored_result(folder)
    return Opened.of(inputs_of({**job, "as_of": result.as_of}).scenario, result)
