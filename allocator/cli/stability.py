"""`ojt stability`: who moved against last night and why, and what it would cost to move fewer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import SOLVED, reported, say_json, screen
from allocator.cli.options import Debug, Json

if TYPE_CHECKING:
    import pandas as pd

MOST_SHOWN = 20
"""People in the table; `--json` has all of them."""
SECONDS, SECONDS_EACH = 120.0, 10.0
"""For looking into causes, and for each person or point of the curve, where nothing else is asked for."""


def stability(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Output folder of ojt allocate: tonight's answer.", show_default=False)],
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="PATH", help="Last night's output folder or assignments; the result's own reference where absent."),
    ] = None,
    curve: Annotated[bool, typer.Option("--curve", help="Also what it would cost to move at most 0, 1, 2, 5, 10, ... people.")] = False,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", min=0, help="Seconds for looking into why people moved; facts are looked up in any case.")
    ] = SECONDS,
    each: Annotated[float, typer.Option("--each", metavar="SECONDS", min=0, help="Seconds for one person, and for one point of the curve.")] = SECONDS_EACH,
    scenario: Annotated[Path | None, typer.Option("--scenario", metavar="PATH", help="Where the scenario is now, if not where the run had it.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Who moved against a reference, and why: what is gone, what is refused, what a promise needed, what is better in total.

    Exit codes: 0 told, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from fractions import Fraction

        from allocator.change_curve import change_curve
        from allocator.engines.base import Clock
        from allocator.opened import open_result
        from allocator.stability import against, require
        from allocator.stability import stability as looked_into

        opened = open_result(out, scenario)
        if reference is not None:
            opened = against(opened, _assignments(reference))
        require(opened)
        report = looked_into(opened, clock=Clock(time_limit), each=each)
        if curve:
            gap = Fraction(opened.policy.limits.gap)
            report = replace(report, curve=change_curve(opened, clock=Clock(opened.policy.limits.time, gap), each=each))
        if as_json:
            say_json(report.as_dict())
        else:
            from allocator.cli.moves import print_stability

            print_stability(report, screen(), MOST_SHOWN)
        raise typer.Exit(SOLVED)


def _assignments(path: Path) -> pd.DataFrame:
    """Who held what: of a result's folder, or in a file."""
    from allocator.inputs import read_reference

    return read_reference(path / "assignments.csv" if (path / "result.json").is_file() else path)
