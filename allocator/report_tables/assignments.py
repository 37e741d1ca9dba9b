"""Who goes where, with the facts that the team looks up most. For the team: it says partner and tier."""

from __future__ import annotations

from allocator.report_tables.base import Field, ReportTable, report_table
from allocator.report_tables.material import Material

ABOUT = "Who goes where. For the team only: it names partners and tiers."


def assignments(material: Material) -> ReportTable:
    """One line an assignment, in the order of the seekers' ids."""
    order = material.by_seeker
    seeker, slot = material.plan.seeker[order], material.plan.slot[order]
    employer = material.facts.link("slots", "employer_id")[slot]
    scores = dict(zip(material.result.assignments["seeker_id"], material.result.assignments["score"], strict=True))
    ids, tiers = material.ids("seekers", seeker), material.problem.tiers[seeker]
    status = [_status(material, pair) for pair in zip(seeker.tolist(), slot.tolist(), strict=True)]
    return report_table(
        "assignments",
        "Assignments",
        ABOUT,
        (Field("seeker_id", "Seeker"), ids),
        (Field("tier", "Tier"), [material.problem.tier_names[tier] for tier in tiers]),
        (Field("partner_id", "Partner"), material.texts("seekers", "partner_id", seeker)),
        (Field("center_id", "Center"), material.texts("seekers", "center_id", seeker)),
        (Field("coach_id", "Coach or liaison"), material.ids("staff", material.problem.seeker_staff[seeker])),
        (Field("slot_id", "Slot"), material.ids("slots", slot)),
        (Field("employer_id", "Employer"), material.texts("slots", "employer_id", slot)),
        (Field("naics", "Industry (NAICS)"), material.texts("employers", "naics", employer)),
        (Field("onet_soc", "Occupation (O*NET)"), material.texts("slots", "onet_soc", slot)),
        (Field("representative_id", "Business services"), material.ids("staff", material.problem.slot_staff[slot])),
        (Field("start_date", "First day", "day"), material.days("slots", "start_date", slot)),
        (Field("wage", "Wage an hour", "money", "dollars an hour"), material.numbers("slots", "wage", slot)),
        (Field("hours_per_week", "Hours a week", "number", "hours a week"), material.numbers("slots", "hours_per_week", slot)),
        (Field("training_hours", "Training hours", "whole", "hours"), material.numbers("slots", "training_hours", slot)),
        (Field("obligation", "Obligation", "money", "dollars"), material.dollars(material.cents[order])),
        (Field("score", "Match score", "number", "points"), [scores.get(one) for one in ids]),
        (Field("reverse_referral", "Reverse referral", "flag"), material.reverse[order]),
        (Field("commitment", "Commitment so far"), status),
    )


def _status(material: Material, pair: tuple[int, int]) -> str | None:
    record = material.history.get(pair)
    return None if record is None else material.facts.coded("commitments", "status").text(record)
