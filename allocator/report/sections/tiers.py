"""Priority of service: how many of each tier there are, could be placed, and are."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.people import counted
from allocator.report.section import Section, Wanted
from allocator.report.table import Column, numbers, table, texts


def build(wanted: Wanted) -> Iterator[Section]:
    """A line for each tier. Tiers are told whatever their size: the law asks who was served first."""
    opened = wanted.opened
    names = opened.problem.tier_names
    if not opened.result.verified or len(set(opened.problem.tiers.tolist())) < 2:
        return
    rows = [
        (f"tier {name}", all_of, could, placed, placed / could if could else None)
        for name, (all_of, could, placed) in zip(names, counted(opened, opened.problem.tiers, len(names)), strict=True)
    ]
    parts = [f"{placed:,} of {could:,} in {name}" for name, _, could, placed, _ in rows if could]
    sentence = f"Placed, of those for whom at least one slot is open to them by the rules: {', '.join(parts)}."
    heads = [*texts("priority tier"), *numbers("people", "could take a slot", "placed"), Column("placed of those who could", "share")]
    yield Section("People", "tiers", "Priority of service", sentence, table=table("People by priority tier", heads, rows))
