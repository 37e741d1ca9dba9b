"""Development that starts with the job seeker: for whom to look for which job order. Never counted as placements."""

from __future__ import annotations

from allocator.development import development_leads
from allocator.report_tables.base import Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "Job orders to develop, starting with the seeker: occupations on the career maps of people without a slot where no seat is open. Not placements."
FIELDS = (
    Field("staff_id", "Staff"),
    Field("number", "No.", "whole"),
    Field("seeker_id", "Seeker"),
    Field("tier", "Tier"),
    Field("onet_soc", "Occupation (O*NET)"),
    Field("choice", "Choice on the map", "whole"),
    Field("orders", "Orders there are", "whole", "slots"),
    Field("why", "Why"),
)


def leads(material: Material) -> ReportTable:
    """One line a seeker and occupation, staff member by staff member."""
    rows = [tuple(getattr(lead, field.name) for field in FIELDS) for lead in development_leads(material.plan)]
    return from_rows("development_leads", "Development leads", ABOUT, FIELDS, rows)
