"""Names that rules can use, as the facts have them, with how many people or openings each is about: what a form offers, so that nobody types a code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from allocator.problem import Problem
from allocator.scenario import Integers, Mask, Positions


@dataclass(frozen=True)
class Named:
    """A name, what it is called in the tables where they say it, and how many people of the pool, or openings, it is about."""

    code: str
    name: str
    count: int

    def as_dict(self) -> dict[str, Any]:
        """The name as plain JSON data."""
        return asdict(self)


def named(problem: Problem) -> dict[str, Sequence[Named]]:
    """The names of groups of people (partners, populations, tiers) and of slots (sectors, employers, counties, ...), each list in order."""
    facts, pool = problem.scenario, problem.in_pool
    partner, populations = facts.coded("seekers", "partner_id"), facts.lists("seekers", "populations")
    found: dict[str, Iterable[Named]] = {
        "partners": _of_codes(_known(problem, "partners", partner.values), partner.codes, partner.values, pool.astype(np.int64)),
        "populations": [
            Named(code, "", int((populations.any_of(frozenset((code,))) & pool).sum()))
            for code in sorted({code for codes in populations.sets for code in codes})
        ],
        "tiers": [Named(name, "", int(((problem.tiers == number) & pool).sum())) for number, name in enumerate(problem.tier_names)],
        "sectors": _prefixes(problem, "naics", 2),
        "occupations": _prefixes(problem, "onet_soc", 7),
        "staff": _staff(problem),
        "roles": [Named(role, "", count) for role, count in _counted(facts.coded("staff", "role").values, facts.coded("staff", "role").codes)],
    }
    for name, column, table in (
        ("employers", "employer_id", "employers"),
        ("counties", "county_fips", ""),
        ("centers", "center_id", "centers"),
        ("funding_streams", "funding_stream", ""),
    ):
        coded = facts.coded("slots", column)
        found[name] = _of_codes(_known(problem, table, coded.values), coded.codes, coded.values, problem.openings)
    return {name: list(each) for name, each in found.items()}


def _known(problem: Problem, table: str, used: Sequence[str]) -> dict[str, str]:
    """Codes and what they are called: those of the table that says which there are, else those in use."""
    if not table or not problem.scenario.has(table):
        return dict.fromkeys(sorted(used), "")
    frame = problem.scenario.tables[table]
    ids = problem.scenario.ids(table).tolist()
    names = frame["name"].fillna("").astype(str).tolist() if "name" in frame.columns else [""] * len(ids)
    return dict(zip(ids, names, strict=True))


def _of_codes(known: dict[str, str], codes: Positions, values: Sequence[str], weight: Integers) -> Iterator[Named]:
    """Each known name with the weight of the records that have it."""
    there = codes >= 0
    total = np.bincount(codes[there], weights=weight[there], minlength=len(values)) if len(values) else np.zeros(0)
    amount = dict(zip(values, total.astype(int).tolist(), strict=True))
    yield from (Named(code, name, amount.get(code, 0)) for code, name in known.items())


def _prefixes(problem: Problem, column: str, length: int) -> Iterator[Named]:
    """Sectors of the slots' employers, or occupations of the slots, cut to so many characters, with their openings."""
    facts = problem.scenario
    if column == "naics":
        of_employer, employer = facts.coded("employers", column), facts.link("slots", "employer_id")
        position = np.append(of_employer.codes, -1)[employer]
        values = of_employer.values
    else:
        coded = facts.coded("slots", column)
        position, values = coded.codes, coded.values
    amount: dict[str, int] = {}
    for number, openings in zip(position.tolist(), problem.openings.tolist(), strict=True):
        if number >= 0:
            amount[values[number][:length]] = amount.get(values[number][:length], 0) + openings
    yield from (Named(code, "", amount[code]) for code in sorted(amount))


def _staff(problem: Problem) -> Iterator[Named]:
    """Staff who have slots, by what they do, with the openings they answer for."""
    facts = problem.scenario
    role = facts.coded("staff", "role")
    for number, code in enumerate(facts.ids("staff").tolist()):
        mine: Mask = problem.slot_staff == number
        if mine.any():
            yield Named(code, role.values[role.codes[number]] if role.codes[number] >= 0 else "", int(problem.openings[mine].sum()))


def _counted(values: Sequence[str], codes: Positions) -> Iterator[tuple[str, int]]:
    yield from ((value, int((codes == number).sum())) for number, value in sorted(enumerate(values), key=lambda each: each[1]))
