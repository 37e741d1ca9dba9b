"""How a command ends: exit codes, and what is said on the way out. The codes are a contract; see docs/cli.md."""

from __future__ import annotations

import json
import platform
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from allocator.errors import Fault, InputError

if TYPE_CHECKING:
    from rich.console import Console

SOLVED, OURS, BAD_INPUT, BROKEN, NOTHING_FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 130
MOST_SHOWN, MOST_ROWS, MOST_WIDE = 40, 5, 36
"""Lines of faults, rows told in one line, and characters of a place before it is broken; `--json` has all of it."""


@contextmanager
def reported(as_json: bool, debug: bool) -> Iterator[None]:
    """Turn what goes wrong inside into words (or JSON) and an exit code."""
    try:
        yield
    except typer.Exit:
        raise
    except InputError as error:
        if as_json:
            say_json({"faults": [fault.as_dict() for fault in error.faults]})
        else:
            show_faults(error.faults, screen(stderr=True))
        raise typer.Exit(BAD_INPUT) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing was decided.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        _own_up(error, as_json, debug)
        raise typer.Exit(OURS) from None


def _own_up(error: Exception, as_json: bool, debug: bool) -> None:
    said = f"{type(error).__name__}: {error}"
    if as_json:
        say_json({"error": said})
    if debug:
        traceback.print_exc()
    typer.echo(
        f"This is our mistake, not yours. {said}\n"
        f"Please report it with the command, this message and the scenario's digest (ojt validate prints it), "
        f"and with what --debug shows. Python {platform.python_version()}, {platform.system()}.",
        err=True,
    )


def say_json(document: Any) -> None:
    """The one document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def screen(*, stderr: bool = False) -> Console:
    """A console that takes text literally: ids and labels may hold brackets."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def show_faults(faults: Sequence[Fault], console: Console) -> None:
    """Everything wrong with the input, errors before warnings: where, what, and how to mend it."""
    from rich.text import Text

    errors = [fault for fault in faults if fault.severity == "error"]
    count = f"{len(errors)} thing{' is' if len(errors) == 1 else 's are'} wrong with the input; nothing was run."
    console.print(Text(count, style="bold red"))
    show_fault_lines([*errors, *(fault for fault in faults if fault.severity != "error")], console)


def show_fault_lines(faults: Sequence[Fault], console: Console) -> None:
    """Faults as a table, the first of many; the same fault in many rows of a column is told once."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("where", overflow="fold", ratio=2, style="cyan")
    table.add_column("what", overflow="fold", ratio=4)
    table.add_column("code", no_wrap=True, style="dim")
    alike: dict[Fault, list[Fault]] = defaultdict(list)
    for fault in faults:
        alike[replace(fault, row=None)].append(fault)
    for fault, them in list(alike.items())[:MOST_SHOWN]:
        what = Text("" if fault.severity == "error" else "warning: ", style="yellow")
        what.append(fault.message, style="default")
        what.append(f" {fault.fix}" if fault.fix else "", style="dim")
        table.add_row(_place(them), what, fault.code)
    console.print(table)
    left = sum(len(them) for them in list(alike.values())[MOST_SHOWN:])
    if left:
        console.print(f"… and {left:,} more; --json lists all of them.")


def _place(them: Sequence[Fault]) -> str:
    """Where faults that differ in their rows alone are: a line for the file, one for the rows or the place in the policy."""
    first = them[0]
    if len(them) == 1:
        whole = first.place
        return whole.replace(", ", "\n", 1) if len(whole) > MOST_WIDE else whole
    file = replace(first, row=None, column="").place
    rows = ", ".join(f"{fault.row:,}" for fault in them[:MOST_ROWS] if fault.row is not None)
    more = f" and {len(them) - MOST_ROWS:,} more" if len(them) > MOST_ROWS else ""
    return f"{file}\ncolumn {first.column}, rows {rows}{more}" if first.column else f"{file}\nrows {rows}{more}"


def at_option(option: str, message: str, fix: str = "", code: str = "bad_option") -> InputError:
    """A fault of an option on the command line."""
    return InputError([Fault(code, message, fix, file=option)])
