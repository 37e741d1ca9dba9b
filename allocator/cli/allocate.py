"""`ojt allocate`: a scenario in; assignments, promises and reasons out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from allocator.cli.ending import BROKEN, NOTHING_FOUND, OURS, SOLVED, at_option, reported, say_json, screen
from allocator.cli.interrupt import interruptible
from allocator.cli.options import AsOf, Changes, Debug, EngineName, Json, Policy, Reference, Scenario, Seed, Sets
from allocator.inputs import Inputs, read_inputs

if TYPE_CHECKING:
    from allocator.cli.watch import Watch
    from allocator.result import Result

MOST_SAID = 12
"""Changes told before the answer."""
CODES = {"optimal": SOLVED, "feasible": SOLVED, "infeasible": BROKEN, "no_solution": NOTHING_FOUND}


def allocate(
    scenario: Scenario,
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    time_limit: Annotated[float | None, typer.Option("--time-limit", metavar="SECONDS", min=0, help="Seconds for solving; the policy's where absent.")] = None,
    gap: Annotated[
        float | None, typer.Option("--gap", metavar="G", min=0, max=1, help="Relative gap at which a goal counts as done; 0 asks for proof.")
    ] = None,
    memory_limit: Annotated[
        float | None, typer.Option("--memory-limit", metavar="GB", min=0, help="Gigabytes to hold while solving; the policy's where absent.")
    ] = None,
    engine: Annotated[EngineName, typer.Option("--engine", metavar="NAME", help="auto, network, sifting, mip, cp_sat or pulp; auto says why.")] = "auto",
    reference: Reference = None,
    repair: Annotated[bool, typer.Option("--repair", help="Where nothing fits, make the cheapest changes that fit at once, and allocate under them.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for result.json and the CSV files; out/<scenario name> where absent.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Also write the program (with its first goal) as .lp or .mps, for another solver.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Allocate seekers to slots, check the answer against every rule, and write it down.

    Ctrl-C ends the search with the best so far, checked and written like any other answer; a second one leaves at once.

    Exit codes: 0 solved, 2 bad input, 3 infeasible, 4 nothing found within the limit, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.changes import joined
        from allocator.cli.watch import Watch
        from allocator.result import CHANGES_FILE, REFERENCE_FILE, write_result

        folder = out or Path("out") / _name_of(scenario)
        _refuse_unusable(folder, export)
        with Watch(screen(stderr=True), quiet=as_json).following() as watch:
            watch.phase("read")
            started = time.perf_counter()
            inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
            seconds = time.perf_counter() - started
            if export is not None:
                _export(inputs, seed, export)
            with interruptible(screen(stderr=True)) as cancelled:
                limits: Limits = {"time_limit": time_limit, "gap": gap, "memory_limit": memory_limit, "cancelled": cancelled}
                result = _solved(inputs, seed, limits, engine, watch)
                if repair and result.repair.feasible and result.repair.bends:
                    inputs, bent = inputs.under(result.repair.changes), result.repair.bends
                    result = replace(_solved(inputs, seed, limits, engine, watch), repaired=bent)
            warnings = [inputs.layers.placed(fault) for fault in result.warnings]
            told: dict[str, str | None] = {
                "scenario": _seen_from(folder, scenario),
                "reference": REFERENCE_FILE if reference else None,
                "changes": CHANGES_FILE if inputs.changes else None,
            }
            result = replace(result, warnings=warnings, inputs=told, timings={"read": seconds, **result.timings})
            watch.phase("write")
            try:
                files = write_result(result, folder, inputs.reference, joined(inputs.changes).to_toml() if inputs.changes else "")
            except OSError as error:
                raise at_option("--out", f"{folder} cannot be written: {error.strerror}.", "Choose another folder.", "cannot_write") from None
        if as_json:
            say_json(result.as_dict())
        else:
            from allocator.cli.printout import print_result

            _print_changes(inputs)
            print_result(result, inputs.scenario, files, screen())
        raise typer.Exit(OURS if result.stop_reason == "error" else CODES[result.status])


def _print_changes(inputs: Inputs) -> None:
    """What the change sets do, in words, before what came of it."""
    said, console = inputs.sentences(), screen()
    if said:
        console.print(f"With {len(said):,} change{'' if len(said) == 1 else 's'} from {', '.join(each.layer for each in inputs.changes)}:")
    for sentence in said[:MOST_SAID]:
        console.print(f"  {sentence}")
    if len(said) > MOST_SAID:
        console.print(f"  … and {len(said) - MOST_SAID:,} more; ojt show lists them.")
    if said:
        console.print()


def _name_of(scenario: Path) -> str:
    """The folder's or workbook's name."""
    whole = scenario.resolve()
    return whole.stem if whole.suffix.lower() == ".xlsx" else whole.name


def _seen_from(folder: Path, scenario: Path) -> str:
    """The scenario's place as seen from the result's, so that both may be moved together; as it is where there is no way from one to the other."""
    try:
        return Path(os.path.relpath(scenario.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return scenario.resolve().as_posix()


def _refuse_unusable(folder: Path, export: Path | None) -> None:
    """What would only be found out after the solve is said before it."""
    for place in (folder, *folder.parents):
        try:
            there = place.exists()
        except (OSError, ValueError):
            raise at_option("--out", f"{str(place)[:80]!r} is not a path.", "Choose another folder.", "cannot_write") from None
        if there:
            if not place.is_dir():
                raise at_option("--out", f"{place} is a file, not a folder.", "Choose another folder.", "out_is_a_file")
            break
    if any((folder / f"seekers{ending}").exists() for ending in (".csv", ".parquet")):
        raise at_option("--out", f"{folder} is a scenario; its answer does not belong among its facts.", "Choose another folder.", "out_is_a_scenario")
    if export is not None and export.suffix not in (".lp", ".mps"):
        raise at_option("--export", f"{export.name} ends neither in .lp nor in .mps.", "Name the file accordingly.", "bad_export")
    if export is not None and export.is_dir():
        raise at_option("--export", f"{export} is a folder.", "Name a file.", "bad_export")
    if export is not None and not export.absolute().parent.is_dir():
        raise at_option("--export", f"There is no folder {export.parent}.", "Create it first.", "bad_export")


class Limits(TypedDict):
    """What may end a run early."""

    time_limit: float | None
    gap: float | None
    memory_limit: float | None
    cancelled: Callable[[], bool]


def _solved(inputs: Inputs, seed: int, limits: Limits, engine: str, watch: Watch) -> Result:
    from allocator.engines.choose import UnfitEngineError
    from allocator.solve import solve

    try:
        return inputs.placing(lambda: solve(inputs.scenario, inputs.layers.policy, seed=seed, engine=engine, progress=watch, **limits))
    except UnfitEngineError as error:
        raise at_option("--engine", str(error), "Leave --engine out, and the rules decide.", "unfit_engine") from None


def _export(inputs: Inputs, seed: int, path: Path) -> None:
    from allocator.engines.pulp_model import write_model
    from allocator.pairs import find_pairs
    from allocator.program import build
    from allocator.settled import settled

    problem = settled(inputs.problem(seed))
    try:
        write_model(build(problem, find_pairs(problem)), path)
    except OSError as error:
        raise at_option("--export", f"{path} cannot be written: {error.strerror}.", "Choose another file.", "cannot_write") from None
