"""Results to report on: one with everything in it, an infeasible one, an empty one."""

from __future__ import annotations

from functools import cache

from allocator.opened import Opened
from allocator.policy import Policy
from allocator.solve import solve
from tests.worlds import world

EVIL = "<script>alert(1)</script>"
PARTNERS = ("NORTH", "SOUTH & EAST", f"{EVIL}")


def _facts(**more):
    seekers = [
        {
            "seeker_id": f"{EVIL}{k}" if k == 0 else f"PERSON-{k:02}", "partner_id": PARTNERS[k % 3] if k % 4 else None, "center_id": f"C{k % 2}",
            "staff_id": "COACH" if k % 2 else "OTHER", "veteran": k % 9 == 0, "low_income": k % 3 == 0, "populations": ["homeless"] if k % 5 == 0 else [],
        }
        for k in range(48)
    ]  # fmt: skip
    slots = [
        {
            "slot_id": f"{EVIL}J" if k == 0 else f"J{k:02}", "openings": 2, "employer_id": f"E{k % 3}", "wage": 18.0 + k, "training_hours": 200,
            "funding_stream": "adult", "onet_soc": "31-1131.00",
        }
        for k in range(16)
    ]  # fmt: skip
    pairs = [
        {"seeker_id": one["seeker_id"], "slot_id": other["slot_id"], "score": float((7 * i + 11 * j) % 97)}
        for i, one in enumerate(seekers) for j, other in enumerate(slots) if (i + j) % 3 and i % 8
    ]  # fmt: skip
    tables = {
        "seekers": seekers, "slots": slots, "pairs": pairs,
        "employers": [{"employer_id": f"E{k}", "naics": ("621111", "236115", "332710")[k]} for k in range(3)],
        "staff": [{"staff_id": "COACH", "role": "career_coach", "capacity": 14, "used": 3}, {"staff_id": "OTHER", "role": "career_coach", "capacity": 40}],
        "demographics": [{"seeker_id": one["seeker_id"], "sex": ("female", "male")[k % 2]} for k, one in enumerate(seekers)],
        "reference": [{"seeker_id": f"PERSON-{k:02}", "slot_id": f"J{1 + k % 12:02}"} for k in range(1, 20)],
    }  # fmt: skip
    return world(name=f"town {EVIL}", **(tables | more))


def _policy(**more):
    return Policy.from_dict(
        {
            "constraints": [
                {"kind": "reservation", "label": f"north {EVIL}", "beneficiaries": "partner:NORTH", "count": 30},
                {"kind": "reservation", "label": "any", "beneficiaries": "any_partner", "share": "0.3"},
                {"kind": "business_target", "label": "health care", "scope": "sector:62", "goal": 50},
                {"kind": "staff_capacity", "role": "career_coach", "charge": "seeker"},
                {"kind": "budget", "funding_stream": "adult", "available": 90000},
                *more.get("constraints", ()),
            ],
            "goals": [{"kind": "priority_of_service"}, {"kind": "placements"}, {"kind": "match_quality"}],
        }
    )


@cache
def town() -> Opened:
    """48 people, 32 openings, promises kept and short, a target that is missed, staff and money, a reference, and ids that are markup."""
    facts = _facts()
    return Opened.of(facts, solve(facts, _policy(), seed=3))


@cache
def stuck() -> Opened:
    """A policy that nothing fits, with a promise to a named person."""
    facts = _facts()
    hard = {"kind": "reservation", "label": "one", "beneficiaries": "seeker:PERSON-08", "count": 1, "mode": "minimum_hard"}
    return Opened.of(facts, solve(facts, _policy(constraints=[hard]), seed=3))
