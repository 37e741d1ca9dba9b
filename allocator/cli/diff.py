"""`ojt diff`: what to change of one scenario and its policy for it to be another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import SOLVED, reported, say_json, screen
from allocator.cli.options import Debug, Json, Scenario
from allocator.inputs import Inputs, read_inputs

if TYPE_CHECKING:
    from allocator.changes import ChangeSet

MOST_SHOWN = 60
"""Sentences printed; `--toml` and `--json` have all changes."""


def diff(
    scenario: Scenario,
    other: Annotated[Path, typer.Argument(metavar="OTHER", help="The scenario to arrive at.", show_default=False)],
    as_toml: Annotated[bool, typer.Option("--toml", help="Print the change set as TOML, for --changes.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show how two scenarios and their policies differ, by business key, as the change set that turns the first into the second.

    Each scenario's policy is the policy.toml in its folder. The protected table and the names of the scenarios are not compared.

    Exit codes: 0 compared, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.differences import difference

        one, two = _both(scenario, other)
        changes = difference(one, two, name=f"{one.scenario.name} to {two.scenario.name}")
        if as_json:
            say_json(changes.to_dict())
        elif as_toml:
            typer.echo(changes.to_toml(), nl=False)
        else:
            _print(one, two, changes)
        raise typer.Exit(SOLVED)


def _both(scenario: Path, other: Path) -> tuple[Inputs, Inputs]:
    """Both, or the faults of both."""
    from allocator.errors import Fault, InputError

    faults: list[Fault] = []
    found = []
    for path in (scenario, other):
        try:
            found.append(read_inputs(path, None, None, None))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return found[0], found[1]


def _print(one: Inputs, two: Inputs, changes: ChangeSet) -> None:
    from allocator.change_words import describe

    console, count = screen(), len(changes.changes)
    if not count:
        console.print(f"{one.scenario.name} and {two.scenario.name} say the same.")
        return
    console.print(f"{count:,} change{'' if count == 1 else 's'} from {one.scenario.name} to {two.scenario.name}")
    for change in changes.changes[:MOST_SHOWN]:
        console.print(f"  {describe(change, one)}")
    if count > MOST_SHOWN:
        console.print(f"… and {count - MOST_SHOWN:,} more; --toml and --json have all of them.")
