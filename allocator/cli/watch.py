"""What a person at a terminal sees while a run goes on: the phase, and in the solve the goal with its value, bound and gap."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

WORDS = {
    "read": "reading the scenario",
    "pairs": "finding eligible pairs",
    "build": "writing the rules as rows",
    "solve": "solving",
    "check": "checking every rule",
    "explain": "finding the reasons",
    "write": "writing the files",
}
PAUSE = 0.1
"""Seconds between two looks at the same goal: a network engine may report thousands of times."""


class Watch:
    """Follows a run; says nothing where nobody is looking (a pipe, a file, --json)."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.fields[note]}", style="dim"), TimeElapsedColumn(),
            console=console, transient=True, disable=quiet or not console.is_terminal,
        )  # fmt: skip
        self._task: TaskID | None = None
        self._shown = ("", 0.0)

    @contextmanager
    def following(self) -> Iterator[Watch]:
        """Show the line while the block runs."""
        with self._bar:
            yield self

    def phase(self, name: str) -> None:
        """A new phase has begun."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(WORDS.get(name, name), total=None, note="")

    def incumbent(self, goal: str, value: float | None, bound: float | None) -> None:
        """A better solution or a better bound."""
        shown, at = self._shown
        now = time.monotonic()
        if self._task is not None and (goal != shown or now - at > PAUSE):
            self._bar.update(self._task, note=_standing(goal, value, bound))
            self._shown = (goal, now)


def _standing(goal: str, value: float | None, bound: float | None) -> str:
    if value is None:
        return f"{goal}: nothing yet" + ("" if bound is None else f", at best {bound:,.10g}")
    if bound is None:
        return f"{goal}: {value:,.10g}"
    if value == bound:
        return f"{goal}: {value:,.10g}, proved"
    # Some goals are made small: their bound lies below.
    return f"{goal}: {value:,.10g} of at {'most' if value < bound else 'least'} {bound:,.10g}, gap {abs(bound - value) / max(abs(bound), 1):.2%}"
