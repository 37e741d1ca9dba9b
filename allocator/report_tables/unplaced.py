"""Who holds no slot, and why: the law's first served first, then who has waited longest."""

from __future__ import annotations

import numpy as np

from allocator.report_tables.base import Field, ReportTable, report_table
from allocator.report_tables.decided import decided
from allocator.report_tables.material import Material

ABOUT = "Who holds no slot, and why: by tier, then by who has waited longest. For the team only."
REASONS = {
    "ineligible": "No slot admits them.",
    "no_pair": "The scenario's own pairs have none for them.",
    "outbid": "Every slot that admits them is full.",
    "capped": "Every slot that was looked at for them is full; the cap left others out.",
    "blocked": "A seat is open, but a rule stands in the way.",
    "no_gain": "A seat is open, and taking it would better no goal.",
    "not_proved": "A seat is open; the run ended before it was clear whether they should take it.",
}


def unplaced_table(material: Material) -> ReportTable:
    """One line a person."""
    people, problem = material.result.unplaced, material.problem
    seeker = material.facts.positions("seekers", people.seeker_id)
    waited = problem.days_since("seekers", "pool_entry_date")[seeker]
    order = np.lexsort((seeker, -waited, problem.tiers[seeker]))
    seeker, waited = seeker[order], waited[order]
    reason, detail = people.reason[order], people.detail[order]
    return report_table(
        "unplaced",
        "Unplaced",
        ABOUT,
        (Field("seeker_id", "Seeker"), material.ids("seekers", seeker)),
        (Field("tier", "Tier"), [problem.tier_names[tier] for tier in problem.tiers[seeker]]),
        (Field("partner_id", "Partner"), material.texts("seekers", "partner_id", seeker)),
        (Field("center_id", "Center"), material.texts("seekers", "center_id", seeker)),
        (Field("coach_id", "Coach or liaison"), material.ids("staff", material.problem.seeker_staff[seeker])),
        (Field("waited", "Days in the pool", "whole", "days"), [None if days < 0 else days for days in waited.tolist()]),
        (Field("options", "Slots for them", "whole", "slots"), material.options[seeker]),
        (Field("reason", "Reason"), reason),
        (Field("reason_text", "In words"), [REASONS.get(code, "") for code in reason]),
        (Field("detail", "What decided"), decided(problem, detail)),
    )
