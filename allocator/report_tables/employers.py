"""What an employer may see: who is referred to which job, whom to call, when and for what pay. Nothing about the person but the id.

No partner, population, tier, score, reservation, commitment, funding or coach: a partner's name alone can tell that somebody was homeless, in
prison or fleeing violence. Columns are named one by one here, so that a new fact about seekers cannot slip in.
Source: VAWA and FVPSA confidentiality, 29 CFR 38.41.
"""

from __future__ import annotations

import numpy as np

from allocator.report_tables.base import Field, ReportTable, report_table
from allocator.report_tables.material import Material

ABOUT = "Who is referred to which job. Safe to send to employers, one employer's lines at a time: no partner, population, tier or other fact about a person."


def employers(material: Material) -> ReportTable:
    """One line a referral, employer by employer."""
    plan, facts = material.plan, material.facts
    order = np.lexsort((plan.seeker, plan.slot, facts.coded("slots", "employer_id").codes[plan.slot]))
    seeker, slot = plan.seeker[order], plan.slot[order]
    return report_table(
        "employer_sheet",
        "Employer sheet",
        ABOUT,
        (Field("employer_id", "Employer"), material.texts("slots", "employer_id", slot)),
        (Field("slot_id", "Job order"), material.ids("slots", slot)),
        (Field("onet_soc", "Occupation (O*NET)"), material.texts("slots", "onet_soc", slot)),
        (Field("seeker_id", "Referred"), material.ids("seekers", seeker)),
        (Field("contact_id", "Your contact"), material.ids("staff", material.problem.slot_staff[slot])),
        (Field("start_date", "First day", "day"), material.days("slots", "start_date", slot)),
        (Field("wage", "Wage an hour", "money", "dollars an hour"), material.numbers("slots", "wage", slot)),
        (Field("hours_per_week", "Hours a week", "number", "hours a week"), material.numbers("slots", "hours_per_week", slot)),
        (Field("shift", "Shift"), material.texts("slots", "shift", slot)),
        (Field("training_hours", "Training hours", "whole", "hours"), material.numbers("slots", "training_hours", slot)),
    )
