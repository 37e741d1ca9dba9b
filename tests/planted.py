"""Policies that nothing fits, by seed: independent conflicts planted on disjoint parts of a random world, each with a repair that is known to work.

Each plot of a world has its own partner, people, employer, orders, coach, funding stream and county, so that conflicts of different plots have nothing to do
with one another; some plots have none. What a planter says takes part is what anybody can count by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.policy import Policy
from allocator.scenario import Scenario
from tests.worlds import world

COST = 100_000
"""Cents that each assignment obligates, so that a seat's worth of money is known."""


@dataclass
class Plot:
    """One disjoint part of a world, in the making."""

    number: int
    seekers: list[dict[str, Any]] = field(default_factory=list)
    slots: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)
    staff: list[dict[str, Any]] = field(default_factory=list)
    employers: list[dict[str, Any]] = field(default_factory=list)
    pins: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)

    def name(self, what: str) -> str:
        """A name of this plot's own."""
        return f"{what}{self.number}"

    def people(self, count: int, group: str = "") -> list[str]:
        """Seekers of the plot's partner, who are charged to its coach."""
        ids = [f"S{self.number}{group}-{k}" for k in range(count)]
        self.seekers += [{"seeker_id": one, "partner_id": self.name("P") + group, "staff_id": self.name("coach")} for one in ids]
        return ids

    def orders(self, *openings: int) -> list[str]:
        """Slots at the plot's employer."""
        ids = [f"J{self.number}-{k}" for k in range(len(openings))]
        common = {"employer_id": self.name("E"), "county_fips": self.name("C"), "funding_stream": self.name("F")}
        self.slots += [{"slot_id": one, "openings": count, **common} for one, count in zip(ids, openings, strict=True)]
        return ids

    def fit(self, draw: np.random.Generator, people: list[str], orders: list[str]) -> None:
        """Everybody may take every order."""
        self.pairs += [
            {"seeker_id": one, "slot_id": other, "score": float(draw.integers(0, 50)), "staff_points": 1, "cost_cents": COST}
            for one in people
            for other in orders
        ]

    def rule(self, kind: str, label: str = "", **entry: Any) -> str:
        """A rule about this plot; its full name."""
        label = f"{label or kind} {self.number}"
        self.rules.append({"kind": kind, "label": label, **entry})
        return f"{kind}[{label}]"

    def promise(self, count: int, group: str = "", label: str = "promise", **entry: Any) -> str:
        """Seats promised to the plot's partner in its own orders."""
        who, where = f"partner:{self.name('P')}{group}", {"employers": [self.name("E")]}
        return self.rule("reservation", label, beneficiaries=who, scope=where, count=count, **{"mode": "minimum_hard", **entry})


@dataclass(frozen=True)
class Planted:
    """What a planter knows: rows that take part in the conflict, and what a way out costs, in seats."""

    rows: frozenset[str]
    cost: float


Planter = Callable[[Plot, np.random.Generator], Planted]


def supply(plot: Plot, draw: np.random.Generator) -> Planted:
    """More seats are promised than there are members."""
    members, more = int(draw.integers(1, 4)), int(draw.integers(1, 3))
    plot.fit(draw, plot.people(members), plot.orders(members + more + 1))
    return Planted(frozenset([plot.promise(members + more)]), more)


def openings(plot: Plot, draw: np.random.Generator) -> Planted:
    """More seats are promised than there are openings."""
    seats, more = int(draw.integers(1, 4)), int(draw.integers(1, 3))
    plot.fit(draw, plot.people(seats + more + 1), plot.orders(1, seats - 1) if seats > 1 else plot.orders(1))
    return Planted(frozenset([plot.promise(seats + more)]), more)


def cap(plot: Plot, draw: np.random.Generator) -> Planted:
    """What is promised is more than what is allowed."""
    most, more = int(draw.integers(0, 3)), int(draw.integers(1, 3))
    plot.fit(draw, plot.people(most + more + 1), plot.orders(most + more, 1))
    return Planted(frozenset([plot.promise(most + more), plot.promise(most, label="ceiling", mode="cap")]), more)


def share(plot: Plot, draw: np.random.Generator) -> Planted:
    """A share that the members cannot fill."""
    members = int(draw.integers(1, 4))
    plot.fit(draw, plot.people(members), plot.orders(members + 4, 6))
    promise = plot.rule("reservation", "share", beneficiaries=f"partner:{plot.name('P')}", scope={"counties": [plot.name("C")]}, share=0.5, mode="minimum_hard")
    return Planted(frozenset([promise]), (members + 11) // 2 - members)


def rivals(plot: Plot, draw: np.random.Generator) -> Planted:
    """Two partners are promised the same seats."""
    one, other, short = (int(draw.integers(1, 4)) for _ in range(3))
    short = min(short, one + other - 1)
    places = plot.orders(one + other - short)
    plot.fit(draw, plot.people(one + 1, "a"), places)
    plot.fit(draw, plot.people(other + 1, "b"), places)
    seats = one + other - short
    names = [plot.promise(one, "a", "promise a"), plot.promise(other, "b", "promise b")]
    together = frozenset(names) if max(one, other) <= seats else frozenset(name for name, count in zip(names, (one, other), strict=True) if count > seats)
    return Planted(together, short)


def coach(plot: Plot, draw: np.random.Generator) -> Planted:
    """A coach has room for fewer than are promised a seat."""
    room, more = int(draw.integers(0, 3)), int(draw.integers(1, 3))
    plot.staff[0] |= {"capacity": room + 2, "used": 2}
    plot.fit(draw, plot.people(room + more + 1), plot.orders(room + more + 1))
    return Planted(frozenset([plot.promise(room + more), f"staff_capacity[{plot.name('coach')}]"]), more)


def budget(plot: Plot, draw: np.random.Generator) -> Planted:
    """Money for fewer than are promised a seat."""
    paid, more = int(draw.integers(0, 3)), int(draw.integers(1, 3))
    plot.fit(draw, plot.people(paid + more + 1), plot.orders(paid + more + 1))
    money = plot.rule("budget", funding_stream=plot.name("F"), available=paid * COST / 100 + 3)
    return Planted(frozenset([plot.promise(paid + more), f"{money}[{plot.name('F')}]"]), more)


def target(plot: Plot, draw: np.random.Generator) -> Planted:
    """A county must take more people than its only employer may."""
    most, more = int(draw.integers(1, 4)), int(draw.integers(1, 3))
    plot.employers[0]["active_ojts"] = 5 - most
    plot.fit(draw, plot.people(most + more + 1), plot.orders(most + more))
    wanted = plot.rule("business_target", "target", scope={"counties": [plot.name("C")]}, minimum=most + more, hard=True)
    return Planted(frozenset([f"{wanted}[minimum]", f"employer_limit[{plot.name('E')}]"]), more)


def between(plot: Plot, draw: np.random.Generator) -> Planted:
    """A promise in a county that may take fewer."""
    most, more = int(draw.integers(0, 3)), int(draw.integers(1, 3))
    plot.fit(draw, plot.people(most + more + 1), plot.orders(most + more))
    limit = plot.rule("business_target", "limit", scope={"counties": [plot.name("C")]}, maximum=most, hard=True)
    return Planted(frozenset([plot.promise(most + more), f"{limit}[maximum]"]), more)


def held_out(plot: Plot, draw: np.random.Generator) -> Planted:
    """One member is forbidden the only slot: a promise of everybody fails by one."""
    members = int(draw.integers(1, 4))
    people, places = plot.people(members), plot.orders(members + 1)
    plot.fit(draw, people, places)
    plot.pins.append({"seeker_id": people[0], "slot_id": places[0], "action": "forbid"})
    return Planted(frozenset([plot.promise(members), f"pins[the pin forbidding {people[0]} at {places[0]}]"]), 1)


def held_in(plot: Plot, draw: np.random.Generator) -> Planted:
    """Somebody is fixed where nobody may be."""
    people, places = plot.people(int(draw.integers(2, 5))), plot.orders(2, 1)
    plot.fit(draw, people, places)
    plot.pins.append({"seeker_id": people[0], "slot_id": places[0], "action": "fix"})
    limit = plot.rule("business_target", "limit", scope={"slots": [places[0]]}, maximum=0, hard=True)
    return Planted(frozenset([f"{limit}[maximum]", f"pins[the pin fixing {people[0]} at {places[0]}]"]), 1)


def kept_free(plot: Plot, draw: np.random.Generator) -> Planted:
    """Seats set aside for one partner, and promised to another."""
    seats, aside = int(draw.integers(2, 5)), int(draw.integers(1, 3))
    aside = min(aside, seats)
    places = plot.orders(seats)
    plot.fit(draw, plot.people(2, "a"), places)
    plot.fit(draw, plot.people(seats + 1, "b"), places)
    return Planted(frozenset([plot.promise(seats, "b", "promise b"), plot.promise(aside, "a", "set aside a", mode="set_aside")]), aside)


PLANTERS: tuple[Planter, ...] = (supply, openings, cap, share, rivals, coach, budget, target, between, held_out, held_in, kept_free)


def peace(plot: Plot, draw: np.random.Generator) -> None:
    """A plot whose rules can all be kept, some of them just."""
    count = int(draw.integers(2, 5))
    plot.staff[0] |= {"capacity": count, "used": 0}
    plot.fit(draw, plot.people(count), plot.orders(count, 1))
    plot.promise(int(draw.integers(1, count + 1)))
    plot.rule("business_target", "target", scope={"counties": [plot.name("C")]}, minimum=1, maximum=count, hard=True)


def planted(seed: int) -> tuple[Scenario, Policy, list[Planted]]:
    """A world, a policy that nothing in it fits, and the one to five conflicts that were planted."""
    draw = np.random.default_rng(seed)
    conflicts, quiet = int(draw.integers(1, 6)), int(draw.integers(0, 3))
    plots, found = [], []
    for number in range(conflicts + quiet):
        plot = Plot(number)
        plot.staff.append({"staff_id": plot.name("coach"), "capacity": 99, "used": 0, "role": "career_coach"})
        plot.employers.append({"employer_id": plot.name("E"), "employees_at_site": 50, "active_ojts": 0})
        if number < conflicts:
            found.append(PLANTERS[int(draw.integers(len(PLANTERS)))](plot, draw))
        else:
            peace(plot, draw)
        plots.append(plot)
    tables: dict[str, list[dict[str, Any]]] = {
        table: [record for plot in plots for record in getattr(plot, table)] for table in ("seekers", "slots", "pairs", "staff", "employers", "pins")
    }
    tables["partners"] = [{"partner_id": code} for code in sorted({one["partner_id"] for one in tables["seekers"]})]
    rules = [rule for plot in plots for rule in plot.rules]
    everywhere = [{"kind": "staff_capacity", "label": "staff_capacity"}, {"kind": "employer_limit", "label": "employer_limit", "at_most": 5}]
    if not any(plot.employers[0]["active_ojts"] for plot in plots):
        everywhere.pop()
    rules = [rules[k] for k in draw.permutation(len(rules))]
    policy = Policy.from_dict({"constraints": [*everywhere, *rules], "goals": [{"kind": "match_quality"}]})
    facts = world(**{table: records for table, records in tables.items() if records})
    return facts, policy, found
