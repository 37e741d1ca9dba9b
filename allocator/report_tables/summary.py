"""The answer on one sheet: what was decided, what was promised, what it costs, and where to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from allocator.report_tables.base import KEPT, Field, ReportTable, from_rows
from allocator.report_tables.material import Material
from allocator.report_tables.unplaced import REASONS

ABOUT = "The answer in numbers, and what is on each sheet."
FIELDS = (Field("section", "Section"), Field("what", "What"), Field("value", "Value", "amount"), Field("unit", "Unit"), Field("note", "Note"))
PROOFS = {
    "optimal": "proved best",
    "feasible": "not proved best: the best known when the run ended",
    "infeasible": "no plan keeps every rule of the policy",
    "no_solution": "nothing was found before the run ended",
}
Line = tuple[str, str, Any, str, str]


def summary(material: Material, tables: Sequence[ReportTable]) -> ReportTable:
    """The first sheet, made from the others."""
    by_name = {table.name: table for table in tables}
    rows = [*_answer(material), *_promises(by_name), *_money(material), *_without(material), *_sheets(tables)]
    return from_rows("summary", "Summary", ABOUT, FIELDS, rows)


def _answer(material: Material) -> Iterator[Line]:
    result, wages = material.result, material.numbers("slots", "wage", material.plan.slot)
    yield "Answer", "Scenario", result.scenario_name, "", f"as of {result.as_of}"
    yield "Answer", "Status", result.status, "", PROOFS[result.status]
    yield "Answer", "People placed", result.placed, "people", f"of {result.seekers:,} seekers"
    yield "Answer", "Placements", result.placed - result.reverse_referrals, "people", "reverse referrals left out"
    yield "Answer", "Reverse referrals", result.reverse_referrals, "people", "named by the employer"
    yield "Answer", "Openings", result.openings, "seats", f"in {material.facts.size('slots'):,} slots"
    yield "Answer", "Openings filled", result.placed / result.openings if result.openings else None, "share", ""
    known = wages[~np.isnan(wages)]
    yield "Answer", "Average wage", round(float(known.mean()), 2) if len(known) else None, "dollars an hour", "of the people placed"


def _promises(tables: dict[str, ReportTable]) -> Iterator[Line]:
    for name, what in (("reservations", "Promises kept"), ("targets", "Targets reached")):
        frame = tables[name].frame
        if len(frame):
            missed = frame[frame["standing"] != KEPT]
            listed = "; ".join(f"{label}: {standing}" for label, standing in zip(missed["label"], missed["standing"], strict=True))
            yield "Promises", what, int(len(frame) - len(missed)), f"of {len(frame)}", listed
    load = tables["staff_load"].frame
    if len(load):
        full = load[load["left"] <= 0]
        yield "Promises", "Staff with room left", int(len(load) - len(full)), f"of {len(load)}", f"full: {', '.join(full['staff_id'])}" if len(full) else ""
    changed = tables["changes"]
    if len(changed):
        for change, count in sorted(Counter(changed.frame["change"]).items()):
            yield "Changes", change.capitalize(), count, "people", "against the plan before"


def _money(material: Material) -> Iterator[Line]:
    known = material.cents >= 0
    if known.any():
        missing = int((~known).sum())
        yield "Money", "Obligated by this plan", int(material.cents[known].sum()) / 100, "dollars", f"{missing} without a known obligation" if missing else ""
        counted = known & ~material.reverse
        if counted.any():
            each = round(int(material.cents[counted].sum()) / int(counted.sum())) / 100
            yield "Money", "Obligated for each placement", each, "dollars", "reverse referrals left out"


def _without(material: Material) -> Iterator[Line]:
    people = material.result.unplaced
    yield "Without a slot", "People without a slot", len(people), "people", ""
    for reason, count in Counter(people.reason.tolist()).most_common():
        yield "Without a slot", reason, count, "people", REASONS.get(reason, "")


def _sheets(tables: Sequence[ReportTable]) -> Iterator[Line]:
    for table in tables:
        yield "Sheets", table.title, len(table), "lines", table.about
