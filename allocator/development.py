"""Development leads: seeker x occupation on the career map x staff, where no seat is open. Never counted as placements.

A lead is an occupation on the career map of a person in the pool who holds no slot, for which this plan leaves no seat open: there is no order in that
occupation, or every one is full. It goes to the person's coach, else to the liaison of the center. Staff work from the top: the law's first served
first, then who has waited longest, then the choice on the map.

Why: OJT development starting with the job seeker, by directly assigned staff, with the career map as guide.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from allocator.plan import Plan


@dataclass(frozen=True)
class Lead:
    """A job order worth developing. `number` is its place in the staff member's list, `choice` the occupation's on the career map, from 1."""

    staff_id: str | None
    number: int
    seeker_id: str
    tier: str
    onet_soc: str
    choice: int
    orders: int
    why: str

    def as_dict(self) -> dict[str, Any]:
        """The lead as plain JSON data."""
        return asdict(self)


def development_leads(plan: Plan) -> tuple[Lead, ...]:
    """Every lead, staff member by staff member; those of nobody's come last."""
    problem, facts = plan.problem, plan.problem.scenario
    orders, open_seats = _market(plan)
    unplaced = problem.in_pool.copy()
    unplaced[plan.seeker] = False
    seekers = np.flatnonzero(unplaced)
    waited = problem.days_since("seekers", "pool_entry_date")
    who = problem.seeker_staff
    order = seekers[np.lexsort((seekers, -waited[seekers], problem.tiers[seekers], np.where(who[seekers] < 0, len(who) + 1, who[seekers])))]
    wanted, names, staff_names = facts.lists("seekers", "career_map_soc"), facts.ids("seekers"), facts.ids("staff")
    leads: list[Lead] = []
    numbers: Counter[int] = Counter()
    for seeker in order.tolist():
        staff = int(who[seeker])
        for choice, occupation in enumerate(wanted.at(seeker), start=1):
            if open_seats[detailed(occupation)] == 0:
                numbers[staff] += 1
                there = orders[detailed(occupation)]
                why = (
                    f"{'the one order' if there == 1 else f'all {there} orders'} in this occupation {'is' if there == 1 else 'are'} full"
                    if there
                    else "no order in this occupation"
                )
                staff_id = None if staff < 0 else str(staff_names[staff])
                leads.append(Lead(staff_id, numbers[staff], str(names[seeker]), problem.tier_names[problem.tiers[seeker]], occupation, choice, there, why))
    return tuple(leads)


def _market(plan: Plan) -> tuple[Counter[str], Counter[str]]:
    """Orders with openings, and seats that the plan leaves open, by occupation; orders whose last day has passed do not count."""
    problem, facts = plan.problem, plan.problem.scenario
    last_day, occupation = facts.days("slots", "fill_by"), facts.coded("slots", "onet_soc")
    filled = np.bincount(plan.slot, minlength=len(problem.openings))
    orders: Counter[str] = Counter()
    seats: Counter[str] = Counter()
    alive = (occupation.codes >= 0) & (problem.openings > 0) & ~(last_day < problem.as_of)
    for slot in np.flatnonzero(alive).tolist():
        name = detailed(occupation.values[occupation.codes[slot]])
        orders[name] += 1
        seats[name] += max(0, int(problem.openings[slot] - filled[slot]))
    return orders, seats


def detailed(occupation: str) -> str:
    """The six-digit SOC code of an O*NET-SOC code: 51-4121.06 is a kind of 51-4121."""
    return occupation[:7]
