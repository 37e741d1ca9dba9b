"""Selection rates by group, small numbers hidden."""

from __future__ import annotations

from allocator.equity import TEST, Verdict, equity
from allocator.report_tables.base import HIDDEN, KEPT, Field, ReportTable, from_rows
from allocator.report_tables.material import Material
from allocator.suppression import LEAST

ABOUT = f"Selection rates by group. Numbers under {LEAST}, and what would give one away, are hidden. {TEST}. Below four fifths is a reason to look, no proof."
NO_TABLE = "The scenario has no table demographics; there is nothing to report."
STANDINGS: dict[Verdict, str] = {
    "highest": "highest rate",
    "ok": KEPT,
    "look": "look into it: below four fifths",
    "small_numbers": "below four fifths, perhaps by chance",
    "difference": "look into it: a difference",
    "too_few": "too few",
    "not_compared": "",
    "hidden": HIDDEN,
}
FIELDS = (
    Field("attribute", "Attribute"),
    Field("step", "Step"),
    Field("group", "Group"),
    Field("base", "People", "whole", "people"),
    Field("reached", "Selected", "whole", "people"),
    Field("rate", "Rate", "percent"),
    Field("ratio", "Of the highest rate", "percent"),
    Field("p_value", "Exact test (p)", "number"),
    Field("one_person_flips", "Flips by one", "flag"),
    Field("standing", "Standing", "standing"),
)


def equity_table(material: Material) -> ReportTable:
    """One line a group, attribute by attribute, step by step."""
    report = equity(material.plan, pairs=[material.pairs])
    rows = [
        (
            line.attribute, line.step, line.group, line.base, line.reached, line.rate, line.ratio, line.p_value, line.one_person_flips,
            STANDINGS[line.verdict],
        )
        for line in report.lines
    ]  # fmt: skip
    return from_rows("equity", "Equity", ABOUT if rows else NO_TABLE, FIELDS, rows)
