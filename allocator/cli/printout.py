"""The answer of `ojt allocate` on one screen or two: what was decided, what was proved, what was promised, and why."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from allocator.cli.ending import show_fault_lines
from allocator.cli.tables import amount, table_of, title
from allocator.wording import MODES, REASONS, headline, with_unit

if TYPE_CHECKING:
    from allocator.constraints.base import Standing
    from allocator.promises import ReservationLine
    from allocator.repair import Bend, Repair
    from allocator.result import GoalResult, Result
    from allocator.scenario import Scenario

MOST_PLACED, MOST_RULES, MOST_KEYS, MOST_WARNINGS = 12, 15, 6, 8

KEPT_EXACTLY = ("commitments", "pins")
"""Rules that are at their limit whenever they are kept, which says nothing."""
_RULE = re.compile(r"\b(\w+)(?:\[.*\])? (?:refuses|is at its limit)")
"""The rule that a person's reason names first."""


def print_result(result: Result, scenario: Scenario, files: Sequence[Path], console: Console) -> None:
    """Everything a planner looks for first."""
    if result.repaired:
        _print_repaired(result.repaired, console)
    console.print(_headline(result))
    console.print(_byline(result))
    if result.status == "infeasible":
        print_repair(result.repair, console)
    elif result.status != "no_solution":
        _print_placed(result, scenario, console)
        _print_goals(result.goals, console)
        print_promises(result.reservations, console)
        _print_aims(result.rules, console)
        _print_rules(result, console)
        _print_unplaced(result, console)
    if result.warnings:
        title(console, f"{len(result.warnings):,} warning{_s(len(result.warnings))}")
        show_fault_lines(result.warnings[:MOST_WARNINGS], console)
        if len(result.warnings) > MOST_WARNINGS:
            console.print(f"… and {len(result.warnings) - MOST_WARNINGS:,} more in result.json.")
    _print_files(result, files, console)


def _headline(result: Result) -> Text:
    style = "bold red" if result.status == "infeasible" else "bold green" if result.status == "optimal" else "bold yellow"
    return Text(headline(result), style=style)


def _byline(result: Result) -> Text:
    parts = [f"{result.scenario_name}, as of {result.as_of}, seed {result.seed}."]
    if result.reverse_referrals:
        one = result.reverse_referrals == 1
        parts.append(f"{result.reverse_referrals} of them {'was' if one else 'were'} named by {'the employer' if one else 'employers'} (reverse referrals).")
    parts.append(f"{result.pairs:,} eligible pairs of {result.considered:,} considered. Engine {result.engine}: {result.engine_reason}.")
    return Text(" ".join(parts), style="dim")


# -- tables ---------------------------------------------------------------------------------------------------------


def _print_placed(result: Result, scenario: Scenario, console: Console) -> None:
    """Who goes where, the first of many, with the facts that the scenario has."""
    if not result.placed:
        return
    title(console, "Who was placed")
    shown = result.assignments.head(MOST_PLACED)
    seekers = scenario.positions("seekers", shown["seeker_id"].to_numpy(dtype=object)).tolist()
    slots = scenario.positions("slots", shown["slot_id"].to_numpy(dtype=object)).tolist()
    columns: dict[str, list[str]] = {"seeker": shown["seeker_id"].tolist(), "tier": shown["tier"].tolist()}
    if scenario.has("seekers", "partner_id"):
        columns["partner"] = _texts(scenario, "seekers", "partner_id", seekers)
    columns["slot"] = shown["slot_id"].tolist()
    for heading, column in (("employer", "employer_id"), ("occupation", "onet_soc")):
        if scenario.has("slots", column):
            columns[heading] = _texts(scenario, "slots", column, slots)
    if scenario.has("slots", "wage"):
        wages = scenario.numbers("slots", "wage")[slots].tolist()
        columns[">wage"] = [f"${wage:.2f}" if wage == wage else "" for wage in wages]
    columns[">score"] = [f"{score:.2f}" for score in shown["score"]]
    table = table_of(*columns)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console.print(table)
    if result.placed > len(shown):
        console.print(f"… and {result.placed - len(shown):,} more in assignments.csv.")


def _texts(scenario: Scenario, table: str, column: str, positions: Iterable[int]) -> list[str]:
    coded = scenario.coded(table, column)
    return [coded.text(position) or "" for position in positions]


def _print_goals(goals: Sequence[GoalResult], console: Console) -> None:
    if not goals:
        return
    title(console, "Goals, in their order")
    table = table_of("goal", ">value", ">bound", "unit", "gap")
    for goal in goals:
        name = goal.kind if goal.label == goal.kind else f"{goal.kind}, {goal.label}"
        gap = "unknown" if goal.gap is None else "proved" if goal.gap == 0 else f"{goal.gap:.2%}"
        table.add_row(name, amount(goal.value), amount(goal.bound), goal.unit, Text(gap, style="green" if gap == "proved" else "yellow"))
    console.print(table)


def print_promises(lines: Sequence[ReservationLine], console: Console) -> None:
    """What became of each reservation."""
    if not lines:
        return
    title(console, "Promises")
    table = table_of("promise", ">openings", ">promised", ">possible", ">filled", ">released", ">short")
    for line in lines:
        who = line.beneficiaries if line.scope == "all slots" else f"{line.beneficiaries} in {line.scope}"
        about = MODES[line.mode] if who == line.label else f"{who}, {MODES[line.mode]}"
        promise = Text(line.label).append(f" ({about})", style="dim")
        why = [Text(words, style="yellow" if line.short else "dim") for words in (line.short_why, line.released_why) if words]
        short = Text(f"{line.short:,}", style="bold yellow") if line.short else Text("kept", style="green")
        table.add_row(
            Group(promise, *(Padding(words, (0, 0, 0, 2)) for words in why)),
            *(f"{number:,}" for number in (line.openings, line.promised, line.supply, line.filled, line.released)),
            short,
        )
    console.print(table)


def _print_aims(lines: Sequence[Standing], console: Console) -> None:
    """Targets and money, kept or not: what boards look at after the promises."""
    told = [line for line in lines if line.kind in ("business_target", "budget") and line.required is not None]
    if not told:
        return
    title(console, "Targets and money")
    table = table_of("rule", ">reached", "aim or limit", "")
    for line in told:
        aim = f"at {'least' if line.required == line.at_least else 'most'} {with_unit(line.required or 0, line.unit)}"
        kept = Text("kept", style="green") if (line.slack or 0) >= 0 else Text(f"missed by {with_unit(-(line.slack or 0), line.unit)}", style="yellow")
        name = f"{line.label}, {line.key}" if line.kind == "business_target" else f"{line.kind}: {line.key}"
        table.add_row(name, with_unit(line.achieved, line.unit), aim, kept)
    console.print(table)


def _print_rules(result: Result, console: Console) -> None:
    """What was missed, then what has no room left or stands in somebody's way; promises, targets and money have tables of their own."""
    elsewhere = ("reservation", "one_slot_each", "business_target", "budget")
    told = [line for line in result.rules if line.slack is not None and line.kind not in elsewhere]
    missed = sorted((line for line in told if (line.slack or 0) < 0), key=lambda line: (line.slack or 0, line.kind, line.label, line.key))
    if missed:
        title(console, "Aims that were missed")
        table = table_of("rule", "where", ">reached", "aim", ">missed by")
        for line in missed[:MOST_RULES]:
            aim = f"at {'least' if line.required == line.at_least else 'most'} {with_unit(line.required or 0, line.unit)}"
            table.add_row(_name(line), line.key, with_unit(line.achieved, line.unit), aim, Text(with_unit(-(line.slack or 0), line.unit), style="yellow"))
        console.print(table)
        if len(missed) > MOST_RULES:
            console.print(f"… and {len(missed) - MOST_RULES:,} more in rules.csv.")
    tight: dict[str, list[Standing]] = defaultdict(list)
    for line in told:
        if line.slack == 0 and line.kind not in KEPT_EXACTLY:
            tight[_name(line)].append(line)
    blocked = _first_rules(result, "blocked")
    full = {line.kind for same in tight.values() for line in same}
    if tight or blocked:
        title(console, "Rules at their limit")
        table = table_of("rule", "no room left for")
        for name, same in list(tight.items())[:MOST_RULES]:
            where = ", ".join(f"{line.key} ({with_unit(line.required or 0, line.unit)})" for line in same[:MOST_KEYS])
            table.add_row(name, where + (f" … and {len(same) - MOST_KEYS:,} more" if len(same) > MOST_KEYS else ""))
        for kind, people in blocked.items():
            if kind not in full:
                table.add_row(kind, f"too little is left for {people:,} {'person' if people == 1 else 'people'} whom it keeps from an open slot")
        console.print(table)
        left = sum(len(same) for same in list(tight.values())[MOST_RULES:])
        if left:
            console.print(f"… and {left:,} more in rules.csv.")


def _name(line: Standing) -> str:
    return line.kind if line.label in ("", line.kind) else f"{line.kind}[{line.label}]"


def _print_unplaced(result: Result, console: Console) -> None:
    if not result.unplaced:
        return
    title(console, f"Why {len(result.unplaced):,} {'person was' if len(result.unplaced) == 1 else 'people were'} not placed")
    table = table_of(">people", "reason", "")
    for reason, count in Counter(result.unplaced.reason.tolist()).most_common():
        most = ", ".join(f"{rule} {people:,}" for rule, people in _first_rules(result, reason).most_common(4))
        table.add_row(f"{count:,}", reason, Text(REASONS.get(reason, "")).append(f"\n{most}" if most else "", style="dim"))
    console.print(table)
    console.print(Text("Each person's own reason is in unplaced.csv.", style="dim"))


def _first_rules(result: Result, reason: str) -> Counter[str]:
    """People with this reason by the rule that their detail names first."""
    details, rules = Counter(result.unplaced.detail[result.unplaced.reason == reason].tolist()), Counter[str]()
    for detail, people in details.items():
        if named := _RULE.search(detail):
            rules[named.group(1)] += people
    return rules


def _print_repaired(bends: Sequence[Bend], console: Console) -> None:
    """Said before anything else: this is not the policy that was asked for."""
    console.print(Text("REPAIRED: the policy as it came had no plan. This is the answer to a changed policy, in which these gave way:", style="bold red"))
    for bend in bends:
        asked = f"at {'least' if bend.at_least else 'most'} {with_unit(bend.promised, bend.unit)}"
        console.print(f"  {bend.name} asked for {asked}, and now for {with_unit(bend.possible, bend.unit)}.")
    console.print("The changes are in changes.toml.")
    console.print()


def print_repair(repair: Repair, console: Console) -> None:
    """What would have to give way, why, and what to change: conflict by conflict, dearest first."""
    if not repair.bends and not repair.conflicts:
        console.print("No set of bent rules was found in time that would leave a plan.")
        return
    if repair.bends:
        title(console, "It would fit if these gave way" + (", and no cheaper set does" if repair.proved else ""))
        table = table_of("rule", "asks for", "possible is", ">short by", ">price in seats")
        for bend in repair.bends:
            asked = f"at {'least' if bend.at_least else 'most'} {with_unit(bend.promised, bend.unit)}"
            table.add_row(bend.name, asked, with_unit(bend.possible, bend.unit), with_unit(bend.short, bend.unit), f"{bend.price:,.2f}".removesuffix(".00"))
        console.print(table)
    for number, conflict in enumerate(repair.conflicts, start=1):
        title(console, "Why" if len(repair.conflicts) == 1 else f"Why: conflict {number} of {len(repair.conflicts)}")
        for sentence in conflict.certificate[:MOST_RULES]:
            console.print(sentence)
        others = [party.name for party in conflict.rules if party.name not in conflict.bends]
        if others and conflict.bends:
            more = f" and {len(others) - MOST_RULES:,} more" if len(others) > MOST_RULES else ""
            console.print(Text(f"In conflict with {', '.join(others[:MOST_RULES])}{more}.", style="dim"))
    if repair.changes.changes:
        title(console, "Changes that make it fit" if repair.feasible else "Changes (a plan under them was not found in time)")
        for change in repair.changes.changes:
            console.print(f"{change.op} {change.path}" + ("" if change.op == "remove" else f" = {change.value}"))
        for note in repair.notes:
            console.print(Text(note, style="dim"))
        if repair.feasible:
            console.print(Text("They are tried: a plan keeps every rule with them.", style="dim"))


def _print_files(result: Result, files: Sequence[Path], console: Console) -> None:
    seconds = ", ".join(f"{phase} {time:.2f}" for phase, time in result.timings.items())
    console.print()
    if files:
        console.print(Text("Written to ").append(f"{files[0].parent}/", style="bold").append(": " + ", ".join(file.name for file in files)))
    console.print(Text(f"Seconds: {seconds}.", style="dim"))


def _s(count: int) -> str:
    return "" if count == 1 else "s"
