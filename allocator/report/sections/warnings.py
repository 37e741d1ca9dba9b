"""What the reader and the policy warned of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from allocator.errors import Fault
from allocator.report.section import Section, Wanted
from allocator.report.table import Column, table

MOST = 40


def build(wanted: Wanted) -> Iterator[Section]:
    """Warnings, the same in many rows once. What is said of one record is left out unless people may be named: it may hold an id."""
    warnings = wanted.opened.result.warnings
    if not warnings:
        return
    lines = Counter(_told(fault, wanted.people) for fault in warnings).most_common()
    rows = [(where, what, count) for (where, what), count in lines[:MOST]]
    sentence = f"{len(warnings):,} {'warning' if len(warnings) == 1 else 'warnings'}; nothing of it kept the run from its answer."
    if len(lines) > MOST:
        sentence += f" The {MOST} most frequent are listed; result.json has all."
    heads = ("where", "what", Column("times", "number"))
    yield Section("The run", "warnings", "Warnings", sentence, table=table("Warnings about the data and the policy", heads, rows))


def _told(fault: Fault, people: bool) -> tuple[str, str]:
    """Where and what, without the record."""
    place = ", ".join(part for part in (fault.file, fault.column) if part)
    about_a_record = fault.row is not None or "seeker" in fault.code
    words = fault.code.replace("_", " ") if about_a_record and not people else f"{fault.message} {fault.fix}".strip()
    return place, words
