"""`ojt show`: the policy as it is after every layer, with the layer that set each value; with change sets, what has become of the facts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.ending import SOLVED, at_option, reported, say_json, screen
from allocator.cli.options import Changes, Debug, Json, Sets
from allocator.inputs import Inputs, policy_file, read_inputs

if TYPE_CHECKING:
    from allocator.layers import Layers

MOST_SHOWN = 60
"""Sentences and values of the facts printed; `--json` has all of them."""


def show(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="Policy file, or a scenario's folder: its policy.toml.", show_default=False)],
    sets: Sets = None,
    changes: Changes = None,
    every: Annotated[bool, typer.Option("--all", help="Also list values that no layer has set.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the resolved policy: each value, and the layer that set it.

    With --changes, POLICY is a scenario's folder or workbook, and what the changes do to its facts is listed too, old and new.

    Exit codes: 0 shown, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.layers import load_layers

        inputs = _changed(policy, sets, changes) if changes else None
        layers = inputs.layers if inputs else load_layers(policy_file(policy, None) if policy.is_dir() else policy, sets or ())
        if as_json:
            facts = {} if inputs is None else _facts(inputs)
            say_json({"policy": layers.policy.to_dict(), "origins": dict(layers.origins), "digest": layers.policy.digest, **facts})
        else:
            if inputs:
                _print_changes(inputs)
            _print(layers, every)
        raise typer.Exit(SOLVED)


def _changed(scenario: Path, sets: Sequence[str] | None, changes: Sequence[Path]) -> Inputs:
    if not scenario.is_dir() and scenario.suffix.lower() != ".xlsx":
        message = f"{scenario} is not a scenario, and changes speak of facts too."
        raise at_option("--changes", message, "Name the scenario's folder in place of the policy file.")
    return read_inputs(scenario, None, sets, None, changes=changes)


def _facts(inputs: Inputs) -> dict[str, Any]:
    """What the changes say in words, and what has become of the tables."""
    from allocator.changes import plain

    values = [{"path": value.path, "old": plain(value.old), "new": plain(value.new), "layer": value.layer} for value in inputs.touched]
    return {"changes": inputs.sentences(), "facts": values, "scenario_digest": inputs.scenario.digest}


def _print_changes(inputs: Inputs) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console, said, touched = screen(), inputs.sentences(), inputs.touched
    for sentence in said[:MOST_SHOWN]:
        console.print(sentence)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, style in (("facts", ""), ("old", ""), ("new", ""), ("set by", "dim")):
        table.add_column(name, style=style, overflow="fold")
    for value in touched[:MOST_SHOWN]:
        table.add_row(Text(value.path), _fact(value.old), _fact(value.new), value.layer)
    if touched:
        console.print()
        console.print(table)
    if max(len(said), len(touched)) > MOST_SHOWN:
        console.print(f"… and more: {len(said):,} changes, {len(touched):,} values of the facts; --json lists all of them.")
    console.print()


def _fact(value: Any) -> str:
    """A value of the facts; a whole record by its parts."""
    if isinstance(value, dict):
        return "\n".join(f"{name} {_fact(part)}" for name, part in value.items()) or "a record"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "–" if value is None else str(value)


def _print(layers: Layers, every: bool) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from allocator.layers import DEFAULT, leaves

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, style in (("value", ""), ("", ""), ("set by", "dim")):
        table.add_column(name, style=style, overflow="fold")
    for entry, lines in groupby(leaves(layers.policy).items(), key=lambda line: _entry_of(line[0])):
        if entry:
            table.add_row(Text(entry, style="bold cyan"))
        for place, value in lines:
            if every or layers.origins[place] != DEFAULT:
                table.add_row(f"{'  ' if entry else ''}{place[len(entry) :].lstrip('.')}", _written(value), layers.origins[place])
    console = screen()
    console.print(table)
    for section in ("eligibility", "goals"):
        if getattr(layers.policy, section) is None:
            console.print(f"{section}: the default; the policy is silent about it.")
    console.print(f"Digest {layers.policy.digest}." + ("" if every else " Values that no layer has set are left out; --all lists them."))


def _entry_of(place: str) -> str:
    from allocator.layers import entry_place

    return entry_place(place)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "none" if value in (None, "", {}) else str(value)
