"""What the first reader after a start would wait for is done while nobody waits: templates are compiled, and what draws charts is loaded and draws once."""

from __future__ import annotations

import threading

import structlog

from api.pages import static_files
from api.pages.render import environment
from api.tracebacks import frames

log = structlog.get_logger("ojt.web")


def begin() -> threading.Thread:
    """Do it beside all else. Whoever asks meanwhile is answered, as slowly as before."""
    made = threading.Thread(target=_get_ready, name="pages", daemon=True)
    made.start()
    return made


def _get_ready() -> None:
    try:
        static_files.digest()
        templates = environment()
        for name in templates.list_templates():
            templates.get_template(name)
        _draw_one()
    except Exception as error:  # the service is whole without: what failed here fails again where somebody asks for it, and is told there
        log.warning("pages could not be made ready ahead", error=type(error).__name__, trace=frames(error))


def _draw_one() -> None:
    """Draw a chart as pages do. What that loads is a fifth of what the web process loads, and nothing that it needs to begin."""
    from allocator.charts.flow import flow

    flow(newly_placed=1, lost=1, moved=1, same=1).inline()
