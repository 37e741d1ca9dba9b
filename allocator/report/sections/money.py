"""Money: what this plan obligates of what is there."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.section import Section, Wanted
from allocator.report.table import Column, table

HEADS = (
    "budget", "funding stream",
    Column("obligated by this plan", "money"), Column("available for it", "money"), Column("left", "money"), Column("used", "share"),
)  # fmt: skip


def build(wanted: Wanted) -> Iterator[Section]:
    """Each budget's obligation, and what is left."""
    lines = [line for line in wanted.opened.result.rules if line.kind == "budget" and line.at_most is not None]
    if not lines:
        return
    rows = [
        (line.label, line.key.replace("_", " "), line.achieved, line.at_most, line.slack, line.achieved / line.at_most if line.at_most else None)
        for line in lines
    ]
    spent, there = sum(line.achieved for line in lines), sum(line.at_most or 0 for line in lines)
    sentence = f"This plan obligates ${spent / 100:,.2f} of ${there / 100:,.2f} that {'is' if len(lines) == 1 else 'are'} available after earlier commitments."
    yield Section("Promises, targets and money", "money", "Money", sentence, table=table("Money obligated and left, by budget", HEADS, rows))
