"""How whoever starts a service for the first time gets in: one command for the first key, and the address to enter it at."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import sqlalchemy as sa

from api.settings import Settings
from api.store.engine import Store
from api.store.tables import api_keys


def nobody_has_one(store: Store) -> bool:
    """Whether no key was ever made."""
    with store.read() as connection:
        return connection.execute(sa.select(api_keys.c.id).limit(1)).first() is None


def command(settings: Settings) -> str:
    """What to type for the first key. It works in any folder of this machine; a database's address has a password in it and is not repeated."""
    beside = Path(sys.executable).parent / "ojt"
    name = "ojt" if not beside.exists() or shutil.which("ojt") == os.fspath(beside) else os.fspath(beside)
    told = [] if settings.database_url else [f"OJT_DATA_DIR={shlex.quote(os.fspath(settings.data_dir.absolute()))}"]
    return " ".join([*told, shlex.quote(name), "keys create --role admin"])


def told(settings: Settings, address: str) -> str:
    """The words for it."""
    where = " with the same OJT_DATABASE_URL" if settings.database_url else ""
    return f"""Nobody has a key yet. Make the first one in another terminal{where}:

    {command(settings)}

Then open {address} in a browser and log in with it."""
