"""Titles, tables and amounts as the commands print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def title(console: Console, words: str) -> None:
    """A heading, after an empty line."""
    from rich.text import Text

    console.print()
    console.print(Text(words, style="bold"))


def table_of(*columns: str) -> Table:
    """A table with these columns; `>` before a name: it holds numbers."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for name in columns:
        table.add_column(name.lstrip(">"), justify="right" if name.startswith(">") else "left", overflow="fold")
    return table


def amount(value: float | None) -> str:
    """A whole number as such, a decimal with two digits."""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
