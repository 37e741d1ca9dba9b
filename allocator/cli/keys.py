"""`ojt keys`: API keys at the prompt of whoever runs the service. It needs no key, so that the first one can be made, and a lost last one replaced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.ending import reported, say_json, screen
from allocator.cli.options import Json
from allocator.cli.service import _settings
from allocator.cli.tables import table_of
from allocator.errors import Fault, InputError

if TYPE_CHECKING:
    from api.store.engine import Store

keys = typer.Typer(name="keys", help="API keys of the service.", no_args_is_help=True)
BY = "command line"
ROLES = "viewer, planner, analyst, publisher, admin or service"
Board = Annotated[str, typer.Option("--board", metavar="BOARD", help="The workforce board whose data the key opens.")]
Key = Annotated[str, typer.Argument(metavar="KEY_ID", help="The key's id, as `ojt keys list` shows it.", show_default=False)]
Days = Annotated[float | None, typer.Option("--days", metavar="DAYS", min=0, max=36_500, help="Days until it expires.")]


@keys.command("create")
def create_key(
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help=ROLES.capitalize() + ".")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Whose key it is, for lists and the audit trail.")] = "",
    board: Board = "main",
    days: Days = None,
) -> None:
    """Make an API key and print it, once: it is kept only as a hash."""
    with reported(False, False), _store() as store:
        from api.access.keys import create
        from api.access.roles import ROLES as KNOWN

        if role not in KNOWN:
            raise InputError([Fault("unknown_role", f"There is no role {role!r}.", f"Choose one of {', '.join(KNOWN)}.", column="--role", value=role)])
        if not 0 < len(board) <= 64:
            raise InputError([Fault("bad_board", "A board's name has 1 to 64 characters.", "Choose a shorter one.", column="--board", value=board)])
        with store.begin() as connection:
            _, secret = create(connection, board=board, role=role, name=name or role, by=BY, expires_at=_end(days))
        typer.echo(secret)
        if sys.stdout.isatty():
            typer.echo("Keep it: it is not shown again. The service's login page asks for it.", err=True)


@keys.command("list")
def list_keys(
    board: Annotated[str | None, typer.Option("--board", metavar="BOARD", help="Only this board's; every board's where absent.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    as_json: Json = False,
) -> None:
    """Show the API keys: whose, which role, since when, until when, last used."""
    with reported(as_json, False), _store() as store:
        import sqlalchemy as sa

        from api.access.keys import usable
        from api.store.tables import api_keys

        query = sa.select(api_keys).order_by(api_keys.c.id)
        query = query if board is None else query.where(api_keys.c.board == board)
        query = query if every else query.where(usable())
        with store.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        columns = ("id", "board", "name", "role", "prefix", "created_by", "created_at", "expires_at", "revoked_at", "last_used_at", "replaces")
        if as_json:
            say_json({"keys": [{name: row[name].isoformat() if isinstance(row[name], datetime) else row[name] for name in columns} for row in rows]})
            return
        table = table_of("id", "board", "name", "role", "made (UTC)", "ends", "last used")
        table.columns[0].no_wrap = True
        for row in rows:
            ends = f"revoked {_shown(row['revoked_at'])}" if row["revoked_at"] else _shown(row["expires_at"])
            table.add_row(row["id"], row["board"], row["name"], row["role"], _shown(row["created_at"]), ends, _shown(row["last_used_at"]))
        screen().print(table if rows else "There is no key; make one with `ojt keys create --role admin`.")


@keys.command("rotate")
def rotate_key(
    key_id: Key,
    overlap: Annotated[float, typer.Option("--overlap", metavar="HOURS", min=0, max=720, help="Hours for which the old key stays valid.")] = 24,
    days: Days = None,
) -> None:
    """Make a new key in the place of one and print it, once; the old one stays valid for the overlap."""
    with reported(False, False), _store() as store:
        from api.access.keys import rotate
        from api.clock import now

        with store.begin() as connection:
            old = _key(connection, key_id)
            if old["revoked_at"] is not None or (old["expires_at"] is not None and old["expires_at"] <= now()):
                raise InputError([Fault("key_ended", f"API key {key_id!r} has ended.", "Make a new one with `ojt keys create`.", value=key_id)])
            end = _end(days) or old["expires_at"]
            _, secret = rotate(connection, old, by=BY, expires_at=end, overlap=timedelta(hours=overlap))
        typer.echo(secret)


@keys.command("revoke")
def revoke_key(key_id: Key) -> None:
    """End an API key at once, with every login to the pages that it was used for."""
    with reported(False, False), _store() as store:
        from api.access.keys import revoke

        with store.begin() as connection:
            changed = revoke(connection, _key(connection, key_id), by=BY)
        typer.echo(f"{key_id} is revoked." if changed else f"{key_id} was revoked before.")


@contextmanager
def _store() -> Iterator[Store]:
    """The store, of the shape that this version needs."""
    settings = _settings()
    from api.store import migrate
    from api.store.engine import Store

    store = Store(settings.url)
    try:
        migrate.upgrade(store)
        yield store
    finally:
        store.close()


def _key(connection: Any, key_id: str) -> dict[str, Any]:
    import sqlalchemy as sa

    from api.store.tables import api_keys

    row = connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).mappings().first()
    if row is None:
        raise InputError([Fault("unknown_key", f"There is no API key {key_id!r}.", "Look at `ojt keys list --all`.", value=key_id)])
    return dict(row)


def _end(days: float | None) -> datetime | None:
    from api.clock import now

    return None if days is None else now() + timedelta(days=days)


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""
