"""Comparisons on one screen or two: who does better in what, what went in, and what becomes of whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from allocator.cli.tables import amount, table_of, title
from allocator.wording import goal_words, with_unit

if TYPE_CHECKING:
    from allocator.compare import Comparison, Side
    from allocator.comparing.groups import GroupLine
    from allocator.comparing.measures import RuleLine
    from allocator.comparing.staff import StaffLine
    from allocator.constraints.base import Standing

MOST_LINES, MOST_INPUTS, MOST_WIDE = 12, 15, 48
COLOURS = {"better": "green", "worse": "yellow", "same": "dim", "unknown": "dim"}
WORDS = {"newly_placed": "newly placed", "lost": "lost", "moved": "moved", "same": "same", "arrived": "arrived", "left": "left"}


def print_comparisons(comparisons: Sequence[Comparison], console: Console, *, only_differences: bool = False) -> None:
    """Everything a planner looks for first."""
    for comparison in comparisons:
        console.print(_headline(comparison))
    _print_plans(comparisons, console)
    for comparison in comparisons:
        if not comparison.other.about:
            _print_inputs(comparison, console)
    _print_goals(comparisons, console, only_differences=only_differences)
    comparable = [comparison for comparison in comparisons if comparison.comparable]
    if not comparable:
        return
    _print_rules(comparable, console)
    for comparison in comparable:
        if not comparison.other.about or len(comparisons) == 1:
            _print_people(comparison, console)
            _print_moves(comparison, console)
    _print_groups(comparable, console)
    _print_staff(comparable, console)


def _headline(comparison: Comparison) -> Text:
    base, other, decided = comparison.base, comparison.other, comparison.decided_by
    text = Text(_called(other), style="bold").append(f" against {base.name}: ", style="bold")
    if not comparison.comparable:
        return text.append(comparison.sentence, style="yellow")
    more = other.placed - base.placed
    text.append("as many placed" if more == 0 else f"{abs(more):,} {'more' if more > 0 else 'fewer'} placed", style="default")
    text.append(f" ({other.placed:,} and {base.placed:,}).")
    if other.broken:
        text.append(f" It breaks {len(other.broken):,} hard rule{'' if len(other.broken) == 1 else 's'}, so it is no plan to carry out.", style="yellow")
    if decided is not None:
        by, where = with_unit(abs(decided.difference or 0), decided.unit), goal_words(decided.kind, decided.label)
        text.append(f" {'Better' if decided.verdict == 'better' else 'Worse'} by {by} in {where}", style=COLOURS[decided.verdict])
        text.append(", the first goal in which they differ.")
    elif comparison.goals and all(line.verdict == "same" for line in comparison.goals):
        text.append(" Equally good in every goal.")
    doubt = comparison.doubt.sentence
    return text.append(f" {doubt}", style="yellow") if doubt else text


def _called(side: Side) -> str:
    return side.about if side.about not in ("", "plan") else side.name


def _print_plans(comparisons: Sequence[Comparison], console: Console) -> None:
    title(console, "People flow")
    base = comparisons[0].base
    table = table_of("plan", ">placed", *(f">{word}" for word in WORDS.values()), "status")
    table.add_row(Text(base.name, style="bold"), f"{base.placed:,}", *("" for _ in WORDS), _status(base))
    for comparison in comparisons:
        other = comparison.other
        flow = [f"{comparison.flow.counts[change]:,}" if comparison.comparable else "" for change in WORDS]
        table.add_row(_called(other), f"{other.placed:,}", *flow, _status(other))
    console.print(table)


def _status(side: Side) -> Text:
    if side.broken:
        return Text(f"breaks {len(side.broken):,} hard rule{'' if len(side.broken) == 1 else 's'}", style="yellow")
    return Text("keeps every rule" if side.status == "plan" else side.status.replace("_", " "), style="dim")


def _print_inputs(comparison: Comparison, console: Console) -> None:
    inputs = comparison.inputs
    title(console, f"What went into {comparison.other.name} and not into {comparison.base.name}")
    if inputs.same:
        console.print("Nothing: the same facts, the same policy, the same seed.")
        return
    for count in inputs.tables:
        parts = [f"{number:,} {word}" for number, word in ((count.added, "added"), (count.removed, "removed"), (count.changed, "changed")) if number]
        columns = ", ".join(f"{column} {number:,}" for column, number in count.columns.items())
        console.print(Text(f"{count.table}: ", style="bold").append(", ".join(parts)).append(f" ({columns})" if columns else "", style="dim"))
    values = [*inputs.settings, *inputs.policy, *(fact for fact in inputs.facts if fact.change == "changed")]
    table = table_of("place", comparison.base.name, comparison.other.name)
    for line in values[:MOST_INPUTS]:
        table.add_row(Text(line.place, style="cyan"), *(_value(value, line.change, side) for value, side in ((line.base, "removed"), (line.other, "added"))))
    if values:
        console.print(table)
    if len(values) > MOST_INPUTS:
        console.print(f"… and {len(values) - MOST_INPUTS:,} more; --json lists all of them.")


def _value(value: Any, change: str, side: str) -> str:
    """A value as a policy or a table writes it, cut where it is long."""
    if value is None:
        return "" if change in ("added", "removed") and side != change else "not recorded"
    said = ", ".join(f"{key} = {part}" for key, part in value.items() if part not in (None, [], {}, "")) if isinstance(value, dict) else str(value)
    return said if len(said) <= 3 * MOST_WIDE else said[: 3 * MOST_WIDE] + "…"


def _print_goals(comparisons: Sequence[Comparison], console: Console, *, only_differences: bool) -> None:
    title(console, "Goals, in their order")
    base = comparisons[0].base
    table = table_of("goal", "unit", f">{base.name}", *(f">{comparison.other.name}" for comparison in comparisons))
    keys = dict.fromkeys((line.kind, line.label, line.unit) for comparison in comparisons for line in comparison.goals)
    for kind, label, unit in keys:
        lines = [next((line for line in comparison.goals if (line.kind, line.label) == (kind, label)), None) for comparison in comparisons]
        if only_differences and all(line is not None and line.verdict == "same" for line in lines):
            continue
        first = next(line for line in lines if line is not None)
        cells = [_with_difference(line.other, line.difference, line.verdict) if line else Text("") for line in lines]
        table.add_row(_goal(kind, label), unit, _known(first.base), *cells)
    console.print(table)
    if any(comparison.inputs.policy for comparison in comparisons if not comparison.other.about):
        console.print(Text("Each plan's goals are counted by its own policy: a promise of fewer seats is easier to keep.", style="dim"))


def _goal(kind: str, label: str) -> str:
    return kind if label in ("", kind) else f"{kind}, {label}"


def _known(value: float | None) -> str:
    return "unknown" if value is None else amount(value)


def _with_difference(value: float | None, difference: float | None, verdict: str) -> Text:
    text = Text(_known(value))
    return text.append(f" ({'+' if difference > 0 else '-'}{amount(abs(difference))})", style=COLOURS[verdict]) if difference else text


def _print_rules(comparisons: Sequence[Comparison], console: Console) -> None:
    """Promises and targets that stand otherwise, and limits that are broken or not the same; staff have a table of their own."""
    title(console, "Promises, targets and limits that differ")
    base = comparisons[0].base
    table = table_of("rule", f">{base.name}", *(f">{comparison.other.name}" for comparison in comparisons))
    found = [{(line.kind, line.label, line.key): line for line in comparison.rules} for comparison in comparisons]
    keys = [key for key in dict.fromkeys(key for lines in found for key in lines) if key[0] != "staff_capacity"]
    told = [(key, [lines.get(key) for lines in found]) for key in keys if any(_worth_telling(lines.get(key)) for lines in found)]
    for (kind, label, key), lines in told[: 2 * MOST_LINES]:
        name = Text(kind if label in ("", kind) else f"{kind}[{label}]").append(f" {key}".rstrip(), style="dim")
        here = next((line.base for line in lines if line is not None), None)
        unit = next(line.unit for line in lines if line is not None)
        table.add_row(name, _standing(here, unit), *(_standing(line.other if line else None, unit) for line in lines))
    if not told:
        console.print("None: every promise and target stands alike.")
        return
    console.print(table)
    if len(told) > 2 * MOST_LINES:
        console.print(f"… and {len(told) - 2 * MOST_LINES:,} more; --json lists all of them.")


def _worth_telling(line: RuleLine | None) -> bool:
    if line is None:
        return False
    if line.base is None or line.other is None:
        # Some limits are only told where somebody is: an employer without a trainee has no line.
        said = line.base or line.other
        return said is not None and (said.at_least is not None or (said.slack or 0) < 0)
    aims = (line.base.at_least, line.base.at_most) != (line.other.at_least, line.other.at_most)
    minimum = line.base.at_least is not None and line.base.achieved != line.other.achieved
    return aims or minimum or (any(line.missed) and line.verdict != "same")


def _standing(line: Standing | None, unit: str) -> Text:
    """What is reached, the bounds, and by how much they are missed."""
    if line is None:
        return Text("not there", style="dim")
    bounds = " ".join(f"{sign} {_bare(bound, unit)}" for sign, bound in (("≥", line.at_least), ("≤", line.at_most)) if bound is not None)
    text = Text(_bare(line.achieved, unit)).append(f" {bounds}", style="dim")
    if (line.slack or 0) < 0:
        text.append(f" {_bare(-(line.slack or 0), unit)} {'short' if line.required == line.at_least else 'over'}", style="yellow")
    return text


def _bare(value: int, unit: str) -> str:
    """People are what most rules count: they need no unit."""
    return amount(value) if unit == "people" else with_unit(value, unit)


def _print_people(comparison: Comparison, console: Console) -> None:
    people = comparison.flow.people
    people = people[people["change"] != "same"]
    title(console, f"Who is placed otherwise in {_called(comparison.other)} than in {comparison.base.name}")
    if not len(people):
        console.print("Nobody.")
        return
    table = table_of("seeker", "tier", "change", "from", "to", ">score", ">change")
    order = list(WORDS)
    shown = people.iloc[sorted(range(len(people)), key=lambda k: order.index(people["change"].iloc[k]))[:MOST_LINES]]
    for seeker, change, before, after, was, now, difference, tier in shown.itertuples(index=False, name=None):
        score = now if now == now else was
        table.add_row(
            seeker, str(tier), WORDS[change], *("" if slot != slot or slot is None else str(slot) for slot in (before, after)),
            "" if score != score else f"{score:.2f}", "" if difference != difference else f"{difference:+.2f}",
        )  # fmt: skip
    console.print(table)
    if len(people) > MOST_LINES:
        console.print(f"… and {len(people) - MOST_LINES:,} more; --json lists all of them.")


def _print_moves(comparison: Comparison, console: Console) -> None:
    """The matrix from old to new slots, where several people go the same way or changed slots at all."""
    matrix = comparison.flow.matrix
    moved = matrix[matrix["from"].notna() & matrix["to"].notna() & (matrix["from"] != matrix["to"])]
    if not len(moved):
        return
    title(console, "From slot to slot")
    table = table_of("from", "to", ">people")
    shown = moved.sort_values("people", ascending=False, kind="stable").head(MOST_LINES)
    for before, after, count in shown.itertuples(index=False, name=None):
        table.add_row(str(before), str(after), f"{count:,}")
    console.print(table)
    if len(moved) > MOST_LINES:
        console.print(f"… and {len(moved) - MOST_LINES:,} more ways; --json has the whole matrix.")


def _print_groups(comparisons: Sequence[Comparison], console: Console) -> None:
    """Groups whose share of people placed differs, the largest differences first."""
    title(console, "Who is served: placed of those in the pool")
    base = comparisons[0].base
    table = table_of("group", f">{base.name}", *(f">{comparison.other.name}" for comparison in comparisons))
    found = [{(line.dimension, line.group): line for line in comparison.groups} for comparison in comparisons]
    keys = [key for key in dict.fromkeys(key for lines in found for key in lines) if any(key in lines and lines[key].differs for lines in found)]
    if not keys:
        console.print("Every group alike.")
        return
    widest = {key: max(abs(lines[key].difference or 0) for lines in found if key in lines) for key in keys}
    told = set(sorted(keys, key=lambda key: -widest[key])[: 2 * MOST_LINES])
    for key in (key for key in keys if key in told):
        lines = [side.get(key) for side in found]
        first = next(line for line in lines if line is not None)
        cells = [Text("") if line is None else _share(line, 1).append(_points(line.difference), style="dim") for line in lines]
        table.add_row(f"{key[0]} {key[1]}", _share(first, 0), *cells)
    console.print(table)
    if len(keys) > len(told):
        console.print(f"… and {len(keys) - len(told):,} more with smaller differences; --json lists all of them.")


def _share(line: GroupLine, side: int) -> Text:
    rate = line.rate[side]
    return Text(f"{line.placed[side]:,} of {line.pool[side]:,}").append("" if rate is None else f" {rate:.0%}", style="dim")


def _points(difference: float | None) -> str:
    return "" if not difference else f" ({100 * difference:+.1f})"


def _print_staff(comparisons: Sequence[Comparison], console: Console) -> None:
    found = [{(line.staff_id, line.rule): line for line in comparison.staff} for comparison in comparisons]
    keys = [key for key in dict.fromkeys(key for lines in found for key in lines) if any(key in lines and lines[key].differs for lines in found)]
    if not keys:
        return
    title(console, "Staff load that differs (points used of those there are)")
    base = comparisons[0].base
    table = table_of("staff", f">{base.name}", *(f">{comparison.other.name}" for comparison in comparisons))
    for key in keys[: 2 * MOST_LINES]:
        lines = [side.get(key) for side in found]
        first = next(line for line in lines if line is not None)
        cells = [_load(first, 0), *(Text("") if line is None else _load(line, 1) for line in lines)]
        table.add_row(first.staff_id, *cells)
    console.print(table)
    if len(keys) > 2 * MOST_LINES:
        console.print(f"… and {len(keys) - 2 * MOST_LINES:,} more; --json lists all of them.")


def _load(line: StaffLine, side: int) -> Text:
    people, points, room = line.people[side], line.points[side], line.room[side]
    if people is None:
        return Text("not on the staff", style="dim")
    if points is None or room is None:
        return Text(f"{people:,} {'person' if people == 1 else 'people'}")
    return Text(f"{points:,} of {room:,}", style="yellow" if points > room else "")
