"""Every job order: how many openings it has, how many are taken, how many are left, and who could take one. For the team only."""

from __future__ import annotations

import numpy as np

from allocator.report_tables.base import Field, ReportTable, report_table
from allocator.report_tables.material import Material

ABOUT = "Every job order with its openings, those that are taken, and those that are left."


def slots(material: Material) -> ReportTable:
    """One line a slot, in the order of the facts."""
    facts, problem = material.facts, material.problem
    slot = np.arange(facts.size("slots"), dtype=np.int32)
    openings, employer = problem.openings, facts.link("slots", "employer_id")
    eligible = np.bincount(material.pairs.slot, minlength=len(slot))
    return report_table(
        "slots",
        "Slots",
        ABOUT,
        (Field("slot_id", "Slot"), material.ids("slots", slot)),
        (Field("openings", "Openings", "whole", "people"), openings),
        (Field("taken", "Taken", "whole", "people"), material.filled),
        (Field("left", "Left", "whole", "people"), openings - material.filled),
        (Field("eligible", "People who could take it", "whole", "people"), eligible),
        (Field("employer_id", "Employer"), material.texts("slots", "employer_id", slot)),
        (Field("naics", "Industry (NAICS)"), material.texts("employers", "naics", employer)),
        (Field("onet_soc", "Occupation (O*NET)"), material.texts("slots", "onet_soc", slot)),
        (Field("center_id", "Center"), material.texts("slots", "center_id", slot)),
        (Field("county_fips", "County"), material.texts("slots", "county_fips", slot)),
        (Field("representative_id", "Business services"), material.ids("staff", problem.slot_staff)),
        (Field("funding_stream", "Funding stream"), material.texts("slots", "funding_stream", slot)),
        (Field("origin", "Origin"), material.texts("slots", "origin", slot)),
        (Field("posted_date", "Posted", "day"), material.days("slots", "posted_date", slot)),
        (Field("fill_by", "Fill by", "day"), material.days("slots", "fill_by", slot)),
        (Field("start_date", "First day", "day"), material.days("slots", "start_date", slot)),
        (Field("wage", "Wage an hour", "money", "dollars an hour"), material.numbers("slots", "wage", slot)),
        (Field("reverse_referral", "Reverse referral", "flag"), problem.reverse_referrals),
    )
