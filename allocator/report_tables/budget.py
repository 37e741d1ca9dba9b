"""The money: what this plan obligates, of what there is."""

from __future__ import annotations

from allocator.constraints.budget import Budget
from allocator.report_tables.base import KEPT, Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "Obligations of this plan against the money of each funding stream. Obligated is not yet paid: what is reimbursed is not recorded here."
FIELDS = (
    Field("label", "Budget"),
    Field("funding_stream", "Funding stream"),
    Field("available", "Available", "money", "dollars"),
    Field("committed", "Committed before", "money", "dollars"),
    Field("obligated", "Obligated by this plan", "money", "dollars"),
    Field("left", "Left", "money", "dollars"),
    Field("used", "Used", "percent"),
    Field("people", "People", "whole", "people"),
    Field("cost_each", "Obligated for each", "money", "dollars"),
    Field("standing", "Standing", "standing"),
)


def budget(material: Material) -> ReportTable:
    """One line a budget of the policy."""
    rows = []
    for rule in material.problem.policy.constraints:
        if isinstance(rule, Budget):
            pays = rule.pays(material.plan)
            cents, people = int(rule.obligations(material.plan)[pays].sum()), int(pays.sum())
            available, committed = int(rule.available * 100), int(rule.committed * 100)
            left = available - committed - cents
            rows.append(
                (
                    rule.label or rule.kind, rule.funding_stream or "all", available / 100, committed / 100, cents / 100, left / 100,
                    (committed + cents) / available if available else None, people, round(cents / people) / 100 if people else None,
                    KEPT if left >= 0 or cents == 0 else "overspent",
                )
            )  # fmt: skip
    return from_rows("budget", "Budget", ABOUT, FIELDS, rows)
