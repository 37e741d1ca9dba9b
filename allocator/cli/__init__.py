"""`ojt`: the library at the prompt. One command a file; heavy modules are imported when a command runs, so that `ojt --help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from allocator.cli.allocate import allocate
from allocator.cli.audit import audit
from allocator.cli.check import check
from allocator.cli.compare import compare
from allocator.cli.diff import diff
from allocator.cli.equity import equity
from allocator.cli.evaluate import evaluate
from allocator.cli.explain import explain
from allocator.cli.generate import generate
from allocator.cli.keys import keys
from allocator.cli.nightly import nightly
from allocator.cli.purge import purge
from allocator.cli.recommend import recommend
from allocator.cli.relax import relax
from allocator.cli.report import report
from allocator.cli.reservations import reservations
from allocator.cli.rules import rules
from allocator.cli.service import canary, serve, worker
from allocator.cli.show import show
from allocator.cli.stability import stability
from allocator.cli.sweep import sweep
from allocator.cli.validate import validate

app = typer.Typer(
    name="ojt",
    help="Decide who gets which on-the-job-training slot: proven best, checked independently, explained to each person.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    allocate, explain, relax, check, evaluate, recommend, compare, stability, sweep, reservations, equity, report, validate, diff, rules, show, generate,
    serve, worker, canary, purge,
):  # fmt: skip
    app.command()(command)
app.add_typer(keys)
app.add_typer(audit)
app.add_typer(nightly)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"ojt-allocator {version_of('ojt-allocator')}")
        raise typer.Exit


def main() -> None:
    """The entry point of `ojt`."""
    app()
