"""A sweep on the screen: one line a point, with what one more seat costs, where it begins to hurt, and which points nobody should choose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from allocator.point import Point, Price
    from allocator.sweep import Sweep

MOST_POINTS, BAR = 80, 6


def print_sweep(found: Sweep, files: Sequence[Path], console: Console) -> None:
    """Everything an analyst looks for first."""
    console.print(_headline(found))
    console.print(Text(_byline(found), style="dim"))
    console.print()
    _print_points(found, console)
    _print_baselines(found, console)
    for line in _notes(found):
        console.print(Text(line, style="dim"))
    if files:
        console.print(Text(f"Wrote {', '.join(str(file) for file in files)}.", style="dim"))


def _headline(found: Sweep) -> Text:
    count, solved = len(found.points), sum(point.verified for point in found.points)
    proved = sum(point.status == "optimal" for point in found.points)
    close = sum(point.status == "feasible" and point.stop_reason == "gap_limit" for point in found.points)
    impossible = sum(point.status == "infeasible" for point in found.points)
    parts = [f"{proved:,} proved best"] if proved else []
    parts += [f"{close:,} within {_percent(found.gap)} of the best"] if close else []
    parts += [f"{solved - proved - close:,} with a bound further away"] if solved > proved + close else []
    parts += [f"{impossible:,} impossible"] if impossible else []
    parts += [f"{count - solved - impossible:,} without an answer in time"] if count > solved + impossible else []
    style = "bold green" if solved == proved + close and solved else "bold yellow"
    return Text(f"{count:,} point{'' if count == 1 else 's'}: {', '.join(parts)}. Each plan was checked against every rule.", style=style)


def _byline(found: Sweep) -> str:
    moved = " and ".join(f"{over.place} over {len(over.texts):,} values" for over in found.parameters)
    now = ", ".join("not set" if value is None else f"{value}" for value in found.present)
    left = "" if found.lottery else " The lottery between equals was left out."
    return f"{found.scenario_name}, as of {found.as_of}, seed {found.seed}. {moved} (now {now}).{left}"


def _print_baselines(found: Sweep, console: Console) -> None:
    """What is reached at each point without optimizing, beside the optimum: people placed, and the main goal."""
    names = list(dict.fromkeys(baseline.name for point in found.points for baseline in point.baselines))
    if not names:
        return
    goals = next((point.goals for point in found.points if point.verified), ())
    main = found.main_goal if found.main_goal is not None else len(goals) - 1
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False, title=Text("Without optimizing", style="bold"), title_justify="left")
    for over in found.parameters:
        table.add_column(over.place.rpartition(".")[2], justify="right", no_wrap=True)
    for name in ("placed", *names, goals[main].label, *names) if goals else names:
        table.add_column(name, justify="right")
    broken = False
    for point in found.points[:MOST_POINTS]:
        told = {baseline.name: baseline for baseline in point.baselines}
        marks = {name: "" if told[name].keeps_every_rule else "*" for name in names}
        broken |= any(marks.values())
        placed = [_number(point.placed), *(f"{told[name].placed:,}{marks[name]}" for name in names)]
        values = [_number(point.value(main)), *(_number(told[name].goals[main].value) for name in names)] if goals else []
        table.add_row(*map(str, point.values), *placed, *values)
    console.print(table)
    if broken:
        console.print(Text("* breaks a hard minimum.", style="dim"))


def _print_points(found: Sweep, console: Console) -> None:
    goals = next((point.goals for point in found.points if point.verified), ())
    moving = [number for number in range(len(goals)) if len({point.value(number) for point in found.points if point.verified}) > 1]
    main = found.main_goal
    seats, opened = any(point.promised is not None for point in found.points), any(point.status == "feasible" for point in found.points)
    priced = main is not None and any(_price(found, point, main) is not None for point in found.points)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
    for over in found.parameters:
        table.add_column(over.place.rpartition(".")[2], justify="right", no_wrap=True)
    numbers = [*(("promised", "filled", "short") if seats else ()), "placed", *(goals[number].label for number in moving)]
    for name in [*numbers, *(["gap"] if opened else [])]:
        table.add_column(name, justify="right", no_wrap=True)
    if main is not None:
        table.add_column("", no_wrap=True)
    if priced:
        table.add_column("one more", justify="right", no_wrap=True)
    table.add_column("+/−", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for number, point in enumerate(found.points[:MOST_POINTS]):
        cells = [str(value) for value in point.values]
        if not point.verified:
            rest = len(table.columns) - len(cells) - 1
            table.add_row(*cells, *([""] * rest), "impossible" if point.status == "infeasible" else "nothing found in time", style="red")
            continue
        if seats:
            counted = [promise for promise in point.promises if promise.short is not None]
            sums = [sum(promise.filled for promise in counted), sum(promise.short or 0 for promise in counted)]
            cells += [_number(value) if counted else "" for value in (point.promised, *sums)]
        cells += [_number(point.placed), *(_number(point.value(goal)) for goal in moving)]
        cells += [_gap(point)] if opened else []
        cells += [_bar(found, point, main)] if main is not None else []
        if priced and main is not None:
            price = _price(found, point, main)
            cells.append("" if price is None or price.above is None else f"{'' if price.exact else '~'}{price.above:+,.2f}")
        cells.append("" if point.newly_placed is None else f"{point.newly_placed}/{point.lost}")
        table.add_row(*cells, ", ".join(_marks(found, number, point)), style="dim" if point.dominated else "")
    console.print(table)
    if len(found.points) > MOST_POINTS:
        console.print(f"… and {len(found.points) - MOST_POINTS:,} more; --out writes all of them.")
    same = [f"{goal.label} {_number(goal.value)}" for number, goal in enumerate(goals) if number not in moving]
    if same and len(found.points) > 1:
        console.print(Text(f"The same at every point: {', '.join(same)}.", style="dim"))


def _marks(found: Sweep, number: int, point: Point) -> list[str]:
    marks = ["now"] if point.values == found.present else []
    marks += ["knee"] if number == found.knee else []
    marks += ["dominated"] if point.dominated else []
    return marks


def _notes(found: Sweep) -> list[str]:
    """What the marks mean, where there are any."""
    notes = []
    goals = next((point.goals for point in found.points if point.verified), ())
    main = found.main_goal
    if main is not None:
        price = next((price for point in found.points if (price := _price(found, point, main)) is not None), None)
        if price is not None:
            what = "seat promised" if price.per == "seat" else f"unit of {price.per}"
            notes.append(f"one more: the change of {goals[main].label}, in {goals[main].unit}, for one more {what}, from here to the next point that differs.")
    if any(not price.exact for point in found.points for price in point.prices):
        notes.append("~: between points that are not proved, so it may be off by as much as their gaps; --gap 0 asks for proof.")
    if found.knee is not None and main is not None:
        notes.append(f"knee: after it {goals[main].label} gives way fastest.")
    if any(point.dominated for point in found.points):
        notes.append("dominated: another point is at least as good in every goal and keeps as many promised seats, and is better in one of these.")
    if len(found.points) > 1:
        notes.append("+/−: people placed here and not at the point before, and the other way round.")
    return notes


def _price(found: Sweep, point: Point, goal: int) -> Price | None:
    """A point's quotient along the parameter that moves fastest."""
    label, place = point.goals[goal].label if goal < len(point.goals) else "", found.parameters[-1].place
    return next((price for price in point.prices if (price.label, price.parameter, price.method) == (label, place, "difference")), None)


def _bar(found: Sweep, point: Point, goal: int) -> str:
    """The goal as a bar from the least to the most of all points."""
    values = [value for each in found.points if (value := each.value(goal)) is not None]
    value, least, most = point.value(goal), min(values), max(values)
    return "" if value is None else "█" * (1 + round((BAR - 1) * (value - least) / (most - least))) if most > least else ""


def _gap(point: Point) -> str:
    gaps = [goal.gap for goal in point.goals]
    if any(gap is None for gap in gaps):
        return "unknown"
    largest = max((gap for gap in gaps if gap is not None), default=0.0)
    return "proved" if largest == 0 else _percent(largest)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if value != int(value) else f"{value:,.0f}"
