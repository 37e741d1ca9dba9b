"""`ojt sweep`: one or two values of the policy moved through a range; what each point costs, and whom it helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import BROKEN, NOTHING_FOUND, SOLVED, at_option, reported, say_json, screen
from allocator.cli.interrupt import interruptible
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Scenario, Seed, Sets
from allocator.inputs import policy_file, read_inputs

if TYPE_CHECKING:
    from allocator.over import Over
    from allocator.policy import Policy as Wishes
    from allocator.sweep import Sweep

GAP = 0.0001


def sweep(
    scenario: Scenario,
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            metavar="PLACE=VALUES",
            help="What to move through which values: PLACE=START:STOP:STEP or PLACE=VALUE,VALUE, e.g. constraints.reservation[partner].share=0:0.6:0.02. "
            "Twice for a grid.",
            show_default=False,
        ),
    ],
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    reference: Reference = None,
    gap: Annotated[float, typer.Option("--gap", metavar="G", min=0, max=1, help="Relative gap at which a goal counts as done; 0 asks for proof.")] = GAP,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="SECONDS", min=0, help="Seconds for each point; the policy's where absent.")
    ] = None,
    lottery: Annotated[
        bool, typer.Option("--lottery", help="Let the lottery decide between equally good plans at every point, too; it may take long.")
    ] = False,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="At each point also greedy, first come first served and a lottery, on the same data and rules.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for sweep.json, sweep.csv and a chart; with --promote, the .toml file for the change set."),
    ] = None,
    promote: Annotated[
        str | None, typer.Option("--promote", metavar="VALUE", help="Write the point with this value (VALUE,VALUE in a grid) as a change set to --out.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Solve a policy at every value of one or two of its parameters, each point judged by its own law.

    Ctrl-C ends it; points that were not reached say so.

    Exit codes: 0 at least one point has a plan, 2 bad input, 3 no point can have one, 4 nothing found within the limit, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.over import read_overs
        from allocator.sweep import policies_over
        from allocator.sweep import sweep as swept
        from allocator.variants import Terms

        overs = read_overs(over)
        _refuse_unusable(out, promote, overs)
        inputs = read_inputs(scenario, policy, sets, as_of, reference, changes)
        own_pairs, path = inputs.scenario.has("pairs"), policy_file(scenario, policy)
        seconds = time_limit if time_limit is not None else inputs.layers.policy.limits.time

        def texts_over_file(more: Sequence[str]) -> Wishes:
            from allocator.layers import load_policy

            return load_policy(path, [*(sets or ()), *more], own_pairs=own_pairs)

        # What is swept lies over the change sets, as they lie over --set.
        policies = policies_over(inputs) if changes else texts_over_file
        with interruptible(screen(stderr=True)) as cancelled, _counting(as_json) as saw:
            terms = Terms(Fraction(Decimal(str(gap))), seconds, cancelled, lottery)
            found = inputs.placing(lambda: swept(inputs.scenario, policies, overs, seed=seed, terms=terms, saw=saw, baselines=baselines))
        files = [] if out is None else _written(found, out) if promote is None else _promoted(found, promote, out)
        if as_json:
            say_json(found.as_dict())
        else:
            from allocator.cli.printout_sweep import print_sweep

            print_sweep(found, files, screen())
        raise typer.Exit(_code(found))


def _refuse_unusable(out: Path | None, promote: str | None, overs: Sequence[Over]) -> None:
    """What would only be found out after the sweep is said before it."""
    if promote is not None:
        if out is None or out.suffix != ".toml" or out.is_dir():
            raise at_option("--out", "With --promote, --out names the file of the change set.", "Write for example --out promoted.toml.", "bad_out")
        if not out.absolute().parent.is_dir():
            raise at_option("--out", f"There is no folder {out.parent}.", "Create it first.", "bad_out")
        _texts(promote, overs)
        return
    if out is not None and (out.is_file() or out.suffix == ".toml"):
        raise at_option("--out", f"{out} is a file, not a folder.", "Choose another folder, or name a point with --promote.", "out_is_a_file")
    if out is not None and any((out / f"seekers{ending}").exists() for ending in (".csv", ".parquet")):
        raise at_option("--out", f"{out} is a scenario; a sweep does not belong among its facts.", "Choose another folder.", "out_is_a_scenario")


def _texts(promote: str, overs: Sequence[Over]) -> tuple[str, ...]:
    """The values of the point to be promoted, as the sweep has them; InputError where it has none such."""
    from allocator.over import value_of

    asked = [promote] if len(overs) == 1 else [part.strip() for part in promote.split(",", len(overs) - 1)]
    found = []
    for over, text in zip(overs, asked, strict=False):
        found += [own for own in over.texts if value_of(own) == value_of(text)][:1]
    if len(found) < len(overs):
        listed = "; ".join(f"{over.place}: {', '.join(over.texts)}" for over in overs)
        raise at_option("--promote", f"The sweep has no point {promote}.", f"It has {listed}.", "no_such_point")
    return tuple(found)


@contextmanager
def _counting(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows how many points are solved; nothing where nobody is looking."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = screen(stderr=True)
    with Progress(
        TextColumn("points"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=quiet or not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("points", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _written(found: Sweep, folder: Path) -> list[Path]:
    """`sweep.json`, `sweep.csv` and the chart."""
    import json

    from allocator.files import write_whole

    try:
        folder.mkdir(parents=True, exist_ok=True)
        table = found.frame().to_csv(index=False, lineterminator="\n").encode()
        document = (json.dumps(found.as_dict(), indent=2) + "\n").encode()
        return [write_whole(folder / "sweep.csv", table), write_whole(folder / "sweep.json", document), *_drawn(found, folder)]
    except OSError as error:
        raise at_option("--out", f"{folder} cannot be written: {error.strerror}.", "Choose another folder.", "cannot_write") from None


def _drawn(found: Sweep, folder: Path) -> list[Path]:
    """The chart of one parameter that is a number, with a goal that moves."""
    from allocator.charts.files import write_charts
    from allocator.charts.frontier import frontier

    goal, numbers = found.main_goal, all(isinstance(point.values[0], int | float) for point in found.points)
    if len(found.parameters) > 1 or goal is None or not numbers:
        return []
    reached = next(point.goals[goal] for point in found.points if point.verified)
    return write_charts([frontier(found.frame(), found.parameters[0].place, reached=reached.label, unit=reached.unit)], folder)


def _promoted(found: Sweep, promote: str, path: Path) -> list[Path]:
    """The change set of one point."""
    from allocator.files import write_whole

    texts = _texts(promote, found.parameters)
    point = next(point for point in found.points if point.texts == texts)
    try:
        return [write_whole(path, found.change_set(point).to_toml().encode())]
    except OSError as error:
        raise at_option("--out", f"{path} cannot be written: {error.strerror}.", "Choose another file.", "cannot_write") from None


def _code(found: Sweep) -> int:
    """A plan somewhere, no plan possible anywhere, or nothing found in time."""
    if any(point.verified for point in found.points):
        return SOLVED
    return BROKEN if all(point.status == "infeasible" for point in found.points) else NOTHING_FOUND
