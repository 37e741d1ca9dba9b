"""Whose customers were placed, and at which centers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.report.people import counted, named
from allocator.report.section import Section, Wanted
from allocator.report.small import SMALLEST, name_of, told_together
from allocator.report.table import Cell, Column, numbers, table, texts

BY = (("partner", "partners", "partner_id"), ("center", "centers", "center_id"))


def build(wanted: Wanted) -> Iterator[Section]:
    """A table by partner and one by center; small groups are told together."""
    opened = wanted.opened
    if not opened.result.verified:
        return
    for one, many, column in BY:
        coded = opened.scenario.coded("seekers", column)
        if not coded.values:
            continue
        names = [*named(opened.scenario, many, coded.values), f"no {one}"]
        group = np.where(coded.codes < 0, len(coded.values), coded.codes)
        counts = dict(zip(names, counted(opened, group, len(names)), strict=True))
        rows: list[tuple[Cell, ...]] = []
        for groups in told_together({name: count[0] for name, count in counts.items()}):
            everybody, could, placed = (sum(counts[name][k] for name in groups) for k in range(3))
            rows.append((name_of(groups, many), everybody, could, placed, placed / could if could else None))
        if not rows:
            continue
        with_one = sum(counts[name][2] for name in names[:-1])
        sentence = f"{with_one:,} of {opened.result.placed:,} people placed have a {one}. Groups of fewer than {SMALLEST} people are told together."
        heads = [*texts(one), *numbers("people", "could take a slot", "placed"), Column("placed of those who could", "share")]
        yield Section("People", f"{many}", f"{many.capitalize()}", sentence, table=table(f"People by {one}", heads, rows))
