"""The goals in their order: what was reached, and what cannot be beaten."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report.section import Section, Wanted
from allocator.report.table import Column, table


def build(wanted: Wanted) -> Iterator[Section]:
    """Each goal with value, bound and proof."""
    goals = wanted.opened.result.goals
    if not goals:
        return
    rows, proved = [], 0
    for goal in goals:
        name = goal.kind.replace("_", " ") if goal.label == goal.kind else f"{goal.kind.replace('_', ' ')}, {goal.label}"
        proof = "not known" if goal.gap is None else "proved best" if goal.gap == 0 else f"within {goal.gap:.2%}"
        proved += goal.gap == 0
        rows.append((name, goal.value, goal.bound, goal.unit, proof))
    if proved == len(goals):
        sentence = "The goal is proved: no plan that keeps every rule does better." if proved == 1 else (
            f"All {proved:,} goals are proved: in their order, no plan that keeps every rule does better."
        )  # fmt: skip
    else:
        sentence = f"{proved:,} of {len(goals):,} goals are proved; for the others the bound says how much better a plan could be at most."
    heads = ("goal", Column("value", "number"), Column("bound", "number"), "unit", "proof")
    yield Section("Goals", "goals", "Goals, in their order", sentence, table=table("Goals with value and bound", heads, rows))
