"""`ojt report`: a result as files that people read: a page with charts, and the charts alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.cli.ending import at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json

Out = Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a result, as `ojt allocate` writes it.", show_default=False)]
ScenarioOfResult = Annotated[
    Path | None, typer.Option("--scenario", metavar="PATH", help="Where the result's scenario is now, if not where it was when the result was made.")
]


def report(
    out: Out,
    scenario: ScenarioOfResult = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page here; OUT/report.html where nothing else is asked for.")] = None,
    charts: Annotated[Path | None, typer.Option("--charts", metavar="DIR", help="Write each chart here as SVG, PNG and Vega-Lite.")] = None,
    people: Annotated[bool, typer.Option("--people", help="Also list who holds which slot, by id; without it the page names nobody.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a result down for those who were not there: one page with charts that needs no network, for screen, phone and paper.

    Without options the page goes to OUT. Where files are named, those are written and no others.

    Exit codes: 0 written, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        from allocator.opened import open_result
        from allocator.report.page import write_page
        from allocator.report.sections import sections

        opened = open_result(out, scenario)
        told = sections(opened, people=people)
        everything = not (html or charts)
        files: list[Path] = []
        try:
            if html is not None or everything:
                files.append(write_page(opened, told, html or out / "report.html"))
            if charts is not None:
                from allocator.charts.files import write_charts

                files += write_charts([section.chart for section in told if section.chart is not None], charts)
        except OSError as error:
            raise at_option("ojt report", f"{error.filename or out} cannot be written: {error.strerror}.", "Name another file.", "cannot_write") from None
        if as_json:
            say_json({"files": [str(file) for file in files], "sections": [section.as_dict() for section in told]})
        else:
            console = screen()
            for file in files:
                console.print(f"Written: {file}", soft_wrap=True)
