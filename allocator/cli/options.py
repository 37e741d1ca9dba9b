"""Arguments and options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

Scenario = Annotated[Path, typer.Argument(metavar="SCENARIO", help="Folder of CSV or Parquet files, or an .xlsx workbook.", show_default=False)]
Policy = Annotated[Path | None, typer.Option("--policy", metavar="FILE", help="Policy (TOML or JSON); policy.toml in the scenario's folder where absent.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PLACE=VALUE", help="Change a value of the policy, e.g. constraints.reservation[partner].share=0.4. May be repeated."),
]
Changes = Annotated[
    list[Path] | None,
    typer.Option("--changes", metavar="FILE", help="Change set (TOML or JSON) to lay over facts and policy. May be repeated; the later one wins."),
]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"], help="The day the facts are looked at, e.g. 2026-11-02; the scenario's, or today."),
]
Reference = Annotated[
    Path | None,
    typer.Option("--reference", metavar="FILE", help="Assignments to compare with (last night's): for change_limit and stability."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Decides what chance decides; recorded in the result.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a mistake of ours.")]
EngineName = Literal["auto", "network", "sifting", "mip", "cp_sat", "pulp"]
