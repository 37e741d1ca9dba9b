"""`ojt serve`, `ojt worker`: the service at the prompt. Its packages are an extra, and said to be missing where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.cli.ending import reported
from allocator.errors import Fault, InputError

if TYPE_CHECKING:
    from api.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; OJT_HOST or 127.0.0.1 where absent.")] = None,
    port: Annotated[int | None, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Port to listen on; OJT_PORT or 8000 where absent.")] = None,
) -> None:
    """Start the web server and a worker, and keep both alive until Ctrl-C."""
    with reported(False, False):
        chosen = _settings(host=host, port=port)
        from api.serve import main

        main(chosen)


def worker() -> None:
    """Start one more worker on this machine, for the store that OJT_DATABASE_URL or OJT_DATA_DIR names."""
    with reported(False, False):
        _settings()
        from api.serve import stand_alone

        stand_alone("worker")


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
