"""Where the aligned business targets stand."""

from __future__ import annotations

from allocator.constraints.business_target import BusinessTarget
from allocator.report_tables.base import KEPT, Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "People placed against the aligned business targets."
FIELDS = (
    Field("label", "Target"),
    Field("scope", "In"),
    Field("minimum", "Minimum", "whole", "people"),
    Field("goal", "Goal", "whole", "people"),
    Field("maximum", "Maximum", "whole", "people"),
    Field("openings", "Openings", "whole", "seats"),
    Field("placed", "Placed", "whole", "people"),
    Field("reached", "Of the aim", "percent"),
    Field("standing", "Standing", "standing"),
)


def targets(material: Material) -> ReportTable:
    """One line a target; the aim is the goal, else the minimum."""
    problem, rows = material.problem, []
    for rule in problem.policy.constraints:
        if isinstance(rule, BusinessTarget):
            scope = rule.scope.members(problem)
            placed = int(scope[material.plan.slot].sum())
            aim = rule.goal if rule.goal is not None else rule.minimum
            short = max(0, (aim or 0) - placed)
            over = 0 if rule.maximum is None else max(0, placed - rule.maximum)
            standing = f"short {short}" if short else f"over by {over}" if over else KEPT
            share = placed / aim if aim else None
            openings = int(problem.openings[scope].sum())
            rows.append((rule.label or rule.kind, rule.scope.describe(), rule.minimum, rule.goal, rule.maximum, openings, placed, share, standing))
    return from_rows("targets", "Targets", ABOUT, FIELDS, rows)
