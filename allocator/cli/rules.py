"""`ojt rules`: every rule with its law and its parameters."""

from __future__ import annotations

import re
import textwrap
from typing import Annotated

import typer

from allocator.cli.ending import SOLVED, at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json


def rules(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help="Only this rule, with its law in full.", show_default=False)] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the rules a policy may use, or explain one of them.

    Exit codes: 0 listed, 2 there is no such rule, 1 our mistake.
    """
    with reported(as_json, debug):
        from difflib import get_close_matches

        from allocator.reference import every_rule

        pages = every_rule()
        chosen = [page for page in pages if kind in (None, page.kind)]
        if not chosen:
            close = get_close_matches(kind or "", [page.kind for page in pages], 1)
            fix = (f"Did you mean {close[0]}? " if close else "") + f"Known: {', '.join(page.kind for page in pages)}."
            raise at_option("KIND", f"There is no rule {kind}.", fix, "unknown_kind")
        if as_json:
            say_json({"rules": [page.as_dict() for page in chosen]})
        elif kind is None:
            _print_list()
        else:
            _print_page(kind)
        raise typer.Exit(SOLVED)


def _print_list() -> None:
    from rich import box
    from rich.table import Table

    from allocator.reference import SECTIONS, every_rule

    console = screen()
    for section, about in SECTIONS.items():
        table = Table(title=f"{section}: {about}", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("kind", style="cyan", no_wrap=True)
        table.add_column("law")
        table.add_column("parameters", style="dim")
        for page in every_rule():
            if page.section == section:
                table.add_row(page.kind, page.title, ", ".join(f"{name.name}*" if name.required else name.name for name in page.parameters))
        console.print(table)
    console.print("* must be given. ojt rules KIND prints a rule's law in full.")


def _print_page(kind: str) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from allocator.reference import every_rule

    console = screen()
    page = next(page for page in every_rule() if page.kind == kind)
    console.print(Text(f'[[{page.section}]] kind = "{page.kind}"\n', style="bold cyan"))
    console.print(_wrapped(page.law, console.width) + "\n")
    for title, about, parameters in ((None, "", page.parameters), *((model.name, model.about, model.parameters) for model in page.models)):
        if title:
            console.print(Text(f"\n{title}", style="bold"))
            console.print(_wrapped(about, console.width))
        if parameters:
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
            table.add_column("parameter", style="cyan", no_wrap=True)
            for name in ("type", "default", "meaning"):
                table.add_column(name)
            for line in parameters:
                table.add_row(line.name, line.type.replace("`", ""), "required" if line.required else line.default, line.about)
            console.print(table)


def _wrapped(law: str, width: int) -> str:
    """A law at the width of the screen; a formula that is too long goes on under its own text."""
    from allocator.reference import paragraphs

    lines: list[str] = []
    for text in paragraphs(law):
        indent = " " * (len(text) - len(text.lstrip()))
        columns = re.match(r" +\S+ {2,}", text)
        hanging = " " * columns.end() if columns and columns.end() < width / 2 else f"{indent}  " if indent else ""
        lines += textwrap.wrap(text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(lines).rstrip()
