"""Who moved, why, and the price of moving fewer, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from allocator.cli.tables import amount, table_of, title

if TYPE_CHECKING:
    from allocator.change_curve import ChangeCurve, CurvePoint
    from allocator.moved import Moved
    from allocator.stability import Stability

WORDS = {
    "left_pool": "they have left the pool",
    "ended": "they have declined or completed it",
    "begun": "they have begun elsewhere",
    "slot_gone": "their slot is gone",
    "not_eligible": "their slot does not admit them any more",
    "decided": "a pin decides otherwise",
    "full": "their slot is full of people who have begun or are pinned",
    "no_plan": "no plan that keeps every rule leaves them there",
    "promise": "a promise or target needed it",
    "better_total": "another goal is better served",
    "tie": "chance: another plan is just as good",
    "not_proved": "the run ended before the plan that keeps them was found",
    "not_known": "not looked into in time (--time-limit)",
}


def print_stability(report: Stability, console: Console, most: int) -> None:
    """The counts, the causes, the people, the curve."""
    counts = report.counts
    told = counts["same"] + counts["moved"] + counts["lost"]
    console.print(
        Text(f"Of {told:,} {'person' if told == 1 else 'people'} who held a slot, {counts['same']:,} keep it, ", style="bold")
        .append(f"{counts['moved']:,} hold another, {counts['lost']:,} hold none.", style="bold")
        .append(f" {counts['not_counted']:,} more have left, ended or begun elsewhere by themselves." if counts["not_counted"] else "")
    )
    if report.causes:
        title(console, "Why")
        table = table_of(">people", "because")
        for cause, count in sorted(report.causes.items(), key=lambda line: -line[1]):
            table.add_row(f"{count:,}", WORDS[cause])
        console.print(table)
        title(console, "Who")
        _print_people([line for line in report.people if line.cause != "same"], console, most)
    if report.curve is not None:
        _print_curve(report.curve, console)


def _print_people(people: list[Moved], console: Console, most: int) -> None:
    table = table_of("seeker", "from", "to", "why")
    for line in people[:most]:
        why = Text(line.sentence, style="default" if line.proved else "dim")
        table.add_row(line.seeker_id, line.held, line.holds or "", why)
    console.print(table)
    if len(people) > most:
        console.print(f"… and {len(people) - most:,} more; --json lists all of them.")


def _print_curve(curve: ChangeCurve, console: Console) -> None:
    """Each goal against no limit, limit by limit."""
    title(console, "What it costs to move at most so many people")
    names = [goal.kind if goal.label in ("", goal.kind) else goal.label for goal in curve.free.goals]
    table = table_of(">at most", ">moved", *(f">{name}" for name in names), "")
    for point in curve.points:
        most = "no limit" if point.at_most is None else f"{point.at_most:,}"
        if not point.goals:
            why = (
                f"{curve.unavoidable:,} cannot stay in any plan"
                if point.at_most is not None and point.at_most < curve.unavoidable
                else "no plan keeps every rule"
            )
            why = why if point.status == "infeasible" else "nothing found in time"
            table.add_row(most, "", *("" for _ in names), Text(why, style="yellow"))
            continue
        proved = Text("proved" if point.status == "optimal" else "best found", style="dim" if point.status == "optimal" else "yellow")
        table.add_row(most, "" if point.moved is None else f"{point.moved:,}", *_cells(point, curve.free), proved)
    console.print(table)


def _cells(point: CurvePoint, free: CurvePoint) -> list[Text]:
    """Values, with the difference to no limit."""
    cells = []
    for goal, best in zip(point.goals, free.goals, strict=True):
        text = Text(amount(goal.value))
        if goal.value is not None and best.value is not None and goal.value != best.value:
            difference = goal.value - best.value
            text.append(f" ({'+' if difference > 0 else '-'}{amount(abs(difference))})", style="yellow")
        cells.append(text)
    return cells
