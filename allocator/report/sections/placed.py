"""Who holds which slot, by id; only where it was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.section import Section, Wanted
from allocator.report.table import Cell, Column, table

FACTS = (("employer", "employer_id"), ("occupation", "onet_soc"), ("center", "center_id"))


def build(wanted: Wanted) -> Iterator[Section]:
    """Each assignment with facts of its slot. Nothing is said of the seeker but the id: no partner, population or tier."""
    result, facts = wanted.opened.result, wanted.opened.scenario
    if not wanted.people or not result.placed:
        return
    slot = facts.positions("slots", result.assignments["slot_id"].to_numpy(dtype=object)).tolist()
    columns: dict[Column, list[Cell]] = {
        Column("seeker"): result.assignments["seeker_id"].tolist(),
        Column("slot"): result.assignments["slot_id"].tolist(),
    }
    for name, column in FACTS:
        if facts.has("slots", column):
            coded = facts.coded("slots", column)
            columns[Column(name)] = [coded.text(place) for place in slot]
    if facts.has("slots", "wage"):
        wages = facts.numbers("slots", "wage")[slot].tolist()
        columns[Column("wage per hour", "money")] = [None if wage != wage else wage * 100 for wage in wages]
    columns[Column("score", "number")] = [float(score) for score in result.assignments["score"]]
    rows = list(zip(*columns.values(), strict=True))
    sentence = f"{len(rows):,} {'assignment' if len(rows) == 1 else 'assignments'}. Everybody else's reason is in unplaced.csv."
    yield Section("People", "assignments", "Assignments", sentence, table=table("Who holds which slot", list(columns), rows))
