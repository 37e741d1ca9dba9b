"""sweep(): one or two values of the policy moved through a range, everything else the same. What each point costs, and whom it helps.

Every point is a policy of its own, with a program built from nothing, solved from where its neighbour stands, and judged by its own law. Its goals are
exact or stated with their bounds.

A point is *dominated* where another point of the sweep is proved to be at least as good in every goal and to keep at least as many promised seats, and
better in one of them. Chance is not counted: the goal `lottery` is left out of a sweep unless it is asked for.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from allocator.comparing.groups import counted
from allocator.comparing.side import baselines as sides_of_baselines
from allocator.constraints.reservation import Reservation
from allocator.engines.series import make
from allocator.errors import Fault, InputError
from allocator.layers import SET, entry_place, leaves
from allocator.one_side import along_one_row, tighter
from allocator.over import OPTION, Over, Value, exact_value, value_of
from allocator.point import Point, Price, Promise, Served, Unoptimized
from allocator.policy import Policy
from allocator.promises import lines
from allocator.result import GoalResult
from allocator.scenario import Scenario
from allocator.settle import unsettled
from allocator.tradeoffs import compared, position
from allocator.variants import Terms, Variant, Variants

if TYPE_CHECKING:
    from allocator.changes import ChangeSet
    from allocator.inputs import Inputs

GAP = Fraction(1, 10_000)
"""The gap of a point's goals where nobody asks for another."""
KNEE = 0.05
"""How far above the straight line a knee has to be, as a part of the goal's whole range."""

Policies = Callable[[Sequence[str]], Policy]
"""The policy with these `--set` texts on top."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """All points, the last parameter moving fastest. `present` is each parameter's value in the policy as it is; None where it has none."""

    scenario_name: str
    as_of: str
    seed: int
    parameters: tuple[Over, ...]
    present: tuple[Value | None, ...]
    points: tuple[Point, ...]
    gap: float
    lottery: bool

    @cached_property
    def main_goal(self) -> int | None:
        """The goal that the knee is looked for in: match quality where it changes, else the last that does; None where none does."""
        moving = []
        for number, goal in enumerate(self._goals):
            values = {value for point in self.points if (value := point.value(number)) is not None}
            if len(values) > 1 and goal.kind != "lottery":
                moving.append(number)
        quality = [number for number in moving if self._goals[number].kind == "match_quality"]
        return quality[-1] if quality else moving[-1] if moving else None

    @cached_property
    def knee(self) -> int | None:
        """The point of a one-parameter sweep after which the main goal gives way fastest: the one furthest above the straight line between its ends.

        None where the goal changes evenly, or the parameter is no number.
        Source: Satopaa, Albrecht, Irwin and Raghavan 2011, "Finding a kneedle in a haystack".
        """
        if len(self.parameters) > 1 or self.main_goal is None:
            return None
        places = [(number, position(point, self.parameters, 0), point.value(self.main_goal)) for number, point in enumerate(self.points)]
        solved = [(number, float(at), value) for number, at, value in places if at is not None and value is not None]
        if len(solved) < 3:
            return None
        number, at, height = (np.array(column, dtype=float) for column in zip(*solved, strict=True))
        if len(np.unique(at)) < 3 or np.ptp(height) == 0:
            return None
        sign = 1 if self._maximized(self.main_goal) else -1
        across, up = (at - at[0]) / (at[-1] - at[0]), sign * (height - height[0]) / np.ptp(height)
        above = up - across * up[-1]
        return int(number[np.argmax(above)]) if above.max() > KNEE else None

    @property
    def _goals(self) -> tuple[GoalResult, ...]:
        return next((point.goals for point in self.points if point.verified), ())

    def _maximized(self, number: int) -> bool:
        return next(point.maximizes(number) for point in self.points if point.verified)

    def at(self, *values: Value) -> Point:
        """The point at these values. Raises KeyError where there is none."""
        for point in self.points:
            if point.values == values:
                return point
        raise KeyError(values)

    def change_set(self, point: Point) -> ChangeSet:
        """The point as changes to the policy that was swept."""
        from allocator.changes import Change, ChangeSet

        name = ", ".join(f"{over.place} = {text}" for over, text in zip(self.parameters, point.texts, strict=True))
        changes = tuple(Change("set", over.place, exact_value(text)) for over, text in zip(self.parameters, point.texts, strict=True))
        return ChangeSet(changes, name=name, note=f"A point of a sweep over {self.scenario_name}, as of {self.as_of}.")

    def as_dict(self) -> dict[str, Any]:
        """The sweep as plain JSON data."""
        return {
            "scenario": self.scenario_name,
            "as_of": self.as_of,
            "seed": self.seed,
            "gap": self.gap,
            "lottery": self.lottery,
            "parameter": self.parameters[0].place,
            "parameters": [over.place for over in self.parameters],
            "present": list(self.present),
            "knee": None if self.knee is None else self.points[self.knee].values[0],
            "points": [point.as_dict() for point in self.points],
        }

    def frame(self) -> pd.DataFrame:
        """One row a point: parameters, status, people, seats, each goal with value and bound, its prices, and what the table marks.

        A parameter's column has its place for a name; a goal's its label, with ` bound`, ` below` and ` above` behind it. For a chart of one parameter,
        `value` is the last parameter's, `price_below` and `price_above` the main goal's ` below` and ` above` once more (missing where not known).
        """
        return pd.DataFrame([self._row(number, point) for number, point in enumerate(self.points)])

    def _prices_of(self, point: Point, label: str) -> Iterator[Price]:
        """A goal's quotient along the parameter that moves fastest."""
        place = self.parameters[-1].place
        return (price for price in point.prices if (price.label, price.parameter, price.method) == (label, place, "difference"))

    def _main_price(self, point: Point, side: str) -> float | None:
        """By how much the main goal changes with one more, on one side of a point."""
        if self.main_goal is None or self.main_goal >= len(point.goals):
            return None
        label = point.goals[self.main_goal].label
        price = next(self._prices_of(point, label), None)
        return None if price is None else getattr(price, side)

    def _row(self, number: int, point: Point) -> dict[str, Any]:
        row: dict[str, Any] = {over.place: value for over, value in zip(self.parameters, point.values, strict=True)}
        row |= {"status": point.status, "verified": point.verified, "placed": point.placed, "promised": point.promised}
        promised = point.promised is not None
        row |= {"filled": sum(promise.filled for promise in point.promises if promise.short is not None) if promised else None}
        row |= {"short": sum(promise.short or 0 for promise in point.promises) if promised else None}
        for goal in self._goals:
            found = next((own for own in point.goals if own.label == goal.label), None)
            row |= {goal.label: found and found.value, f"{goal.label} bound": found and found.bound}
            price = next(self._prices_of(point, goal.label), None)
            row |= {f"{goal.label} below": price and price.below, f"{goal.label} above": price and price.above}
        for baseline in point.baselines:
            row |= {f"{baseline.name} placed": baseline.placed} | {f"{baseline.name} {goal.label}": goal.value for goal in baseline.goals}
        prices = {f"price_{side}": self._main_price(point, side) for side in ("below", "above")}
        return (
            row
            | prices
            | {"value": point.values[-1], "newly_placed": point.newly_placed, "lost": point.lost, "dominated": point.dominated, "knee": number == self.knee}
        )


def sweep(
    scenario: Scenario,
    policies: Policies,
    parameters: Sequence[Over],
    *,
    seed: int = 0,
    terms: Terms | None = None,
    saw: Callable[[int, int], None] | None = None,
    baselines: bool = False,
    served: bool = False,
) -> Sweep:
    """The policy at every value of one or two parameters.

    Parameters
    ----------
    policies
        The policy with `--set` texts on top; called for every point.
    terms
        Gap and seconds of each point, who may end it, and whether the lottery decides between equals; 0.01 % and no lottery where None.
    saw
        Told how many points are solved, of how many.
    baselines
        Whether each point also tells what is reached without optimizing.
    served
        Whether each point also tells how many people of each group are placed.

    Raises
    ------
    InputError
        A value that the policy, or the policy under the facts, does not allow; all at once.
    """
    terms = terms or Terms(GAP, lottery=False)
    base = policies(()).resolved(scenario)
    overs = tuple(replace(over, place=whole_place(over.place, base)) for over in parameters)
    places = list(itertools.product(*(range(len(over.texts)) for over in overs)))
    variants = Variants(scenario, seed, terms)
    laid = _laid(variants, policies, overs, places)
    now = leaves(base)
    points: dict[int, Point] = {}
    found = along_one_row(variants, laid) if len(overs) == 1 else None
    for number in range(len(laid)) if found else _order(variants, laid, overs):
        started = time.perf_counter()
        variant = found.variants[number] if found else variants.solve(laid[number])
        seconds = found.seconds[number] if found else time.perf_counter() - started
        texts = tuple(over.texts[place] for over, place in zip(overs, places[number], strict=True))
        points[number] = Point(
            texts,
            variant,
            tuple(_promises(variant, overs)),
            seconds,
            baselines=tuple(_unoptimized(variant)) if baselines else (),
            served=tuple(_served(variant)) if served else (),
        )
        if saw is not None:
            saw(len(points), len(laid))
    told = compared([points[number] for number in range(len(laid))], overs, found)
    present = tuple(_plain(now.get(over.place)) for over in overs)
    return Sweep(scenario.name, scenario.as_of.isoformat(), seed, overs, present, told, float(terms.gap), terms.lottery)


def policies_over(inputs: Inputs) -> Policies:
    """The policy of inputs with texts on top of everything that lies over it."""
    from allocator.changes import Change, ChangeSet

    def policy(texts: Sequence[str]) -> Policy:
        moved = [text.rpartition("=") for text in texts]
        return inputs.under(ChangeSet(tuple(Change("set", place, exact_value(value)) for place, _, value in moved), name=OPTION)).layers.policy

    return policy


def whole_place(place: str, policy: Policy) -> str:
    """A place with the label of its entry, where `--set` may leave it out: the only entry of its kind."""
    entry = entry_place(place)
    section, _, kind = entry.partition(".")
    same = [rule for rule in getattr(policy, section) or () if rule.kind == kind] if entry and "[" not in entry else []
    return f"{section}.{same[0].name}{place[len(entry) :]}" if len(same) == 1 else place


def _laid(variants: Variants, policies: Policies, overs: Sequence[Over], places: Sequence[Sequence[int]]) -> list[Policy]:
    """The policy of every point; InputError with what is wrong at any of them."""
    faults: dict[Fault, None] = {}
    laid = []
    for place in places:
        try:
            policy = policies([over.sets(number) for over, number in zip(overs, place, strict=True)])
            variants.problem(policy)
            laid.append(policy)
        except InputError as error:
            # The same words about several values are told once.
            faults.update((replace(fault, file=OPTION, value="") if fault.file in (SET, "policy") else fault, None) for fault in error.faults)
    if faults:
        raise InputError(faults)
    return laid


def _plain(value: Any) -> Value | None:
    """A value of the policy as a parameter has it; None where it is none that a parameter could have."""
    return value_of(str(value)) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value if isinstance(value, bool) else None


def _order(variants: Variants, laid: Sequence[Policy], overs: Sequence[Over]) -> list[int]:
    """The points in the order in which they are solved: the loosest first, since its plan, where others allow it, is theirs; then from the tightest on,
    where that is plain to see, since a plan for one is then a plan for the next. A grid goes to and fro, so that each has a neighbour before it."""
    length = len(overs[-1].texts)
    order = [number if (number // length) % 2 == 0 else (number // length) * length + length - 1 - number % length for number in range(len(laid))]
    if len(laid) > 1 and not any(unsettled(policy) for policy in (laid[0], laid[-1])):
        (_, first, _), (_, last, _) = variants.program(laid[0]), variants.program(laid[-1])
        if make(first) == make(last) and tighter(last, first):
            order.reverse()
        order.insert(0, order.pop())
    return order


def _unoptimized(variant: Variant) -> Iterator[Unoptimized]:
    """What every baseline reaches under a point's policy."""
    for side in sides_of_baselines(variant.problem, variant.program):
        yield Unoptimized(side.name, len(side.assignments), not side.broken, tuple(side.goals))


def _served(variant: Variant) -> Iterator[Served]:
    """People of each group, where there is a plan."""
    for dimension, groups in (counted(variant.problem, variant.plan.seeker) if variant.found else {}).items():
        for group, (pool, placed) in groups.items():
            yield Served(dimension, group, pool, placed)


def _promises(variant: Variant, overs: Sequence[Over]) -> Iterator[Promise]:
    """Where the entries that are moved stand."""
    swept = {entry_place(over.place) for over in overs} - {""}
    for rule in variant.problem.policy.constraints if variant.found else ():
        if f"constraints.{rule.name}" not in swept:
            continue
        if isinstance(rule, Reservation):
            for line in lines(rule, variant.plan, variant.program.pairs):
                yield Promise(line.label, line.beneficiaries, line.promised, line.filled, None if rule.mode == "cap" else line.short)
        else:
            for standing in rule.standings(variant.plan):
                asked = standing.at_least if standing.at_least is not None else standing.at_most
                short = None if standing.at_least is None else max(0, standing.at_least - standing.achieved)
                yield Promise(standing.label, standing.key, asked or 0, standing.achieved, short, standing.unit)
