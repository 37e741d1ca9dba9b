"""`ojt serve`, `ojt worker`, `ojt canary`: the service at the prompt. Its packages are an extra, and said to be missing where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.ending import BROKEN, NOTHING_FOUND, SOLVED, reported
from allocator.errors import Fault, InputError

if TYPE_CHECKING:
    from api.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; OJT_HOST or 127.0.0.1 where absent.")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Port to listen on; OJT_PORT or 8000 where absent.")] = None,
    web_only: Annotated[bool, typer.Option("--web-only", help="Start no worker: a replica beside others, whose runs are solved by `ojt worker`.")] = False,
) -> None:
    """Start the web server and a worker, and keep both alive until Ctrl-C."""
    with reported(False, False):
        chosen = _settings(host=host, port=port)
        from api.serve import main, stand_alone

        if web_only:
            stand_alone("web")
        main(chosen)


def worker() -> None:
    """Start one more worker on this machine, for the store that OJT_DATABASE_URL or OJT_DATA_DIR names."""
    with reported(False, False):
        _settings()
        from api.serve import stand_alone

        stand_alone("worker")


def canary(
    wait: Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, help="Longest time to wait for its end.")] = 120.0,
) -> None:
    """Run a small allocation through the service from end to end, and see that it comes to the answer known beforehand.

    Exit codes: 0 it did, 3 it did not, 4 no answer in time (does a worker live?), 2 bad settings.
    """
    with reported(False, False):
        chosen = _settings()
        from api.canary import by_hand

        found = by_hand(chosen, wait)
        if found is None:
            typer.echo("No answer in time. Does a worker live? Start one with `ojt serve` or `ojt worker`.", err=True)
            raise typer.Exit(NOTHING_FOUND)
        seconds = (found["finished_at"] - found["started_at"]).total_seconds()
        typer.echo(f"Sound, in {seconds:.1f} s." if found["sound"] else f"It failed: {found['reason']}")
        raise typer.Exit(SOLVED if found["sound"] else BROKEN)


def _settings(**told: Any) -> Settings:
    """The settings, with what the command line says over the environment; InputError where one is wrong or the extra is missing."""
    import os

    try:
        from pydantic import ValidationError

        from api.settings import settings
    except ModuleNotFoundError as error:
        message = f"The service needs the package {error.name}."
        raise InputError([Fault("no_service", message, "Install the extra: pip install 'ojt-allocator[service]'.")]) from None
    os.environ.update({f"OJT_{name.upper()}": str(value) for name, value in told.items() if value is not None})
    try:
        return settings()
    except ValidationError as error:
        faults = [
            Fault("bad_setting", f"{each['msg']}.", "Correct the environment variable.", column=f"OJT_{each['loc'][0]}".upper()) for each in error.errors()
        ]
        raise InputError(faults) from None
