"""A plan that somebody made: read from a file, and told by the law. `ojt check` and `ojt evaluate` say the same of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from allocator.constraints.base import Standing, Violation
    from allocator.scenario import Scenario as Facts

PlanFile = Annotated[Path, typer.Argument(metavar="ASSIGNMENTS", help="CSV, Parquet or .xlsx with seeker_id and slot_id.", show_default=False)]
MOST_SHOWN = 60
"""Violations in the table; `--json` has all of them."""


def read_plan_file(facts: Facts, path: Path, *, once: bool = False) -> list[tuple[str, str]]:
    """The plan's pairs; ids that the scenario does not have are faults, with their rows, and so is (`once`) a second slot of one person."""
    from allocator.errors import Fault, InputError
    from allocator.read import read_assignments

    frame = read_assignments(path)
    faults = []
    for table, column in (("seekers", "seeker_id"), ("slots", "slot_id")):
        for row in _strangers(facts, table, frame[column]):
            name = str(frame[column].iloc[row])
            faults.append(Fault("unknown_id", f"{table} has no {name}.", "Correct the id.", path.name, row=row + 2, column=column, value=name))
    if once:
        for row in frame["seeker_id"].duplicated().to_numpy().nonzero()[0].tolist():
            name = str(frame["seeker_id"].iloc[row])
            faults.append(Fault("duplicate_seeker", f"{name} holds a second slot.", "Keep one.", path.name, row=row + 2, column="seeker_id", value=name))
    if faults:
        raise InputError(faults)
    return list(zip(frame["seeker_id"], frame["slot_id"], strict=True))


def _strangers(facts: Facts, table: str, ids: pd.Series) -> list[int]:
    return [int(row) for row in (facts.positions(table, ids.to_numpy(dtype=object)) < 0).nonzero()[0]]


def print_violations(broken: Sequence[Violation], assignments: int) -> None:
    """Whether the plan keeps every rule, and how it breaks those that it breaks."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = screen()
    people = f"{assignments:,} assignment{'' if assignments == 1 else 's'}"
    if not broken:
        console.print(Text(f"The plan keeps every rule: {people} checked.", style="bold green"))
        return
    rules = len({(violation.kind, violation.label) for violation in broken})
    count = f"{len(broken):,} violation{'' if len(broken) == 1 else 's'} of {rules} rule{'' if rules == 1 else 's'}"
    console.print(Text(f"The plan breaks the policy: {count} in {people}.", style="bold red"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("rule", style="cyan", overflow="fold")
    table.add_column("how it is broken", overflow="fold")
    for violation in broken[:MOST_SHOWN]:
        name = violation.kind if violation.label in ("", violation.kind) else f"{violation.kind}[{violation.label}]"
        table.add_row(name, violation.message)
    console.print(table)
    if len(broken) > MOST_SHOWN:
        console.print(f"… and {len(broken) - MOST_SHOWN:,} more; --json lists all of them.")


def print_missed(rules: Sequence[Standing]) -> None:
    """Promises and targets that bend and are not reached: no violations, but not to be overlooked."""
    console = screen()
    for line in rules:
        if line.hard or (line.slack or 0) >= 0:
            continue
        name = line.kind if line.label in ("", line.kind) else f"{line.kind}[{line.label}]"
        aim = f"at least {line.at_least}" if line.required == line.at_least else f"at most {line.at_most}"
        console.print(f"Not reached, though no rule is broken: {name} {line.key}".rstrip() + f" stands at {line.achieved}; it asks for {aim}.")
