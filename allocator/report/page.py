"""A result as one page: offline, for screen, phone and paper, for eyes and for screen readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from allocator.charts.style import DAY, NIGHT
from allocator.files import write_whole
from allocator.report.glossary import WORDS
from allocator.report.section import Section
from allocator.wording import headline

if TYPE_CHECKING:
    from jinja2 import Template

    from allocator.opened import Opened
    from allocator.result import Result


@dataclass(frozen=True)
class Figure:
    """One of the few figures at the top: what it counts, how much it is, and a word on it."""

    name: str
    amount: str
    note: str


def page(opened: Opened, sections: Sequence[Section]) -> str:
    """The page as HTML: one file without a script and without a link to anywhere else."""
    result = opened.result
    parts = [(part, list(inside)) for part, inside in groupby(sections, key=lambda section: section.part)]
    return _template().render(result=result, headline=headline(result), figures=list(_figures(result)), parts=parts, day=DAY, night=NIGHT, words=WORDS)


def write_page(opened: Opened, sections: Sequence[Section], path: str | Path) -> Path:
    """Write the page; it appears whole or not at all. Raises OSError."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(target, page(opened, sections).encode())


def _figures(result: Result) -> Iterator[Figure]:
    if not result.verified:
        return
    yield Figure("people placed", f"{result.placed:,}", f"of {result.seekers:,}")
    yield Figure("openings filled", f"{result.placed:,}", f"of {result.openings:,}")
    if result.reservations:
        kept = sum(not line.short for line in result.reservations)
        yield Figure("promises kept", f"{kept:,}", f"of {len(result.reservations):,}")
    if result.goals:
        proved = sum(goal.gap == 0 for goal in result.goals)
        yield Figure("goals proved", f"{proved:,}", f"of {len(result.goals):,}")


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("allocator.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["drawing"] = lambda chart, width: Markup(chart.inline(width))  # our own drawing, whose texts vl-convert has escaped
    return environment.get_template("report.html")
