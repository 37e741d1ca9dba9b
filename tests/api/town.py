"""A small town: forty people, ten job orders of four employers, a promise, tiers and demographics; solved in a moment."""

from __future__ import annotations

from pathlib import Path

SECRET = "klingon"
"""What only the equity report may know that there is."""
POLICY = """
name = "town"

[[constraints]]
kind = "reservation"
label = "north first"
beneficiaries = "partner:NORTH"
count = 4

[[constraints]]
kind = "business_target"
label = "bakery"
scope = "employer:E1"
goal = 2

[[goals]]
kind = "priority_of_service"

[[goals]]
kind = "placements"

[[goals]]
kind = "match_quality"
"""


def make_town(folder: Path) -> Path:
    """The town's files in a folder."""
    people = [f"S{number:02}" for number in range(40)]
    tables = {
        "partners": ["partner_id", "NORTH", "SOUTH"],
        "employers": ["employer_id,naics", *(f"E{number},311811" for number in range(1, 5))],
        "seekers": ["seeker_id,partner_id,veteran,low_income", *(_seeker(number, name) for number, name in enumerate(people))],
        "slots": [
            "slot_id,openings,employer_id,wage",
            *(f"J{number},{1 + number % 3},E{1 + number % 4},{15 + number}.50" for number in range(10)),
            "J10,2,E4,30.00",
        ],
        "pairs": ["seeker_id,slot_id,score", *(line for number, name in enumerate(people[:36]) for line in _pairs(number, name))],
        "demographics": ["seeker_id,race_ethnicity", *(f"{name},{SECRET if number % 2 else 'human'}" for number, name in enumerate(people))],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "policy.toml").write_text(POLICY, "utf-8")
    (folder / "scenario.toml").write_text('name = "town"\nas_of = 2026-11-02\n', "utf-8")
    return folder


def _seeker(number: int, name: str) -> str:
    return f"{name},{('NORTH', 'SOUTH', '')[number % 3]},{'yes' if number % 7 == 0 else 'no'},{'yes' if number % 2 else 'no'}"


def _pairs(number: int, name: str) -> list[str]:
    return [f"{name},J{slot},{(number * 37 + slot * 53) % 100}" for slot in range(10) if (number + slot) % 3]
