"""`ojt purge`: delete what is past its time."""

from __future__ import annotations

from typing import Annotated

import typer

from allocator.cli.ending import reported
from allocator.cli.service import _settings


def purge(
    yes: Annotated[bool, typer.Option("--yes", help="Delete it; without this it is only counted.")] = False,
    board: Annotated[str | None, typer.Option("--board", metavar="BOARD", help="Only what belongs to this board; everything where absent.")] = None,
) -> None:
    """Delete files of runs and datasets that are past OJT_KEEP_RUNS and that nothing refers to, and rows that only served for a while.

    The service does the same every night. A run that was published, that another run refers to, or that has the tag `keep` is kept.
    """
    with reported(False, False):
        chosen = _settings()
        from api.logs import configure
        from api.purge import purge as delete
        from api.service import Service
        from api.store import migrate

        configure(chosen, "command")
        service = Service(chosen)
        migrate.upgrade(service.store)
        total = delete(service, "command line", board=board, dry_run=not yes)
        service.close()
        told = [f"{count:,} {name.replace('_', ' ')}" for name, count in total.as_dict().items() if count]
        typer.echo(f"{'Deleted' if yes else 'Past their time'}: {', '.join(told) or 'nothing'}.")
        if not yes and told:
            typer.echo("Nothing is deleted yet; add --yes to do it.")
