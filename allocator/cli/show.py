"""`ojt show`: the policy as it is after every layer, with the layer that set each value."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.ending import SOLVED, reported, say_json, screen
from allocator.cli.inputs import policy_file
from allocator.cli.options import Debug, Json, Sets

if TYPE_CHECKING:
    from allocator.layers import Layers


def show(
    policy: Annotated[Path, typer.Argument(metavar="POLICY", help="Policy file, or a scenario's folder: its policy.toml.", show_default=False)],
    sets: Sets = None,
    every: Annotated[bool, typer.Option("--all", help="Also list values that no layer has set.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show the resolved policy: each value, and the layer that set it.

    Exit codes: 0 shown, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.layers import load_layers

        layers = load_layers(policy_file(policy, None) if policy.is_dir() else policy, sets or ())
        if as_json:
            say_json({"policy": layers.policy.to_dict(), "origins": dict(layers.origins), "digest": layers.policy.digest})
        else:
            _print(layers, every)
        raise typer.Exit(SOLVED)


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
