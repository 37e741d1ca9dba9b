"""`ojt report`: a result as files that people read: a page with charts, the charts alone, a workbook, its tables as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.cli.ending import at_option, reported, say_json, screen
from allocator.cli.options import Debug, Json

if TYPE_CHECKING:
    from allocator.opened import Opened

Out = Annotated[Path, typer.Argument(metavar="OUT", help="Folder of a result, as `ojt allocate` writes it.", show_default=False)]
ScenarioOfResult = Annotated[
    Path | None, typer.Option("--scenario", metavar="PATH", help="Where the result's scenario is now, if not where it was when the result was made.")
]


def report(
    out: Out,
    scenario: ScenarioOfResult = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page here; OUT/report.html where nothing else is asked for.")] = None,
    charts: Annotated[Path | None, typer.Option("--charts", metavar="DIR", help="Write each chart here as SVG, PNG and Vega-Lite.")] = None,
    xlsx: Annotated[
        Path | None, typer.Option("--xlsx", metavar="FILE", help="Write the team's workbook here: it names people by id, partner and tier.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write every table of the workbook here as CSV.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="OUT", help="A result to compare with in the workbook; the run's own reference where absent.")
    ] = None,
    people: Annotated[bool, typer.Option("--people", help="Also list who holds which slot, by id; without it the page names nobody.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Write a result down for those who were not there: one page with charts that needs no network, for screen, phone and paper.

    Without options the page goes to OUT. Where files are named, those are written and no others.

    Exit codes: 0 written, 2 bad input, 1 our mistake.
    """
    with reported(as_json, debug):
        _refuse_unusable(xlsx, csv, against)
        from allocator.opened import open_result
        from allocator.report.page import write_page
        from allocator.report.sections import sections

        opened = open_result(out, scenario)
        told = sections(opened, people=people)
        everything = not (html or charts or xlsx or csv)
        files: list[Path] = []
        try:
            if html is not None or everything:
                files.append(write_page(opened, told, html or out / "report.html"))
            if charts is not None:
                from allocator.charts.files import write_charts

                files += write_charts([section.chart for section in told if section.chart is not None], charts)
            if xlsx is not None or csv is not None:
                files += _sheets(opened, against, xlsx, csv)
        except OSError as error:
            raise at_option("ojt report", f"{error.filename or out} cannot be written: {error.strerror}.", "Name another file.", "cannot_write") from None
        if as_json:
            say_json({"files": [str(file) for file in files], "sections": [section.as_dict() for section in told]})
        else:
            console = screen()
            for folder in dict.fromkeys(file.parent for file in files):
                console.print(f"Written to {folder}/: {', '.join(file.name for file in files if file.parent == folder)}", soft_wrap=True)


def _refuse_unusable(xlsx: Path | None, csv: Path | None, against: Path | None) -> None:
    """What would only be found out after some files are written is said before."""
    if xlsx is not None and xlsx.suffix.lower() != ".xlsx":
        raise at_option("--xlsx", f"{xlsx.name} does not end in .xlsx.", "Name the file accordingly.", "bad_xlsx")
    if against is not None and xlsx is None and csv is None:
        raise at_option("--against", "The comparison stands in the workbook and its tables.", "Add --xlsx FILE or --csv DIR.", "nothing_to_compare_in")


def _sheets(opened: Opened, against: Path | None, xlsx: Path | None, csv: Path | None) -> list[Path]:
    """The tables of the business services team, as a workbook, as CSV, or both."""
    from allocator.csv_tables import write_csv_tables
    from allocator.report_tables import Material, report_tables
    from allocator.stored import read_result
    from allocator.workbook import write_workbook

    tables = report_tables(Material.of(opened, None if against is None else read_result(against).plan()))
    files = []
    if xlsx is not None:
        files.append(write_workbook(tables, xlsx, as_of=opened.scenario.as_of, title=f"OJT assignments, {opened.scenario.name}"))
    if csv is not None:
        files += write_csv_tables(tables, csv)
    return files
