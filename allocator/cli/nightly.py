"""`ojt nightly`: the service's nights at the prompt. It needs no key, and works also while no server and no worker runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.ending import BROKEN, NOTHING_FOUND, SOLVED, reported, say_json, screen
from allocator.cli.options import Json
from allocator.cli.service import _settings

if TYPE_CHECKING:
    from api.service import Service

nightly = typer.Typer(name="nightly", help="Nights of the service: start one by hand, and see what became of each.", no_args_is_help=True)
Schedule = Annotated[str | None, typer.Option("--schedule", metavar="NAME", help="Name or id of the schedule; may be left out where there is one.")]
Board = Annotated[str, typer.Option("--board", metavar="BOARD", help="The workforce board whose nights they are.")]
Date = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], metavar="DATE", help="The night, by its local date.", show_default=False)]


@nightly.command("run")
def run_night(
    date: Date,
    schedule: Schedule = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until the night has come to its end, and say what happens.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Start it anew where it was skipped or has failed.")] = False,
    board: Board = "main",
    as_json: Json = False,
) -> None:
    """Start a night by hand. A night that is there already is not started twice: its story is told.

    Workers that live carry it out; where none does, this command does, and stays until the end.

    Exit codes: 0 published, or given to a worker without --wait, 3 skipped, failed or held (the reason is told), 4 no worker lives any more to end it,
    2 bad input, 1 our mistake.
    """
    with reported(as_json, False), _service() as service:
        from api.night import by_hand

        row, started = by_hand.begin(service, by_hand.schedule_named(service, board, schedule), date.date(), again=again)
        if not started and not as_json:
            typer.echo(f"The night of {row['night'].isoformat()} is there already; this is what happened.")
        alone = not by_hand.somebody_works(service)
        if row["status"] in ("waiting", "running") and not alone and not wait:
            _tell(row, None, as_json=as_json)
            raise typer.Exit(SOLVED)
        tell = _keep_quiet if as_json else _say
        try:
            ended = (by_hand.carry_out if alone and row["status"] in ("waiting", "running") else by_hand.follow)(service, row["id"], tell)
        except by_hand.NobodyError:
            typer.echo("No worker lives any more. Start one with `ojt worker`, or give this command again.", err=True)
            raise typer.Exit(NOTHING_FOUND) from None
        _tell(ended, by_hand.folder_of(service, ended), as_json=as_json, log=False)
        code = SOLVED if ended["result"] == "published" else BROKEN
        if alone:
            sys.stdout.flush()
            os._exit(code)  # threads that wait for the queue must not hold the command up
        raise typer.Exit(code)


@nightly.command("list")
def list_nights(
    schedule: Schedule = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=1000, help="Nights to show, the newest.")] = 30,
    board: Board = "main",
    as_json: Json = False,
) -> None:
    """Show the latest nights: which were published, which were not, and why.

    Exit codes: 0 shown, 2 bad input, 1 our mistake.
    """
    with reported(as_json, False), _service() as service:
        from api.night import by_hand

        chosen = None if schedule is None else by_hand.schedule_named(service, board, schedule)
        rows = by_hand.nights(service, board, chosen, most)
        if as_json:
            say_json([{"schedule": row["schedule"], **_document(row, None)} for row in rows])
            return
        from allocator.cli.tables import table_of

        if not rows:
            typer.echo("No night yet.")
            return
        table = table_of("night", "schedule", "result", "why")
        for row in rows:
            table.add_row(row["night"].isoformat(), row["schedule"], row["result"] or row["status"], (row["reason"] or {}).get("message", ""))
        screen().print(table)


@nightly.command("show")
def show_night(date: Date, schedule: Schedule = None, board: Board = "main", as_json: Json = False) -> None:
    """Tell what happened in a night, sentence by sentence.

    Exit codes: 0 told, 2 bad input, 1 our mistake.
    """
    with reported(as_json, False), _service() as service:
        from api.night import by_hand

        row = by_hand.night_of(service, by_hand.schedule_named(service, board, schedule), date.date())
        _tell(row, by_hand.folder_of(service, row), as_json=as_json)


@contextmanager
def _service() -> Iterator[Service]:
    """The service on its store, brought up to date."""
    chosen = _settings()
    from api.service import Service
    from api.store import migrate

    service = Service(chosen)
    migrate.upgrade(service.store)
    try:
        yield service
    finally:
        service.close()


def _say(line: Mapping[str, Any]) -> None:
    typer.echo(f"{line['at'][:19].replace('T', ' ')} UTC  {line['sentence']}")


def _keep_quiet(_: Mapping[str, Any]) -> None:
    """With --json there is one document, at the end."""


def _tell(row: Mapping[str, Any], folder: str | None, *, as_json: bool, log: bool = True) -> None:
    """The story of a night; `log` is off where its lines were told already."""
    if as_json:
        say_json(_document(row, folder))
        return
    for line in row["log"] if log else ():
        _say(line)
    if row["status"] in ("waiting", "running"):
        typer.echo(f"The night of {row['night'].isoformat()} is {row['status']}; `ojt nightly show --date {row['night'].isoformat()}` tells how it goes.")
    if row["gates"]:
        for gate in row["gates"]:
            typer.echo(f"  {'passed' if gate['passed'] else 'FAILED'}  {gate['gate']}: {gate['sentence']}")
    if folder is not None:
        typer.echo(f"Sheets: {folder}")


def _document(row: Mapping[str, Any], folder: str | None) -> dict[str, Any]:
    names = ("id", "schedule_id", "status", "result", "reason", "trigger", "dataset_id", "run_id", "gates", "log")
    times = {name: row[name].isoformat() if row[name] is not None else None for name in ("night", "scheduled_for", "started_at", "finished_at")}
    return {**{name: row[name] for name in names}, **times, "sheets": folder}
