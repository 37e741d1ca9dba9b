"""`ojt generate`: a made-up scenario of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from allocator.cli.ending import SOLVED, at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json, Seed


def generate(
    seekers: Annotated[int, typer.Option("--seekers", metavar="N", min=1, help="Job seekers.")],
    slots: Annotated[int, typer.Option("--slots", metavar="M", min=1, help="Job orders, of one to five openings each.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write the scenario and its policy.toml to.")],
    pairs_per_seeker: Annotated[
        int | None, typer.Option("--pairs-per-seeker", metavar="K", min=1, help="Slots that each seeker may take; 20, or all where there are fewer.")
    ] = None,
    rules: Annotated[
        Literal["network", "full"],
        typer.Option("--rules", metavar="network|full", help="network: rules that nest, which solve as a flow; full: staff time, money and more besides."),
    ] = "full",
    seed: Seed = 0,
    form: Annotated[
        Literal["csv", "parquet"] | None,
        typer.Option("--form", metavar="csv|parquet", help="File format; CSV for small scenarios and Parquet for large ones where absent."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a synthetic scenario with a policy, for trials and benchmarks.

    Exit codes: 0 written, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.generate import generate as generated
        from allocator.generate import write_generated

        each = min(20, slots) if pairs_per_seeker is None else pairs_per_seeker
        if each > slots:
            raise at_option("--pairs-per-seeker", f"There are {slots:,} slots; nobody can take {each:,} different ones.", "Ask for fewer.")
        scenario, policy = generated(seekers, slots, each, rules, seed)
        try:
            write_generated(scenario, policy, out, form=form)
        except OSError as error:
            raise at_option("--out", f"{out} cannot be written: {error.strerror}.", "Choose another folder.", "cannot_write") from None
        if as_json:
            say_json({"scenario": str(out), "seekers": seekers, "slots": slots, "pairs": scenario.size("pairs"), "digest": scenario.digest})
            raise typer.Exit(SOLVED)
        console = screen()
        console.print(f"Wrote {seekers:,} seekers, {slots:,} slots and {scenario.size('pairs'):,} pairs to {out}/.")
        console.print(f"Next: ojt allocate {out}")
        raise typer.Exit(SOLVED)
