"""`ojt audit`: whether the audit trail is what was written."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from allocator.cli.ending import BROKEN, reported, say_json
from allocator.cli.keys import _store
from allocator.cli.options import Json
from allocator.errors import Fault, InputError

audit = typer.Typer(name="audit", help="The audit trail of the service.", no_args_is_help=True)


@audit.callback()
def _group() -> None:
    """So that `verify` stays a word of its own while it is the only one."""


@audit.command("verify")
def verify_trail(
    board: Annotated[str, typer.Option("--board", metavar="BOARD", help="The workforce board whose trail it is.")] = "main",
    head: Annotated[
        str | None, typer.Option("--head", metavar="SEQ:HASH", help="The head that an earlier check has shown; the trail must still hold it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Follow the chain of hashes from the first row to the last; say where it breaks, or the head to note down outside of the service."""
    with reported(as_json, False), _store() as store:
        from api.store.audit import verify

        if head is not None and not re.fullmatch(r"[1-9][0-9]{0,8}:[0-9a-f]{64}", head):
            raise InputError([Fault("bad_head", f"{head!r} is no head.", "Give what an earlier check has shown.", column="--head", value=head)])
        found = verify(store, board, head)
        if as_json:
            say_json({"holds": found.holds, "rows": found.rows, "head": found.head, "broken_at": found.broken_at, "reason": found.reason})
        elif found.holds:
            typer.echo(f"{found.rows:,} rows, and the chain holds. Head: {found.head or 'none yet'}")
        else:
            typer.echo(f"Broken at row {found.broken_at}: {found.reason}")
        if not found.holds:
            raise typer.Exit(BROKEN)
