"""Random small worlds under random policies, by seed: small enough to try every assignment, wide enough to meet every rule."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from allocator.policy import Policy
from allocator.problem import Problem
from allocator.scenario import Scenario
from tests.worlds import TODAY, frame

PARTNERS = ("P1", "P2")
POPULATIONS = ("homeless", "veteran_spouse", "single_parent")
OCCUPATIONS = ("31-1131.00", "31-9092.00", "51-4041.00")
STATUSES = ("proposed", "referred", "offered", "accepted", "started", "declined", "completed")


def random_problem(seed: int, *, network_only: bool = False, bare: bool = False) -> Problem:
    """A problem with 2 to 4 seekers, 1 to 3 slots and up to three constraints of its own.

    With `bare`, one world in seven brings no pairs: the default eligibility rules and the built-in scores judge.
    """
    draw = np.random.default_rng(seed)
    scenario = _scenario(draw, bare)
    rivals = not network_only and draw.random() < 0.15
    constraints = [_constraint(draw, k, network_only, rivals) for k in range(int(draw.integers(0, 4)))]
    policy = Policy.from_dict({"constraints": constraints, "goals": _goals(draw, scenario.has("reference"))})
    return Problem(scenario, policy, seed)


def _maybe(draw: np.random.Generator, value: Any, chance: float = 0.7) -> Any:
    return value if draw.random() < chance else None


def _scenario(draw: np.random.Generator, bare: bool) -> Any:
    seekers = [
        {
            "seeker_id": f"S{k}", "partner_id": _maybe(draw, str(draw.choice(PARTNERS))), "center_id": str(draw.choice(["C1", "C2"])),
            "staff_id": _maybe(draw, "coach"), "populations": [code for code in POPULATIONS if draw.random() < 0.4],
            "veteran": _maybe(draw, bool(draw.random() < 0.3)), "low_income": _maybe(draw, bool(draw.random() < 0.5)),
        }
        for k in range(int(draw.integers(2, 5)))
    ]  # fmt: skip
    slots = [
        {
            "slot_id": f"J{k}", "openings": int(draw.integers(0, 3)), "employer_id": str(draw.choice(["E1", "E2"])),
            "county_fips": str(draw.choice(["41051", "41067"])),
            "funding_stream": str(draw.choice(["adult", "dw"])), "wage": float(draw.integers(15, 30)), "training_hours": int(draw.integers(100, 400)),
            "posted_date": TODAY - timedelta(days=int(draw.integers(0, 30))), "start_date": TODAY + timedelta(days=int(draw.integers(0, 30))),
            "designated_seeker_id": _maybe(draw, "S0", 0.2), "staff_id": _maybe(draw, "rep"),
            "center_id": _maybe(draw, str(draw.choice(["C1", "C2"]))), "onet_soc": _maybe(draw, str(draw.choice(OCCUPATIONS))),
        }
        for k in range(int(draw.integers(1, 4)))
    ]  # fmt: skip
    chosen = [(one["seeker_id"], other["slot_id"]) for one in seekers for other in slots]
    tables: dict[str, Any] = {
        "seekers": seekers,
        "slots": slots,
        "staff": [
            {"staff_id": "coach", "capacity": int(draw.integers(0, 4)), "used": 1, "role": "career_coach"},
            {"staff_id": "liaison", "capacity": int(draw.integers(0, 4)), "role": "liaison"},
            {"staff_id": "rep", "capacity": int(draw.integers(0, 5)), "role": "business_services"},
            {"staff_id": "account", "capacity": int(draw.integers(0, 4)), "role": "business_services"},
        ],
    }
    if draw.random() < 0.85 or not bare:
        chosen = [pair for pair in chosen if draw.random() < 0.8] or chosen[:1]
        tables["pairs"] = [_pair(draw, one, other) for one, other in chosen]
    else:
        for one in seekers:
            one |= _facts_of_seeker(draw)
        for other in slots:
            other |= _facts_of_slot(draw)
    if draw.random() < 0.35:
        said = draw.permutation(len(chosen))[: int(draw.integers(1, 4))]
        tables["commitments"] = [{"seeker_id": chosen[k][0], "slot_id": chosen[k][1], "status": str(draw.choice(STATUSES))} for k in said]
    if draw.random() < 0.15:
        tables["pins"] = [_pin(draw, *chosen[k]) for k in draw.permutation(len(chosen))[: int(draw.integers(1, 3))]]
    if draw.random() < 0.35:
        holders = draw.permutation([one["seeker_id"] for one in seekers])[:2]
        tables["reference"] = [{"seeker_id": str(one), "slot_id": str(draw.choice([other["slot_id"] for other in slots] + ["gone"]))} for one in holders]
    drawn = {table: frame(table, records) for table, records in tables.items()}
    return Scenario.of(drawn | _common(), as_of=TODAY, name="random")


def _pair(draw: np.random.Generator, one: str, other: str) -> dict[str, Any]:
    return {
        "seeker_id": one,
        "slot_id": other,
        "score": float(draw.integers(0, 8)) / 2,
        "staff_points": _maybe(draw, int(draw.integers(1, 4))),
        "cost_cents": _maybe(draw, int(draw.integers(1, 9)) * 10_000),
    }


def _pin(draw: np.random.Generator, one: str, other: str) -> dict[str, Any]:
    """A pin that mostly forbids, and that has expired now and then."""
    action = "forbid" if draw.random() < 0.6 else "fix"
    return {"seeker_id": one, "slot_id": other, "action": action, "expires": _maybe(draw, TODAY + timedelta(days=int(draw.integers(-1, 2))), 0.5)}


def _facts_of_seeker(draw: np.random.Generator) -> dict[str, Any]:
    """What the default eligibility rules and the built-in scores look at; each refuses somebody now and then."""
    return {
        "ojt_workshop_date": _maybe(draw, TODAY - timedelta(days=int(draw.integers(-1, 20))), 0.95),
        "status": "active" if draw.random() < 0.9 else "exited",
        "consent_until": _maybe(draw, TODAY + timedelta(days=int(draw.integers(-1, 20))), 0.95),
        "wage_floor": _maybe(draw, float(draw.integers(12, 21))),
        "funding_streams": ["adult"] if draw.random() < 0.15 else [],
        "prior_employer_ids": ["E2"] if draw.random() < 0.15 else [],
        "last_soc": _maybe(draw, str(draw.choice(OCCUPATIONS))),
        "months_experience": _maybe(draw, int(draw.integers(0, 30))),
        "career_map_soc": [code for code in OCCUPATIONS if draw.random() < 0.4],
    }


def _facts_of_slot(draw: np.random.Generator) -> dict[str, Any]:
    return {
        "fill_by": _maybe(draw, TODAY + timedelta(days=int(draw.integers(-1, 20)))),
        "origin": "reverse_referral" if draw.random() < 0.1 else "business_first",
    }


@cache
def _common() -> dict[str, pd.DataFrame]:
    """Tables that all random worlds share."""
    return {
        "employers": frame(
            "employers",
            [
                {"employer_id": "E1", "naics": "6220", "employees_at_site": 10, "active_ojts": 1},
                {"employer_id": "E2", "naics": "3345", "employees_at_site": 4, "staff_id": "account"},
            ],
        ),
        "centers": frame("centers", [{"center_id": "C1", "staff_id": "liaison"}, {"center_id": "C2"}]),
        "partners": frame("partners", [{"partner_id": code} for code in PARTNERS]),
    }


def _scope(draw: np.random.Generator) -> Any:
    scopes: list[Any] = [
        "all",
        "all",
        "sector:62",
        "county:41051",
        {"sectors": ["31-33"], "counties": ["41051", "41067"]},
        "funding_stream:adult",
        "employer:E1",
        "staff:account",
        {"staff": ["rep", "account"]},
        "center:C1",
        "occupation:31",
        {"occupations": ["31-1131", "51"], "centers": ["C1", "C2"]},
    ]
    return scopes[int(draw.integers(len(scopes)))]


def _constraint(draw: np.random.Generator, number: int, network_only: bool, rivals: bool) -> dict[str, Any]:
    kinds = ["reservation", "reservation", "reservation", "business_target", "employer_limit"]
    kinds += [] if network_only else ["staff_capacity", "budget", "reverse_referral_cap", "pins", "change_limit"]
    kind = "reservation" if rivals else str(draw.choice(kinds))
    entry: dict[str, Any] = {"kind": kind, "label": f"rule {number}"}
    if kind == "reservation":
        return entry | _reservation(draw, network_only, rivals)
    if kind == "business_target":
        return entry | _business_target(draw)
    if kind == "employer_limit":
        return entry | ({"at_most": int(draw.integers(0, 3))} if draw.random() < 0.5 else {"share": 0.25})
    if kind == "staff_capacity":
        extra = {"extra_points": {"homeless": 1}} if draw.random() < 0.5 else {}
        return entry | {"charge": str(draw.choice(["seeker", "slot", "center"])), "points": int(draw.integers(0, 3)), **extra}
    if kind == "budget":
        return entry | {
            "funding_stream": str(draw.choice(["adult", "dw"])),
            "available": int(draw.integers(0, 12)) * 100,
            "contract_maximum": 2000,
            "wage_cap": 25,
        }
    if kind == "reverse_referral_cap":
        return entry | ({"at_most": int(draw.integers(0, 2))} if draw.random() < 0.5 else {"share": 0.3})
    if kind == "pins":
        return entry | {"pins": [{"seeker_id": "S0", "slot_id": "J0", "action": "forbid" if draw.random() < 0.6 else "fix"}]}
    return entry | {"at_most": int(draw.integers(0, 3))}


def _business_target(draw: np.random.Generator) -> dict[str, Any]:
    """Some of minimum, goal and maximum, in that order of size."""
    least = int(draw.integers(0, 3))
    aim = least + int(draw.integers(0, 2))
    bounds = {"minimum": least, "goal": aim, "maximum": aim + int(draw.integers(0, 2))}
    names = [["minimum", "maximum"], ["goal"], ["minimum", "goal"], ["goal", "maximum"], ["minimum", "goal", "maximum"], ["maximum"]][int(draw.integers(6))]
    entry = {"scope": _scope(draw), "hard": bool(draw.random() < 0.5)} | {name: bounds[name] for name in names}
    return entry | ({"price": float(draw.integers(1, 5)) / 2} if draw.random() < 0.4 else {"weight": float(draw.integers(1, 3))})


def _reservation(draw: np.random.Generator, network_only: bool, rivals: bool) -> dict[str, Any]:
    """A promise; `rivals` are promises that an assignment counts for one of only."""
    modes = ["minimum_best_effort", "minimum_soft", "minimum_hard", "set_aside", "cap"]
    mode = str(draw.choice(modes[:3] if rivals else modes))
    who = ["partner:P1", "any_partner", "population:homeless", "tier:2", ["partner:P2", "population:single_parent"]]
    entry: dict[str, Any] = {"mode": mode, "beneficiaries": who[int(draw.integers(2 if network_only else 5))], "scope": "all" if network_only else _scope(draw)}
    denominator = str(draw.choice(["openings", "openings", "filled", "applicants"]))
    if denominator == "filled" and (mode == "set_aside" or network_only):
        denominator = "openings"
    entry["denominator"] = denominator
    if denominator == "openings" and draw.random() < 0.4:
        entry["count"] = int(draw.integers(0, 3))
    else:
        entry["share"] = float(draw.integers(0, 11)) / 10
    entry["rounding"] = str(draw.choice(["floor", "ceil", "half_up", "largest_remainder"]))
    entry["stackable"] = network_only or bool(not rivals and draw.random() < 0.6)
    if mode == "minimum_soft":
        entry["price"] = float(draw.integers(1, 6)) / 2
    if mode == "minimum_best_effort":
        entry["weight"] = float(draw.integers(1, 4)) / 2
    if mode != "cap" and not network_only and draw.random() < (0.1 if rivals else 0.4):
        steps = [{"to": "any_partner", "after_days": 10}, {"to": "population:homeless", "after_days": 15, "calendar": "business"}, {"before_start_days": 5}]
        entry["release"] = steps[: int(draw.integers(1, 4))]
    return entry


def _goals(draw: np.random.Generator, held: bool) -> list[dict[str, Any]]:
    orders: list[list[str]] = [
        ["match_quality"],
        ["placements", "match_quality"],
        ["priority_of_service", "match_quality"],
        ["match_quality", "placements"],
        ["placements"],
        ["match_quality", "lottery"],
        ["match_quality", "shortfall", "placements"],
    ]
    if held:
        orders += [["stability", "match_quality"], ["placements", "stability", "lottery"], ["match_quality", "stability"]]
    return [{"kind": kind} for kind in orders[int(draw.integers(len(orders)))]]
