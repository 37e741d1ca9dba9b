"""What each staff member carries, before this plan and with it."""

from __future__ import annotations

from allocator.constraints.staff_capacity import StaffCapacity
from allocator.report_tables.base import Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "Points each staff member carries: already used, added by this plan, and the room that is left."
FIELDS = (
    Field("staff_id", "Staff"),
    Field("role", "Role"),
    Field("rule", "Rule"),
    Field("capacity", "Capacity", "whole", "points"),
    Field("used", "Already used", "whole", "points"),
    Field("added", "Added by this plan", "whole", "points"),
    Field("left", "Room left", "whole", "points"),
    Field("load", "Load", "percent"),
    Field("standing", "Standing", "standing"),
)


def staff(material: Material) -> ReportTable:
    """One line a staff member whom a capacity limits (a line a rule, where several do)."""
    facts, rows = material.facts, []
    capacities, uses, roles = facts.integers("staff", "capacity"), facts.integers("staff", "used"), facts.coded("staff", "role")
    for rule in material.problem.policy.constraints:
        if isinstance(rule, StaffCapacity):
            for line in rule.standings(material.plan):
                who = facts.position("staff", line.key)
                capacity, used = int(capacities[who]), int(uses[who])
                left = capacity - used - line.achieved
                standing = "over capacity" if left < 0 else "full" if left == 0 else "room left"
                load = (used + line.achieved) / capacity if capacity else None
                rows.append((line.key, roles.text(who), rule.label or rule.kind, capacity, used, line.achieved, left, load, standing))
    return from_rows("staff_load", "Staff load", ABOUT, FIELDS, sorted(rows, key=lambda row: (str(row[1] or ""), row[0], row[2])))
