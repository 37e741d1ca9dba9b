"""What a question is about, laid out in folders of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from allocator.opened import Opened


class Subject(NamedTuple):
    """A job that says where facts and wishes are, and the folder of its result, if it has one. `key` names both: the same key is the same content."""

    key: str
    job: Mapping[str, Any]
    result: str | None = None


def opened_from(job: Mapping[str, Any], folder: Path) -> Opened:
    """A result in a folder with the facts of its job, read as of the day that the run has read them."""
    from allocator.opened import Opened
    from allocator.stored import read_result
    from api.solving.child import inputs_of

    result = read_result(folder)
    return Opened.of(inputs_of({**job, "as_of": result.as_of}).scenario, result)
