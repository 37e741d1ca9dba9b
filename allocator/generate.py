"""Synthetic scenarios of any size, with a policy that fits them: for benchmarks, trials and demonstrations.

Everything is drawn from one seed with whole-array operations, so that a million seekers take seconds. A plan is drawn along with
the facts (the *planted* plan: first come, first served, thinned), and every number in the policy is taken from it: promises and
ranges that together can be kept, staff time and money that are just enough for it. So the policy always has a solution, and its
rules bind, because the best matches are not the planted ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from allocator.scenario import Integers, Mask, Scenario
from allocator.toml_text import toml_document
from allocator.write import write_scenario

Rules = Literal["network", "full"]
Document = dict[str, Any]
Whole = NDArray[np.signedinteger[Any]]
"""Whole numbers of any width: ten million pairs are held in 32 bits."""

AS_OF = date(2026, 11, 2)
CSV_PAIRS = 200_000
"""Scenarios with at least so many pairs are written as Parquet where the form is not given."""
SECTORS = ("11", "21", "22", "23", "31", "32", "33", "42", "44", "48", "51", "52", "53", "54", "56", "61", "62", "71", "72", "81")
COUNTIES = ("41051", "41067", "41005", "53011")
POPULATIONS = ("english_learner", "ex_offender", "foster_youth", "homeless", "long_term_unemployed", "older_worker", "single_parent")
RATES = (0.10, 0.09, 0.04, 0.08, 0.18, 0.12, 0.11)
"""How common each population is; a seeker may belong to several."""
EMPLOYER_LIMIT = 8
FILLED = 0.85
"""Share of each sector's openings that the planted plan fills at most."""


@dataclass(frozen=True, eq=False)
class _World:
    """The draw as arrays: people, orders and pairs; pairs in the order of seeker and slot, the same number for each seeker."""

    partner: Whole
    populations: Whole
    openings: Whole
    employer: Whole
    sector: Whole
    rep: Whole
    seeker: Whole
    slot: Whole
    score: Whole
    points: Whole
    cents: Whole

    @property
    def partners(self) -> int:
        return int(self.partner.max()) + 1

    def seats(self) -> Integers:
        """Openings of each sector."""
        return np.bincount(self.sector, weights=self.openings, minlength=len(SECTORS)).astype(np.int64)


def generate(seekers: int, slots: int, pairs_per_seeker: int, rules: Rules, seed: int) -> tuple[Scenario, Document]:
    """A synthetic scenario and the policy document that goes with it; the same arguments give the same facts.

    Parameters
    ----------
    seekers, slots
        How many of each, at least 1. A slot has one to five openings.
    pairs_per_seeker
        Slots that each seeker may take, all different; at most `slots`.
    rules
        `network`: promises to partners and ranges for sectors, which nest and solve as a flow. `full`: besides, staff time,
        money, promises to overlapping populations and to partners inside a sector, and a limit for each employer.
    seed
        Decides everything.

    Raises
    ------
    ValueError
        A number is out of range, or `rules` is neither.
    """
    if min(seekers, slots, pairs_per_seeker) < 1:
        raise ValueError("seekers, slots and pairs_per_seeker must be at least 1.")
    if pairs_per_seeker > slots:
        raise ValueError(f"A seeker cannot have {pairs_per_seeker} different slots when there are {slots}.")
    if rules not in ("network", "full"):
        raise ValueError(f"There are no rules {rules!r}; there are network and full.")
    rng = np.random.default_rng(seed)
    world = _draw(rng, seekers, slots, pairs_per_seeker)
    planted = _planted(rng, world, pairs_per_seeker, EMPLOYER_LIMIT if rules == "full" else None)
    name = f"{rules} {seekers} x {slots} x {pairs_per_seeker}, seed {seed}"
    return Scenario(name, AS_OF, _tables(rng, world, planted)), _policy(name, world, planted, rules)


def write_generated(scenario: Scenario, policy: Mapping[str, Any], out: str | Path, form: Literal["csv", "parquet"] | None = None) -> None:
    """Write the scenario's folder and its `policy.toml`; as CSV when there are under 200,000 pairs and no form is given, else as Parquet.

    Raises
    ------
    InputError
        The target cannot be written, or is a folder of something else.
    """
    write_scenario(scenario, out, form=form or ("csv" if scenario.size("pairs") < CSV_PAIRS else "parquet"))
    Path(out, "policy.toml").write_text(toml_document(policy), "utf-8")


# -- the draw -------------------------------------------------------------------------------------------------------


def _draw(rng: np.random.Generator, seekers: int, slots: int, each: int) -> _World:
    partners = min(50, max(2, seekers // 100))
    employers = max(1, slots // 2)
    partner = rng.choice(partners, seekers, p=rng.dirichlet(np.full(partners, 2.0)))
    belongs = rng.random((seekers, len(POPULATIONS)), dtype=np.float32) < np.array(RATES, dtype=np.float32)
    employer = rng.integers(0, employers, slots)
    sector = rng.integers(0, min(len(SECTORS), max(2, slots // 10)), employers)[employer]
    # Draws from a shorter range, sorted, plus 0, 1, 2, ... never meet: different slots for each seeker, in order.
    slot = np.sort(rng.integers(0, slots - each + 1, (seekers, each), dtype=np.int32), axis=1)
    slot += np.arange(each, dtype=np.int32)
    slot = slot.ravel()
    seeker = np.repeat(np.arange(seekers, dtype=np.int32), each)
    score = rng.integers(-1500, 1501, len(slot), dtype=np.int32)
    score += rng.integers(3500, 6501, slots, dtype=np.int32)[slot]
    score += rng.integers(-1000, 1001, partners, dtype=np.int32)[partner][seeker]
    score += rng.integers(-1000, 1001, len(SECTORS), dtype=np.int32)[sector][slot]
    return _World(
        partner=partner,
        populations=(belongs * (1 << np.arange(len(POPULATIONS)))).sum(axis=1),
        openings=rng.integers(1, 6, slots),
        employer=employer,
        sector=sector,
        rep=employer % max(1, employers // 12),
        seeker=seeker,
        slot=slot,
        score=np.clip(score, 0, 10_000),
        points=rng.integers(1, 6, len(slot), dtype=np.int32),
        cents=rng.integers(1_500, 6_001, len(slot), dtype=np.int32) * 100,
    )


def _planted(rng: np.random.Generator, world: _World, each: int, employer_limit: int | None) -> Integers:
    """Numbers of the pairs of a plan that keeps everything: first come, first served; thinned so that no sector is full."""
    room = world.openings.copy()
    waiting = rng.permutation(len(world.partner))
    chosen = [np.empty(0, dtype=np.int64)]
    for turn in range(each):
        pair = waiting * each + (waiting + turn) % each
        taken = _first(world.slot[pair], room)
        chosen.append(pair[taken])
        room -= np.bincount(world.slot[pair[taken]], minlength=len(room))
        waiting = waiting[~taken]
    plan = rng.permutation(np.concatenate(chosen))
    if employer_limit is not None:
        employer = world.employer[world.slot[plan]]
        plan = plan[_first(employer, np.full(int(world.employer.max()) + 1, employer_limit))]
    sector = world.sector[world.slot[plan]]
    return np.sort(plan[_first(sector, np.floor(FILLED * world.seats()).astype(np.int64))])


def _first(group: Whole, room: Integers) -> Mask:
    """Which of these come early enough in their group to find room there."""
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group, minlength=len(room))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.asarray(rank < room[group])


# -- tables ---------------------------------------------------------------------------------------------------------


def _tables(rng: np.random.Generator, world: _World, planted: Integers) -> dict[str, pd.DataFrame]:
    people, orders, employers, reps = len(world.partner), len(world.openings), int(world.employer.max()) + 1, int(world.rep.max()) + 1
    seeker_ids, slot_ids, partner_ids = _ids("S", people), _ids("J", orders), _ids("P", world.partners)
    employer_ids, rep_ids, coach_ids, center_ids = _ids("E", employers), _ids("BSR", reps), _ids("COACH", world.partners), _ids("C", min(7, world.partners))
    counties, center_of = pa.array(COUNTIES), rng.integers(0, len(center_ids), people)
    home, site = rng.choice(len(COUNTIES), people, p=(0.5, 0.3, 0.12, 0.08)), rng.choice(len(COUNTIES), employers, p=(0.5, 0.35, 0.1, 0.05))
    sector_of = np.zeros(employers, dtype=np.int64)
    sector_of[world.employer] = world.sector
    used = np.bincount(world.rep[world.slot[planted]], weights=world.points[planted], minlength=reps).astype(np.int64)
    load = np.bincount(world.partner[world.seeker[planted]], minlength=world.partners)
    every_set = [";".join(code for bit, code in enumerate(POPULATIONS) if number >> bit & 1) for number in range(1 << len(POPULATIONS))]
    return {
        "seekers": pd.DataFrame(
            {
                "seeker_id": _text(seeker_ids),
                "partner_id": _text(partner_ids, world.partner),
                "center_id": _text(center_ids, center_of),
                "staff_id": _text(coach_ids, world.partner),
                "county_fips": _text(counties, home),
                "populations": _text(pa.array(every_set), world.populations),
                "veteran": _flag(rng.random(people) < 0.07),
                "public_assistance": _flag(rng.random(people) < 0.2),
                "low_income": _flag(rng.random(people) < 0.35),
                "basic_skills_deficient": _flag(rng.random(people) < 0.1),
            }
        ),
        "slots": pd.DataFrame(
            {
                "slot_id": _text(slot_ids),
                "openings": world.openings,
                "employer_id": _text(employer_ids, world.employer),
                "county_fips": _text(counties, site[world.employer]),
                "center_id": _text(center_ids, rng.integers(0, len(center_ids), orders)),
                "staff_id": _text(rep_ids, world.rep),
            }
        ),
        "employers": pd.DataFrame(
            {
                "employer_id": _text(employer_ids),
                "naics": _text(pa.array(SECTORS), sector_of),
                "employees_at_site": pd.array(np.exp(rng.normal(3.5, 1.1, employers)).astype(np.int64) + 4, dtype="Int64"),
                "county_fips": _text(counties, site),
            }
        ),
        "partners": pd.DataFrame({"partner_id": _text(partner_ids)}),
        "centers": pd.DataFrame({"center_id": _text(center_ids)}),
        "staff": pd.DataFrame(
            {
                "staff_id": pd.concat([_text(rep_ids), _text(coach_ids)], ignore_index=True),
                "role": pd.Series(["business_services"] * reps + ["career_coach"] * len(coach_ids), dtype="str"),
                "capacity": pd.array(np.concatenate([used, load + 5]), dtype="Int64"),
            }
        ),
        "pairs": pd.DataFrame(
            {
                "seeker_id": _text(seeker_ids, world.seeker),
                "slot_id": _text(slot_ids, world.slot),
                "score": world.score / 100,
                "staff_points": pd.array(world.points.astype(np.int64), dtype="Int64"),
                "cost_cents": pd.array(world.cents.astype(np.int64), dtype="Int64"),
            }
        ),
    }  # fmt: skip


def _ids(letter: str, count: int) -> pa.Array:
    """`S0001` ... with as many digits as the last one needs, so that the order of the texts is the order of the numbers."""
    width = len(str(count))
    return pa.array([f"{letter}{number:0{width}d}" for number in range(1, count + 1)])


def _text(values: pa.Array, which: Whole | None = None) -> pd.Series:
    """A text column: the values, or those at the positions asked for."""
    wide = values.cast(pa.large_string())
    return pd.Series(pd.array(wide if which is None else wide.take(pa.array(which)), dtype="str"))


def _flag(values: Mask) -> pd.Series:
    return pd.Series(values, dtype="boolean")


# -- policy ---------------------------------------------------------------------------------------------------------


def _policy(name: str, world: _World, planted: Integers, rules: Rules) -> Document:
    constraints = [*_partner_minimums(world, planted), *_sector_ranges(world, planted)]
    if rules == "full":
        constraints += [*_population_minimums(world, planted), *_partner_inside_sector(world, planted)]
        constraints.append({"kind": "staff_capacity", "role": "business_services", "charge": "slot"})
        constraints.append({"kind": "budget", "available": Decimal(int(world.cents[planted].sum())) / 100})
        constraints.append({"kind": "employer_limit", "at_most": EMPLOYER_LIMIT})
    return {"name": name, "eligibility": [], "constraints": constraints, "goals": [{"kind": "match_quality"}]}


def _partner_minimums(world: _World, planted: Integers) -> list[Document]:
    ids = _ids("P", world.partners).to_pylist()
    counts = np.bincount(world.partner[world.seeker[planted]], minlength=world.partners)
    return [_promise(f"partner {ids[k]}", {"beneficiaries": f"partner:{ids[k]}"}, counts[k]) for k in np.flatnonzero(counts)]


def _sector_ranges(world: _World, planted: Integers) -> list[Document]:
    seats, counts = world.seats(), np.bincount(world.sector[world.slot[planted]], minlength=len(SECTORS))
    return [
        {
            "kind": "business_target", "label": f"sector {SECTORS[k]}", "scope": f"sector:{SECTORS[k]}", "hard": True,
            "minimum": int(0.95 * counts[k]), "maximum": max(int(counts[k]), int(0.9 * seats[k])),
        }
        for k in np.flatnonzero(seats)
    ]  # fmt: skip


def _population_minimums(world: _World, planted: Integers) -> list[Document]:
    sets = world.populations[world.seeker[planted]]
    counts = [int((sets >> bit & 1).sum()) for bit in range(len(POPULATIONS))]
    return [_promise(f"population {code}", {"beneficiaries": f"population:{code}"}, count) for code, count in zip(POPULATIONS, counts, strict=True) if count]


def _partner_inside_sector(world: _World, planted: Integers) -> list[Document]:
    """Promises to the three largest partners, each inside the sector where it has most in the planted plan."""
    ids = _ids("P", world.partners).to_pylist()
    inside = np.zeros((world.partners, len(SECTORS)), dtype=np.int64)
    np.add.at(inside, (world.partner[world.seeker[planted]], world.sector[world.slot[planted]]), 1)
    largest = np.argsort(-inside.sum(axis=1), kind="stable")[:3]
    return [
        _promise(f"{ids[k]} in sector {SECTORS[s]}", {"beneficiaries": f"partner:{ids[k]}", "scope": f"sector:{SECTORS[s]}"}, inside[k, s])
        for k, s in zip(largest, inside[largest].argmax(axis=1), strict=True)
        if inside[k, s]
    ]


def _promise(label: str, whom: Document, count: int) -> Document:
    return {"kind": "reservation", "label": label, **whom, "count": int(count), "mode": "minimum_best_effort"}
