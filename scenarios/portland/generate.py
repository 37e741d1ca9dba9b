"""Make the tables of the Portland scenario: synthetic people, orders and staff from published totals and one seed.

    python scenarios/portland/generate.py [FOLDER]

Writes the CSV files beside this file, or into FOLDER. The same seed gives the same bytes. No record describes a real person,
employer or organization; README.md says which published figures the totals follow.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from allocator.read import frames_to_scenario
from allocator.scenario import Scenario
from allocator.write import write_scenario

SEED = 2010
AS_OF = date(2026, 11, 2)
SEEKERS = 1_200
TRAINED = 229
"""Partner participants who have completed the workshop: 229 of 306, as published."""

Record = dict[str, Any]
Records = list[Record]

MULTNOMAH, WASHINGTON, CLACKAMAS, CLARK = "41051", "41067", "41005", "53011"
ZIPS = {
    MULTNOMAH: ("97202", "97203", "97206", "97217", "97220", "97230", "97233", "97236"),
    WASHINGTON: ("97005", "97006", "97123", "97223", "97224"),
    CLACKAMAS: ("97015", "97045", "97222"),
    CLARK: ("98661", "98682"),
}
GRID = {
    "97202": (1, -2), "97203": (-4, 4), "97206": (4, -3), "97217": (-1, 4), "97220": (6, 2), "97230": (9, 1), "97233": (9, -1), "97236": (8, -3),
    "97005": (-8, -2), "97006": (-12, 0), "97123": (-18, -2), "97223": (-7, -5), "97224": (-6, -9),
    "97015": (7, -7), "97045": (4, -12), "97222": (2, -6), "98661": (0, 8), "98682": (5, 10),
}  # fmt: skip
"""Rough miles east and north of the middle of town: enough for plausible travel times."""

PARTNERS = (
    # id, name, type, participants, populations it mostly serves, coaches
    ("CBO1", "Reentry employment services", "cbo", 30, ("ex_offender",), 1),
    ("CBO2", "Homeless families employment services", "cbo", 28, ("homeless", "single_parent"), 1),
    ("CBO3", "Refugee and immigrant employment services", "cbo", 26, ("english_learner",), 1),
    ("CBO4", "Eastside neighborhood employment services", "cbo", 25, ("long_term_unemployed",), 1),
    ("CBO5", "Women's career services", "cbo", 23, ("single_parent", "displaced_homemaker"), 1),
    ("CBO6", "Recovery employment services", "cbo", 22, ("homeless", "ex_offender"), 1),
    ("CBO7", "Youth transitions employment services", "cbo", 20, ("foster_youth",), 1),
    ("CBO8", "Westside neighborhood employment services", "cbo", 18, ("english_learner", "single_parent"), 1),
    ("HOUSING", "Housing authority", "housing_authority", 34, ("single_parent", "homeless"), 1),
    ("HUMAN", "Human services", "human_services", 28, ("single_parent",), 1),
    ("COUNTY", "County housing services", "county_housing", 20, ("homeless",), 1),
    ("SMALL1", "Older workers' services", "small_cbo", 8, ("older_worker",), 0),
    ("SMALL2", "Tribal employment services", "small_cbo", 7, ("long_term_unemployed",), 0),
    ("SMALL3", "Farmworkers' services", "small_cbo", 6, ("farmworker", "english_learner"), 0),
    ("SMALL4", "Neighborhood housing services", "small_cbo", 6, ("homeless",), 0),
    ("SMALL5", "Young parents' services", "small_cbo", 5, ("single_parent", "foster_youth"), 0),
)  # fmt: skip
WESTSIDE = ("CBO8", "COUNTY", "SMALL3")
"""Partners in Washington County; the others are in Multnomah County."""

CENTERS = (
    ("WS-CENTRAL", "WorkSource Central", MULTNOMAH, "comprehensive", 0.24),
    ("WS-EAST", "WorkSource East", MULTNOMAH, "comprehensive", 0.20),
    ("WS-NORTH", "WorkSource North", MULTNOMAH, "comprehensive", 0.16),
    ("WS-WEST", "WorkSource West", WASHINGTON, "comprehensive", 0.16),
    ("WS-SOUTHWEST", "WorkSource Southwest", WASHINGTON, "comprehensive", 0.12),
    ("EX-MIDTOWN", "WorkSource Express Midtown", MULTNOMAH, "express", 0.06),
    ("EX-VALLEY", "WorkSource Express Valley", WASHINGTON, "express", 0.06),
)

POPULATION_RATES = {
    "long_term_unemployed": 0.16, "older_worker": 0.12, "single_parent": 0.09, "ex_offender": 0.06, "english_learner": 0.06, "homeless": 0.04,
    "displaced_homemaker": 0.02, "foster_youth": 0.015, "farmworker": 0.01,
}  # fmt: skip
"""How common each population is in the pool outside the partners."""

# sector: (share of employers, NAICS codes, occupations)
# occupation: (O*NET-SOC, lowest wage, highest wage, training hours, skills, credential or none)
SECTORS: dict[str, tuple[int, tuple[str, ...], tuple[tuple[str, float, float, int, tuple[str, ...], str], ...]]] = {
    "manufacturing": (
        28,
        ("332710", "332322", "336412", "333249", "311811", "321911", "326199", "337110"),
        (
            ("51-9161.00", 19.0, 27.0, 800, ("blueprints", "measuring", "machining", "safety"), ""),
            ("51-4121.00", 19.5, 28.0, 640, ("welding", "blueprints", "safety"), ""),
            ("51-2092.00", 16.0, 21.0, 320, ("assembly", "hand_tools", "safety"), ""),
            ("51-9061.00", 18.0, 25.0, 480, ("measuring", "quality_control", "records"), ""),
            ("51-9111.00", 16.0, 20.0, 320, ("machine_operation", "safety", "lifting"), ""),
            ("51-3092.00", 15.5, 19.0, 320, ("food_safety", "machine_operation", "lifting"), ""),
        ),
    ),
    "health": (
        24,
        ("622110", "623110", "621610", "621111", "621210", "623312"),
        (
            ("31-1131.00", 17.5, 23.0, 480, ("patient_care", "communication", "lifting"), "cna"),
            ("31-9092.00", 18.5, 24.0, 640, ("patient_care", "records", "communication"), ""),
            ("31-1122.00", 16.0, 19.5, 240, ("patient_care", "communication", "driving"), ""),
            ("43-6013.00", 17.5, 23.0, 480, ("records", "scheduling", "office_software"), ""),
            ("29-2052.00", 18.0, 24.0, 800, ("records", "measuring", "customer_service"), ""),
            ("37-2012.00", 15.5, 18.0, 160, ("cleaning", "safety", "lifting"), ""),
        ),
    ),
    "technology": (
        16,
        ("334413", "334418", "518210", "541511", "541512", "541380"),
        (
            ("51-9141.00", 19.5, 28.0, 960, ("machine_operation", "measuring", "safety", "quality_control"), ""),
            ("51-2028.00", 17.0, 23.0, 480, ("assembly", "soldering", "hand_tools"), ""),
            ("15-1232.00", 20.0, 29.5, 960, ("office_software", "troubleshooting", "customer_service"), ""),
            ("17-3024.00", 22.0, 30.0, 1040, ("troubleshooting", "measuring", "soldering"), ""),
            ("43-9021.00", 16.5, 20.0, 240, ("office_software", "records"), ""),
        ),
    ),
    "construction": (
        14,
        ("236220", "238210", "238220", "238320", "238160", "237310"),
        (
            ("47-2061.00", 18.0, 24.0, 480, ("lifting", "hand_tools", "safety"), ""),
            ("47-2031.00", 20.0, 28.0, 960, ("hand_tools", "measuring", "blueprints", "safety"), "drivers_license"),
            ("47-3013.00", 18.5, 25.0, 800, ("hand_tools", "safety", "troubleshooting"), "drivers_license"),
            ("49-9021.00", 20.0, 29.0, 1040, ("troubleshooting", "hand_tools", "customer_service"), "drivers_license"),
            ("47-2141.00", 17.5, 22.0, 320, ("painting", "lifting", "safety"), ""),
        ),
    ),
    "hospitality": (
        8,
        ("721110", "722511", "722320"),
        (
            ("35-2014.00", 15.5, 19.5, 240, ("food_safety", "cooking"), "food_handler"),
            ("43-4081.00", 15.5, 18.5, 200, ("customer_service", "office_software"), ""),
            ("37-2012.00", 15.0, 17.5, 160, ("cleaning", "lifting"), ""),
        ),
    ),
    "retail": (
        7,
        ("444110", "445110", "455211"),
        (
            ("41-2031.00", 15.0, 18.5, 160, ("customer_service", "communication"), ""),
            ("53-7065.00", 15.5, 19.0, 200, ("lifting", "records"), ""),
        ),
    ),
    "transport": (
        7,
        ("484121", "493110", "492110", "485113"),
        (
            ("53-3032.00", 22.0, 30.0, 640, ("driving", "safety", "records"), "cdl"),
            ("53-3033.00", 17.5, 22.0, 240, ("driving", "customer_service", "lifting"), "drivers_license"),
            ("53-7051.00", 17.5, 22.5, 320, ("machine_operation", "safety", "lifting"), ""),
            ("43-5032.00", 18.5, 24.0, 480, ("scheduling", "communication", "office_software"), ""),
        ),
    ),
}  # fmt: skip
REPS = {
    "manufacturing": "BSR-1",
    "health": "BSR-2",
    "technology": "BSR-2",
    "construction": "BSR-3",
    "hospitality": "BSR-3",
    "retail": "BSR-3",
    "transport": "BSR-3",
}


class Dice:
    """A seeded generator with the throws this file needs."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def chance(self, probability: float) -> bool:
        """True as often as `probability` says."""
        return bool(self.rng.random() < probability)

    def pick(self, items: Any, weights: Any = None) -> Any:
        """One of the items."""
        if weights is None:
            return items[int(self.rng.integers(len(items)))]
        edges = np.cumsum(np.asarray(weights, dtype=float))
        return items[int(np.searchsorted(edges, self.rng.random() * edges[-1], side="right").clip(0, len(items) - 1))]

    def some(self, items: Any, count: int) -> list[Any]:
        """Different items, in the order thrown."""
        return [items[int(k)] for k in self.rng.permutation(len(items))[:count]]

    def whole(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def number(self, low: float, high: float, step: float) -> float:
        """A number between, in steps."""
        return round(round(float(self.rng.uniform(low, high)) / step) * step, 2)

    def day(self, nearest: int, farthest: int) -> str:
        """A day so many days ago (negative: ahead)."""
        return (AS_OF - timedelta(days=self.whole(nearest, farthest))).isoformat()


def scenario(seed: int = SEED) -> Scenario:
    """The whole scenario."""
    dice = Dice(seed)
    employers = _employers(dice)
    slots = _slots(dice, employers)
    seekers = _seekers(dice)
    _reverse_referrals(dice, slots, seekers)
    _spoil_some_employers(dice, employers, slots)
    tables = {
        "seekers": seekers,
        "slots": slots,
        "employers": employers,
        "partners": [{"partner_id": key, "name": name, "partner_type": kind} for key, name, kind, *_ in PARTNERS],
        "centers": [
            {"center_id": key, "name": name, "county_fips": county, "center_type": kind, "staff_id": f"LIAISON-{key[3:]}"}
            for key, name, county, kind, _ in CENTERS
        ],
        "staff": _staff(dice),
        "commutes": _commutes(),
        "commitments": _commitments(dice, seekers, slots),
        "demographics": _demographics(dice, seekers),
    }
    tables["pins"] = _pins(tables["commitments"], seekers, slots)
    frames = {name: pd.DataFrame([_said_only(record) for record in records], dtype=object) for name, records in tables.items()}
    return frames_to_scenario(frames, as_of=AS_OF, name="portland")


def _said_only(record: Record) -> Record:
    """The record without the notes that this file keeps for itself."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


# -- employers and orders -----------------------------------------------------------------------------------------


def _employers(dice: Dice) -> Records:
    found: Records = []
    for sector, (count, industries, _) in SECTORS.items():
        for number in range(count):
            county = dice.pick((MULTNOMAH, WASHINGTON, CLACKAMAS, CLARK), (0.52, 0.33, 0.10, 0.05))
            size = int(np.exp(dice.rng.normal(3.6, 1.1)).clip(6, 900))
            found.append(
                {
                    "employer_id": f"E{len(found) + 1:03d}", "naics": industries[number % len(industries)], "employees_at_site": size, "county_fips": county,
                    "staff_id": REPS[sector], "active_ojts": dice.pick((0, 1, 2), (0.8, 0.15, 0.05)), "_sector": sector, "_zip": dice.pick(ZIPS[county]),
                }
            )  # fmt: skip
    return found


def _slots(dice: Dice, employers: Records) -> Records:
    found: Records = []
    for employer in employers:
        _, _, occupations = SECTORS[employer["_sector"]]
        large, many, few = employer["employees_at_site"] >= 50, (0.46, 0.29, 0.13, 0.08, 0.04), (0.70, 0.22, 0.08, 0, 0)
        for soc, low, high, hours, skills, credential in dice.some(occupations, min(dice.pick((1, 2, 3), (0.45, 0.41, 0.14)), len(occupations))):
            posted = int(dice.rng.exponential(17)) % 60
            start = posted - dice.whole(25, 75)
            nearby = [(key, share) for key, _, county, _, share in CENTERS if county == employer["county_fips"]] or [("WS-CENTRAL", 1.0), ("WS-SOUTHWEST", 1.0)]
            found.append(
                {
                    "slot_id": f"J{len(found) + 1:03d}", "openings": dice.pick((1, 2, 3, 4, 6), many if large else few),
                    "employer_id": employer["employer_id"], "onet_soc": soc, "wage": dice.number(low, high, 0.25),
                    "hours_per_week": dice.pick((40, 36, 32), (0.8, 0.12, 0.08)),
                    "shift": dice.pick(("day", "evening", "night", "rotating"), (0.66, 0.17, 0.08, 0.09)),
                    "county_fips": employer["county_fips"], "zip": employer["_zip"],
                    "center_id": dice.pick([key for key, _ in nearby], [share for _, share in nearby]),
                    "required_credentials": credential if credential and dice.chance(0.8) else "",
                    "required_languages": dice.pick(("", "en", "es"), (0.78, 0.19, 0.03)), "skills": ";".join(skills),
                    "training_hours": max(160, int(hours * dice.pick((0.75, 1.0, 1.0)) // 40 * 40)), "reimbursement_rate": 0.5 if large else 0.75,
                    "funding_stream": dice.pick(("adult", "dislocated_worker", "snap_et"), (0.64, 0.21, 0.15)),
                    "posted_date": (AS_OF - timedelta(days=posted)).isoformat(), "fill_by": (AS_OF - timedelta(days=start + 3)).isoformat(),
                    "start_date": (AS_OF - timedelta(days=start)).isoformat(), "origin": "seeker_first" if dice.chance(0.05) else "business_first",
                    "designated_seeker_id": "", "_sector": employer["_sector"],
                }
            )  # fmt: skip
    return found


def _spoil_some_employers(dice: Dice, employers: Records, slots: Records) -> None:
    """A few gates: two employers with a pattern of failure, a layoff, a relocation, and union contracts."""
    plain = [employer for employer in employers if employer["_sector"] in ("retail", "manufacturing", "transport")]
    failing, second, moved, union_waits, union_agreed = dice.some(plain, 5)
    failing |= {"pattern_of_failure": "yes"}
    second |= {"pattern_of_failure": "yes", "pattern_of_failure_until": dice.day(30, 90)}
    laid_off = next(slot for slot in slots if slot["_sector"] == "hospitality" and slot["fill_by"] >= AS_OF.isoformat() and slot["openings"] > 1)
    laying_off = next(employer for employer in employers if employer["employer_id"] == laid_off["employer_id"])
    laying_off |= {"layoff_soc": laid_off["onet_soc"], "layoff_date": dice.day(20, 80)}
    moved |= {"relocated_on": dice.day(40, 90)}
    union_waits |= {"union_concurrence_required": "yes"}
    union_agreed |= {"union_concurrence_required": "yes", "union_concurrence_date": dice.day(15, 50)}


# -- people ---------------------------------------------------------------------------------------------------------


def _seekers(dice: Dice) -> Records:
    people = [_participant(dice, *partner[:1], *partner[3:6]) for partner in PARTNERS for _ in range(partner[3])]
    trained = set(dice.some(range(len(people)), TRAINED))
    for number, person in enumerate(people):
        person["ojt_workshop_date"] = dice.day(3, 120) if number in trained else ""
    people += [_pool_member(dice) for _ in range(SEEKERS - len(people))]
    order = dice.rng.permutation(len(people))
    for number, place in enumerate(order):
        people[int(place)]["seeker_id"] = f"S{number + 1:04d}"
    return people


def _participant(dice: Dice, partner: str, _: int, serves: tuple[str, ...], coaches: int) -> Record:
    west = partner in WESTSIDE
    person = _person(dice, (0.15, 0.75, 0.08, 0.02) if west else (0.83, 0.08, 0.07, 0.02))
    populations = {dice.pick(serves)} if dice.chance(0.85) else set()
    populations |= {code for code, rate in POPULATION_RATES.items() if dice.chance(1.5 * rate)}
    streams = {"adult"} if dice.chance(0.92) else {"dislocated_worker"}
    assistance = dice.chance(0.45)
    if assistance and dice.chance(0.7):
        streams.add("snap_et")
    return person | {
        "partner_id": partner, "staff_id": f"COACH-{partner}" if coaches else "COACH-SMALL", "populations": ";".join(sorted(populations)),
        "public_assistance": _said(assistance), "low_income": _said(assistance or dice.chance(0.55)),
        "basic_skills_deficient": _said(dice.chance(0.22)), "funding_streams": ";".join(sorted(streams)),
        "status": dice.pick(("active", "on_hold"), (0.97, 0.03)),
    }  # fmt: skip


def _pool_member(dice: Dice) -> Record:
    person = _person(dice, (0.50, 0.32, 0.12, 0.06))
    populations = {code for code, rate in POPULATION_RATES.items() if dice.chance(rate)}
    streams = {dice.pick(("adult", "dislocated_worker"), (0.68, 0.32))}
    assistance = dice.chance(0.12)
    if assistance and dice.chance(0.5):
        streams.add("snap_et")
    return person | {
        "partner_id": "", "staff_id": "", "populations": ";".join(sorted(populations)), "public_assistance": _said(assistance),
        "low_income": _said(assistance or dice.chance(0.15)), "basic_skills_deficient": _said(dice.chance(0.06)), "funding_streams": ";".join(sorted(streams)),
        "ojt_workshop_date": dice.day(3, 200) if dice.chance(0.25) else "", "status": dice.pick(("active", "placed", "on_hold"), (0.93, 0.04, 0.03)),
    }  # fmt: skip


def _said(answer: bool) -> str:
    return "yes" if answer else "no"


def _person(dice: Dice, homes: tuple[float, ...]) -> Record:
    county = dice.pick((MULTNOMAH, WASHINGTON, CLACKAMAS, CLARK), homes)
    sector = dice.pick(list(SECTORS), (0.25, 0.24, 0.12, 0.13, 0.10, 0.07, 0.09))
    wanted = dice.some(SECTORS[sector][2], dice.pick((1, 2, 3), (0.3, 0.45, 0.25)))
    if dice.chance(0.3):
        wanted.append(dice.pick(SECTORS[dice.pick(list(SECTORS))][2]))
    background = dice.pick(SECTORS[dice.pick((sector, dice.pick(list(SECTORS))), (0.45, 0.55))][2])
    abilities = {skill for occupation in (*wanted, background) for skill in occupation[4] if dice.chance(0.45)}
    credentials = {"drivers_license"} if dice.chance(0.62) else set()
    credentials |= {occupation[5] for occupation in wanted if occupation[5] and dice.chance(0.4)}
    tongues = {"en"} if dice.chance(0.93) else set()
    tongues |= {dice.pick(("es", "vi", "ru", "so", "ar"), (0.5, 0.2, 0.15, 0.08, 0.07))} if dice.chance(0.18) or not tongues else set()
    shifts = (
        ["any"] if dice.chance(0.18) else ["day", *(shift for shift, often in (("evening", 0.3), ("night", 0.12), ("rotating", 0.12)) if dice.chance(often))]
    )
    home_centers = [(key, share) for key, _, place, _, share in CENTERS if place == (WASHINGTON if county == WASHINGTON else MULTNOMAH)]
    return {
        "center_id": dice.pick([key for key, _ in home_centers], [share for _, share in home_centers]), "county_fips": county, "zip": dice.pick(ZIPS[county]),
        "veteran": _said(dice.chance(0.07)), "career_map_soc": ";".join(dict.fromkeys(occupation[0] for occupation in wanted)), "last_soc": background[0],
        "months_experience": dice.pick((0, 3, 6, 9, 14, 24, 60), (0.15, 0.2, 0.2, 0.15, 0.12, 0.1, 0.08)),
        "skills": ";".join(sorted(abilities)), "credentials": ";".join(sorted(credentials)), "languages": ";".join(sorted(tongues)), "shifts": ";".join(shifts),
        "hours_available": dice.pick((40, 36, 32, 24), (0.76, 0.08, 0.1, 0.06)), "wage_floor": dice.number(15.0, 19.5, 0.25),
        "max_commute_min": dice.pick((30, 45, 60, 75), (0.22, 0.36, 0.3, 0.12)), "pool_entry_date": dice.day(5, 330),
        "consent_until": dice.day(-300, -1) if dice.chance(0.95) else dice.day(1, 60),
    }  # fmt: skip


# -- staff, journeys and what has been said already ------------------------------------------------------------------


def _staff(dice: Dice) -> Records:
    found = [_member(f"COACH-{key}", "career_coach", 40, dice.whole(24, 32), populations=serves) for key, _, _, _, serves, coaches in PARTNERS if coaches]
    found.append(_member("COACH-SMALL", "career_coach", 40, 31))
    for record in found:
        if record["staff_id"] == "COACH-CBO3":
            record["used"] = 38  # the coach who is nearly full: her partner's promise falls short for want of staff, not of people
    found += [
        _member(
            f"LIAISON-{key[3:]}",
            "liaison",
            90 if kind == "comprehensive" else 25,
            dice.whole(24, 34) if kind == "comprehensive" else dice.whole(10, 14),
            (key,),
        )
        for key, _, _, kind, _ in CENTERS
    ]
    found += [_member(name, "business_services", 130, used) for name, used in (("BSR-1", 34), ("BSR-2", 38), ("BSR-3", 61))]
    return found


def _member(name: str, role: str, capacity: int, used: int, centers: tuple[str, ...] = (), populations: tuple[str, ...] = ()) -> Record:
    return {"staff_id": name, "role": role, "capacity": capacity, "used": used, "populations": ";".join(populations), "centers": ";".join(centers)}


def _commutes() -> Records:
    return [{"from_zip": home, "to_zip": site, "minutes": _minutes(home, site)} for home in sorted(GRID) for site in sorted(GRID)]


def _minutes(home: str, site: str) -> int:
    """Door to door: ten minutes, two and a half for each mile, and ten more to cross the river into the State of Washington."""
    miles = float(np.hypot(GRID[home][0] - GRID[site][0], GRID[home][1] - GRID[site][1]))
    return round(10 + 2.5 * miles + (10 if (home in ZIPS[CLARK]) != (site in ZIPS[CLARK]) else 0))


def _reverse_referrals(dice: Dice, slots: Records, seekers: Records) -> None:
    """A dozen single orders for which the employer names somebody who could take them."""
    ready = [person for person in seekers if person["ojt_workshop_date"] and person["status"] == "active"]
    singles = [slot for slot in slots if slot["openings"] == 1]
    for slot in dice.some(singles, 12):
        near = [person for person in ready if _fits(person, slot)] or ready
        named = dice.pick(near)
        ready.remove(named)
        slot |= {"origin": "reverse_referral", "designated_seeker_id": named["seeker_id"], "required_languages": ""}


def _fits(person: Record, slot: Record) -> bool:
    """Whether two records agree on what matters most; the rules of the policy decide in earnest."""
    return (
        slot["funding_stream"] in person["funding_streams"].split(";")
        and person["wage_floor"] <= slot["wage"]
        and _minutes(person["zip"], slot["zip"]) <= person["max_commute_min"]
        and slot["hours_per_week"] <= person["hours_available"]
        and (slot["shift"] in person["shifts"] or "any" in person["shifts"])
        and (not slot["required_credentials"] or slot["required_credentials"] in person["credentials"])
        and (not slot["required_languages"] or slot["required_languages"] in person["languages"])
        and person["consent_until"] >= AS_OF.isoformat()
        and slot["fill_by"] >= AS_OF.isoformat()
        and not (person["last_soc"] == slot["onet_soc"] and person["months_experience"] > 12)
    )


def _commitments(dice: Dice, seekers: Records, slots: Records) -> Records:
    ready = [person for person in seekers if person["ojt_workshop_date"] and person["status"] == "active" and person["staff_id"] != "COACH-CBO3"]
    ordinary = [slot for slot in slots if slot["origin"] != "reverse_referral"]
    statuses = ["started"] * 5 + ["accepted"] * 4 + ["offered"] * 6 + ["referred"] * 8 + ["declined"] * 7
    found: Records = []
    for slot, status in zip(dice.some(ordinary, len(statuses)), statuses, strict=True):
        fitting = [person for person in ready if _fits(person, slot)]
        if fitting:
            person = dice.pick(fitting)
            ready.remove(person)
            since = date.fromisoformat(slot["posted_date"])
            since += timedelta(days=dice.whole(0, (AS_OF - since).days))
            reason = dice.pick(("commute", "pay", "another offer")) if status == "declined" else ""
            found.append(
                {
                    "seeker_id": person["seeker_id"], "slot_id": slot["slot_id"], "status": status, "since": since.isoformat(),
                    "author": slot["center_id"], "reason": reason,
                }
            )  # fmt: skip
    return found


def _pins(commitments: Records, seekers: Records, slots: Records) -> Records:
    """Two decisions of staff: one pair that must be, one that must not."""
    taken = {record["seeker_id"] for record in commitments} | {slot["designated_seeker_id"] for slot in slots}
    begun = {record["slot_id"] for record in commitments}
    free = [person for person in seekers if person["ojt_workshop_date"] and person["status"] == "active" and person["seeker_id"] not in taken]
    pairs = [
        (person, slot)
        for slot in slots
        if slot["openings"] > 2 and slot["slot_id"] not in begun
        for person in free
        if person["partner_id"] and _fits(person, slot)
    ]
    fixed, forbidden = pairs[0], pairs[-1]
    until = (AS_OF + timedelta(days=30)).isoformat()
    return [
        {
            "seeker_id": person["seeker_id"], "slot_id": slot["slot_id"], "action": action, "reason": reason, "author": slot["center_id"], "expires": until,
        }
        for (person, slot), action, reason in ((fixed, "fix", "agreed with employer and coach"), (forbidden, "forbid", "relative is the supervisor"))
    ]  # fmt: skip


def _demographics(dice: Dice, seekers: Records) -> Records:
    groups = ("white", "hispanic", "black", "asian", "american_indian", "pacific_islander", "two_or_more", "not_disclosed")
    return [
        {
            "seeker_id": person["seeker_id"], "sex": dice.pick(("female", "male", "nonbinary", "not_disclosed"), (0.49, 0.48, 0.01, 0.02)),
            "race_ethnicity": dice.pick(groups, (0.52, 0.17, 0.11, 0.07, 0.03, 0.01, 0.05, 0.04)),
            "age_band": "55+" if "older_worker" in person["populations"] else dice.pick(("18-24", "25-34", "35-44", "45-54"), (0.2, 0.32, 0.28, 0.2)),
            "disability": dice.pick(("yes", "no", ""), (0.11, 0.84, 0.05)),
        }
        for person in seekers
    ]  # fmt: skip


def write(folder: Path, seed: int = SEED) -> None:
    """Write the tables and `scenario.toml` into a folder; what else is there stays."""
    write_scenario(scenario(seed), folder, form="csv")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
