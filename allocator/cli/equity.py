"""`ojt equity`: who is selected at which rate, group by group, small numbers hidden."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import reported, say_json, screen
from allocator.cli.options import Debug, Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from allocator.equity import Equity, EquityLine


def equity(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a result, as `ojt allocate` writes it.", show_default=False)],
    scenario: Annotated[
        Path | None, typer.Option("--scenario", metavar="PATH", help="Where the result's scenario is now, if not where it was when the result was made.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="OUT", help="Another result to set before this one: another reservation, or last night.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Selection rates by group: eligible of the pool, placed of the eligible, placed of the pool, and outcomes where they are recorded.

    Groups come from the table demographics, which no rule can see. Each rate is set against the highest: below four fifths is a reason to look,
    and an exact test says whether chance would do. Numbers under 10 are hidden, with what would give them away.

    Exit codes: 0 told, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.domain import PROTECTED
        from allocator.equity import equity as rates
        from allocator.errors import Fault, InputError
        from allocator.opened import open_result

        opened = [open_result(out, scenario)] if against is None else [open_result(against), open_result(out, scenario)]
        if not any(one.scenario.has(PROTECTED) for one in opened):
            message = "The scenario has no table demographics, so there are no groups to compare."
            raise InputError(
                [Fault("missing_table", message, "Add demographics with seeker_id and the attributes that are recorded.", opened[-1].scenario.name)]
            )
        report = rates(*(one.plan for one in opened), pairs=[one.program.pairs for one in opened])
        if as_json:
            say_json(report.as_dict())
        else:
            _print(report, screen())


def _print(report: Equity, console: Console) -> None:
    from allocator.equity import SIGNIFICANT, SOURCE, STEPS, TEST, VERDICTS

    told = {line.attribute: None for line in report.lines}
    for attribute in told:
        for step in STEPS:
            lines = {plan: report.of(plan, attribute, step.name) for plan in report.plans}
            if any(line.rate is not None for of_plan in lines.values() for group, line in of_plan.items() if group != "everybody"):
                _print_step(f"{attribute}: {step.name}", lines, console)
    met = {line.verdict for line in report.lines}
    console.print()
    for verdict, words in VERDICTS.items():
        if verdict in met and verdict != "not_compared":
            console.print(f"{WORDS[verdict]}: {words}.", style="dim")
    console.print(
        f"p: {TEST} ({SOURCE}); under {SIGNIFICANT} chance is an unlikely reason. A ratio below four fifths is a prompt to look, no proof.", style="dim"
    )


WORDS = {
    "highest": "highest", "ok": "kept", "look": "look", "small_numbers": "few", "difference": "differs", "too_few": "too few", "not_compared": "",
    "hidden": "hidden",
}  # fmt: skip


def _print_step(title: str, lines: dict[str, dict[str, EquityLine]], console: Console) -> None:
    """One step: a row a group; of two plans, a row for each."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console.print()
    console.print(Text(title, style="bold"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("group", no_wrap=True)
    if len(lines) > 1:
        table.add_column("plan", no_wrap=True)
    for name in ("people", "selected", "rate", "ratio", "p", "flips", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    hidden = []
    for group in dict.fromkeys(group for of_plan in lines.values() for group in of_plan):
        told = {plan: of_plan[group] for plan, of_plan in lines.items() if group in of_plan}
        if all(line.verdict == "hidden" for line in told.values()):
            hidden.append(group)
            continue
        for number, (plan, line) in enumerate(told.items()):
            table.add_row("" if number else group, *([plan] if len(lines) > 1 else []), *_cells(line))
    console.print(table)
    if hidden:
        console.print(f"hidden: {', '.join(hidden)}", style="dim")


def _cells(line: EquityLine) -> list[Text]:
    from rich.text import Text

    style = "bold yellow" if line.verdict in ("look", "difference") else "dim" if line.verdict == "hidden" else ""
    return [
        Text("" if line.base is None else f"{line.base:,}"),
        Text("" if line.reached is None else f"{line.reached:,}"),
        Text("" if line.rate is None else f"{line.rate:.1%}"),
        Text("" if line.ratio is None else f"{line.ratio:.1%}"),
        Text("" if line.p_value is None else f"{line.p_value:.3f}"),
        Text("" if line.one_person_flips is None else "yes" if line.one_person_flips else "no"),
        Text(WORDS[line.verdict], style=style),
    ]
