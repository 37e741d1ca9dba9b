"""The lists that are asked for first, made by the solver while it still has everything in its hands: nobody then waits for a process that opens the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from api.answering.papers import EDITION
from api.answering.tables import arrow_file

if TYPE_CHECKING:
    from allocator.result import Result
    from allocator.scenario import Scenario

READY = ("assignments", "unplaced", "slots")
SUFFIX = ".arrow"
MOST_PAIRS = 2_000_000
"""Pairs of a run whose lists are made at once: beyond, the program that they need takes memory that the solve may have left nothing of."""


def ready_name(paper: str) -> str:
    """The name under which a paper is kept with the result; another edition of the program does not find it, and makes its own."""
    return f"{paper.removesuffix(SUFFIX)}.{EDITION}{SUFFIX}"


def without_ready(files: Mapping[str, str]) -> dict[str, str]:
    """The files of a result as the library writes them."""
    return {name: digest for name, digest in files.items() if not name.endswith(SUFFIX)}


def ready_lists(scenario: Scenario, result: Result) -> Iterator[tuple[str, bytes]]:
    """Each list by the name that it is kept under."""
    from allocator.opened import Opened  # not before: the web process needs the names only
    from allocator.report_tables import Material, report_table_of

    if result.considered > MOST_PAIRS:
        return
    material = Material.of(Opened.of(scenario, result))
    for table in READY:
        yield ready_name(table), arrow_file(report_table_of(material, table))
