"""`ojt reservations`: what each promise came to, what it costs, whom it helps, and what other readings of the same words would have done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import BROKEN, NOTHING_FOUND, SOLVED, at_option, reported, say_json, screen
from allocator.cli.interrupt import interruptible
from allocator.cli.options import AsOf, Changes, Debug, Json, Policy, Reference, Seed, Sets
from allocator.inputs import read_inputs

if TYPE_CHECKING:
    from rich.console import Console

    from allocator.inputs import Inputs
    from allocator.opened import Opened
    from allocator.readings import Reading
    from allocator.semantics import ReservationReport, SeatPrice

GAP, SECONDS = 0.0001, 20.0


def reservations(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder of a result, as ojt allocate writes it; or a scenario, which is solved first.", show_default=False)
    ],
    label: Annotated[str | None, typer.Option("--label", metavar="L", help="The one reservation to look at; all where absent.")] = None,
    scenario: Annotated[Path | None, typer.Option("--scenario", metavar="PATH", help="Where the result's scenario is now, if it has moved.")] = None,
    policy: Policy = None,
    sets: Sets = None,
    changes: Changes = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    reference: Reference = None,
    gap: Annotated[float, typer.Option("--gap", metavar="G", min=0, max=1, help="Relative gap at which a goal counts as done; 0 asks for proof.")] = GAP,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", min=0, help="Seconds for each question; there are about ten a reservation.")
    ] = SECONDS,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Report every reservation: promised, filled, short and why, the price of one more seat, who gains and who loses, and other readings.

    --policy, --set, --changes, --as-of, --seed and --reference go with a scenario; a result has its own.

    Exit codes: 0 told, 2 bad input, 3 the scenario has no plan, 4 none was found in time, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.semantics import reservation_reports
        from allocator.variants import Terms

        with interruptible(screen(stderr=True)) as cancelled, _telling(as_json) as saw:
            saw("solving" if not (out / "result.json").exists() else "reading the result")
            _refuse_for_results(out, policy, sets, changes, as_of, reference)
            opened = _opened(out, scenario, lambda: read_inputs(out, policy, sets, as_of, reference, changes), seed, cancelled)
            if not opened.result.verified:
                screen(stderr=True).print("There is no plan, so there is no promise to report on; ojt allocate says why.")
                if as_json:
                    say_json({"status": opened.result.status, "reservations": []})
                raise typer.Exit(BROKEN if opened.result.status == "infeasible" else NOTHING_FOUND)
            terms = Terms(Fraction(Decimal(str(gap))), time_limit, cancelled, lottery=False)
            reports = reservation_reports(opened, label, terms=terms, saw=saw)
        if as_json:
            say_json({"status": opened.result.status, "reservations": [report.as_dict() for report in reports]})
        else:
            _print(reports, screen())
        raise typer.Exit(SOLVED)


def _refuse_for_results(out: Path, *options: object) -> None:
    """A result has its own policy and facts: what is said beside it would be passed over."""
    if (out / "result.json").exists() and any(options):
        message = "A result has its own policy, facts and reference; --policy, --set, --changes, --as-of and --reference go with a scenario."
        raise at_option(str(out), message, "Leave them out, or name a scenario.", "result_has_its_own")


def _opened(out: Path, scenario: Path | None, read: Callable[[], Inputs], seed: int, cancelled: Callable[[], bool]) -> Opened:
    """The result in a folder, or that of a scenario, solved now."""
    from allocator.opened import Opened, open_result
    from allocator.solve import solve

    looks_like_facts = out.suffix.lower() == ".xlsx" or any((out / f"seekers{ending}").exists() for ending in (".csv", ".parquet"))
    if scenario is not None or not looks_like_facts:
        return open_result(out, scenario)
    inputs = read()
    return Opened.of(inputs.scenario, inputs.placing(lambda: solve(inputs.scenario, inputs.layers.policy, seed=seed, cancelled=cancelled)))


@contextmanager
def _telling(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Shows what is being looked at; nothing where nobody is looking."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = screen(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn(), console=console, transient=True,
        disable=quiet or not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("", total=None)
        yield lambda said: bar.update(task, description=said)


# -- on the screen --------------------------------------------------------------------------------------------------


def _print(reports: list[ReservationReport], console: Console) -> None:
    from rich.text import Text

    if not reports:
        console.print("The policy has no reservation.")
    for number, report in enumerate(reports):
        if number:
            console.print()
        console.print(Text(report.label, style="bold"))
        for said in _said(report):
            console.print(f"  {said}")
        _print_readings(report, console)
        for said in [other.sentence for other in report.others]:
            console.print(Text(f"  {said}", style="dim" if said.endswith("changed nothing.") else ""))


def _said(report: ReservationReport) -> Iterator[str]:
    """Where it stands, in sentences."""
    yield report.present.sentence
    for line in report.lines:
        if len(report.lines) > 1:
            yield f"{line.beneficiaries}: {line.filled} of {line.promised} promised, of {line.openings} openings; eligible members could take {line.supply}."
        else:
            yield f"{line.beneficiaries} in {line.scope}: {line.openings} openings; eligible members could take {line.supply} of them at most."
        if line.released:
            yield f"Released: {line.released} seats, {line.released_why}."
        if line.short:
            yield f"Short {line.short}: {line.short_why}."
        if line.clipped:
            yield f"Clipped by {line.clipped}: best effort asks for no more than its members could take."
    yield from _prices(report.prices)
    yield report.off.sentence


def _prices(prices: tuple[SeatPrice, ...]) -> Iterator[str]:
    for which, name in (("more", "One more seat promised"), ("less", "One seat less promised")):
        changes = [(price, getattr(price, which)) for price in prices if price.goal != "lottery"]
        known = [(price, change) for price, change in changes if change is not None]
        if not known:
            if changes and which == "more":
                yield f"{name}: impossible, or not found in time."
            continue
        about = "" if all(price.exact for price, _ in known) else "about "
        told = [f"{about}{change:+,.10g} {price.label}{'' if price.unit == 'people' else ' ' + price.unit}" for price, change in known if change]
        yield f"{name}: {', '.join(told)}." if told else f"{name}: no goal would change."


def _print_readings(report: ReservationReport, console: Console) -> None:
    """All readings side by side."""
    from rich import box
    from rich.table import Table

    quality = next((goal.label for goal in report.present.goals if goal.kind == "match_quality"), None)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
    table.add_column("reading", overflow="fold", min_width=20)
    for name in ("promised", "filled", "short", "empty", "placed", *(("quality",) if quality else ()), "gain", "lose"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, reading in _named(report):
        if reading.placed is None:
            table.add_row(name, "impossible" if reading.status == "infeasible" else "no answer")
            continue
        points = next((goal.value for goal in reading.goals if goal.label == quality), None)
        cells = [_count(value) for value in (reading.promised, reading.filled, reading.short, reading.empty, reading.placed)]
        cells += [f"{points:,.2f}" if points is not None else ""] if quality else []
        table.add_row(name, *cells, _count(len(reading.gained or ())), _count(len(reading.lost or ())))
    console.print(table)


def _named(report: ReservationReport) -> Iterator[tuple[str, Reading]]:
    from allocator.readings import name_of

    yield "now", report.present
    yield "switched off", report.off
    for other in report.others:
        yield name_of(other), other


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
