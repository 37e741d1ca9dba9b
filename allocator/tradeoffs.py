"""How the points of a sweep compare: what one more seat costs on each side, who comes and goes from point to point, which points another one beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from allocator.one_side import Along
from allocator.over import Over
from allocator.point import Point, Price


def compared(points: Sequence[Point], overs: Sequence[Over], along: Along | None = None) -> tuple[Point, ...]:
    """The points with prices, comings and goings, and marks. The last parameter moves fastest.

    Slopes, comings and goings that a point has already stay.
    """
    told = []
    for number, point in enumerate(points):
        prices = [price for axis in range(len(overs)) for price in _differences(points, overs, number, axis)]
        prices += [price for price in point.prices if price.method == "slope"] if along is None else _slopes(point, overs, along.slopes[number])
        before = points[number - 1] if number % len(overs[-1].texts) else None
        moved = point.newly_placed, point.lost
        if moved == (None, None) and before is not None and before.verified and point.verified:
            moved = len(point.answer.placed - before.answer.placed), len(before.answer.placed - point.answer.placed)
        better = next((other for other in points if dominates(other, point)), None)
        told.append(
            replace(
                point,
                prices=tuple(prices),
                newly_placed=moved[0],
                lost=moved[1],
                dominated=better is not None,
                dominated_by=None if better is None else better.values,
            )
        )
    return tuple(told)


def dominates(one: Point, other: Point) -> bool:
    """Whether one point is proved at least as good as another in every goal but chance, keeps as many promised seats, and is better in one of these.

    A goal of the other that is not proved counts with its bound; where a goal before its last is not proved, nothing is.
    """
    if not (one.verified and other.verified) or [goal.label for goal in one.goals] != [goal.label for goal in other.goals]:
        return False
    counted = [number for number, goal in enumerate(one.goals) if goal.kind != "lottery"]
    if any(other.goals[number].gap for number in counted[:-1]) or one.kept < other.kept:
        return False
    better = one.kept > other.kept
    for number in counted:
        value, most = one.goals[number].value, other.goals[number].bound
        if value is None or most is None:
            return False
        gain = value - most if one.maximizes(number) else most - value
        if gain < 0:
            return False
        better |= gain > 0
    return better


def position(point: Point, overs: Sequence[Over], axis: int) -> Decimal | None:
    """Where a point is along a parameter, in what a price is per: seats promised, where a share or count of a reservation is moved; else the value itself.

    None where the parameter is no number.
    """
    value = point.values[axis]
    if isinstance(value, (bool, str)):
        return None
    return Decimal(point.promised) if per(point, overs, axis) == "seat" and point.promised is not None else Decimal(point.texts[axis])


def per(point: Point, overs: Sequence[Over], axis: int) -> str:
    """What a price along a parameter is per."""
    place = overs[axis].place
    key = place.rpartition(".")[2]
    seats = place.startswith("constraints.reservation") and key in ("share", "count") and point.promised is not None and not _of_filled(point, place)
    return "seat" if seats else key


def _of_filled(point: Point, place: str) -> bool:
    """Whether a reservation's promise moves with the plan, so that its seats are no measure."""
    return any(place.startswith(f"{entry}.") for entry in point.answer.of_filled)


def _differences(points: Sequence[Point], overs: Sequence[Over], number: int, axis: int) -> Iterator[Price]:
    """A point's prices along a parameter: quotients against the nearest points that stand elsewhere."""
    point = points[number]
    here = position(point, overs, axis) if point.verified else None
    if here is None:
        return
    below, above = (_neighbour(points, overs, number, axis, step) for step in (-1, 1))
    for goal, own in enumerate(point.goals):
        quotients: list[float | None] = []
        steps: list[float | None] = []
        exact = not _open(point, goal)
        for other in (below, above):
            there = None if other is None else position(other, overs, axis)
            value, known = (None if other is None else other.value(goal)), own.value
            if other is None or there is None or value is None or known is None:
                quotients.append(None)
                steps.append(None)
                continue
            quotients.append(float((Decimal(str(value)) - Decimal(str(known))) / (there - here)) + 0.0)
            steps.append(float(abs(there - here)))
            exact &= not _open(other, goal)
        if quotients != [None, None]:
            yield Price(
                own.kind, own.label, own.unit, overs[axis].place, per(point, overs, axis), "difference", quotients[0], quotients[1], steps[0], steps[1], exact
            )


def _open(point: Point, goal: int) -> bool:
    """Whether a goal, or one before it, is not proved."""
    return any(own.gap != 0 for own in point.goals[: goal + 1])


def _neighbour(points: Sequence[Point], overs: Sequence[Over], number: int, axis: int, step: int) -> Point | None:
    """The nearest point in one direction along a parameter that has a plan and stands elsewhere."""
    width = 1
    for over in overs[axis + 1 :]:
        width *= len(over.texts)
    here, place, length = position(points[number], overs, axis), number // width % len(overs[axis].texts), len(overs[axis].texts)
    for further in range(place + step, length if step > 0 else -1, step):
        other = points[number + (further - place) * width]
        if other.verified and position(other, overs, axis) != here:
            return other
    return None


def _slopes(point: Point, overs: Sequence[Over], slopes: tuple[float | None, float | None]) -> Iterator[Price]:
    """The relaxation's prices at a point, per unit of the row that moves."""
    if point.verified and slopes != (None, None):
        goal = point.goals[-1]
        yield Price(goal.kind, goal.label, goal.unit, overs[0].place, "unit of the row", "slope", slopes[0], slopes[1])
